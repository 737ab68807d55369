import { Problem } from "../../../domain/problems.ts"

/** The fields of one tuple: where each begins and ends, and of what kind it is. Reused from row to row. */
export interface Tuple {
  kinds: Uint8Array
  starts: Int32Array
  ends: Int32Array
}

/** As pgoutput marks fields. */
export const kindOf = { null: 0x6e, unchanged: 0x75, text: 0x74, binary: 0x62 } as const
/** The most that a table of PostgreSQL can have. */
const maxColumns = 1600

export function newTupleBuffer(): Tuple {
  return {
    kinds: new Uint8Array(maxColumns),
    starts: new Int32Array(maxColumns),
    ends: new Int32Array(maxColumns),
  }
}

/** Reads the fields' places of a tuple that begins behind its tag, in a message up to `end`; returns where it ends. */
export function readTuple(bytes: Buffer, start: number, end: number, tuple: Tuple): number {
  const count = (bytes[start] as number) * 256 + (bytes[start + 1] as number)
  if (count > maxColumns) throw unreadable()
  let at = start + 2
  // The column that stands for none.
  if (count === 0) tuple.kinds[0] = kindOf.null
  for (let i = 0; i < count; i++) {
    const kind = bytes[at++] as number
    tuple.kinds[i] = kind
    if (kind !== kindOf.text && kind !== kindOf.binary) continue
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0 || length > end - at) throw unreadable()
    tuple.starts[i] = at
    at += length
    tuple.ends[i] = at
  }
  return at
}

/** A field, or more of them than there can be, that its message does not hold. */
export function unreadable(): Problem {
  return new Problem("sourceProtocol", "The source sent a row that its message does not hold whole.")
}
