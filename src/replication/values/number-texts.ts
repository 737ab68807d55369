/** Packed numbers as decimal text, for warehouses that are sent text. */

/** A 64-bit integer, little-endian, in decimal digits. */
export function integerText(view: DataView, at: number): string {
  const high = view.getInt32(at + 4, true)
  const isSafe = high < 2 ** 21 && high >= -(2 ** 21)
  return isSafe ? String(high * 4294967296 + view.getUint32(at, true)) : String(view.getBigInt64(at, true))
}

/** A 128-bit integer, big-endian. */
export function readWide(view: DataView, at: number): bigint {
  return (view.getBigInt64(at, false) << 64n) | view.getBigUint64(at + 8, false)
}

/** The unscaled value's digits with the point among them. */
export function pointed(digits: string, scale: number): string {
  if (scale === 0) return digits
  const sign = digits.startsWith("-") ? "-" : ""
  const padded = digits.slice(sign.length).padStart(scale + 1, "0")
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}
