// The log's numbers are little-endian. Buffer's own methods check place and kind at each call, which these cost more than
// reading; who calls knows that the bytes are there.

export function uint16(bytes: Buffer, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
}

export function uint24(bytes: Buffer, at: number): number {
  return uint16(bytes, at) | ((bytes[at + 2] as number) << 16)
}

export function int32(bytes: Buffer, at: number): number {
  return uint24(bytes, at) | ((bytes[at + 3] as number) << 24)
}

export function uint32(bytes: Buffer, at: number): number {
  return int32(bytes, at) >>> 0
}

export function uint48(bytes: Buffer, at: number): number {
  return uint32(bytes, at) + uint16(bytes, at + 4) * 2 ** 32
}

/** Exact up to 2^53: sequence numbers do not come that far. */
export function uint64(bytes: Buffer, at: number): number {
  return uint32(bytes, at) + uint32(bytes, at + 4) * 2 ** 32
}
