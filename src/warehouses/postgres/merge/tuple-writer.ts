import { binaryHeader, binaryTrailer } from "../copy/copy-encoder.ts"
import { type ChangeTuples, fieldEnd, rowHeadBytes } from "./change-tuples.ts"
import { deleted, type NetRows, partial, whole } from "./net-rows.ts"

/** So many bytes go to the server at a time, or one row. */
const chunkBytes = 2 ** 18

/** Bytes of a part that travel one after another; `columns`: how many fields each row has. */
interface Writing {
  columns: number
  /** What `measure` says of a row is written by `write`; negative: the row does not travel. */
  measure(row: number): number
  write(row: number, out: Buffer, at: number): void
}

/** A whole COPY of the rows that the table is to have, without their marks. */
export function* wholeRows({ tuples, kinds, completed }: NetRows): Generator<Buffer> {
  const sourceOf = (row: number): [ChangeTuples, number] => {
    const own = completed.size === 0 ? undefined : completed.get(row)
    return own === undefined ? [tuples, row] : [own, 0]
  }
  yield* copyOf(tuples.rows, {
    columns: tuples.layout.columns,
    measure: (row) => (kinds[row] === whole ? fieldsOf(...sourceOf(row)) : -1),
    write: (row, out, at) => writeFields(...sourceOf(row), out, at),
  })
}

/** As wholeRows, of rows for which `isTaken` holds, whatever their keys. */
export function* takenRows(tuples: ChangeTuples, isTaken: (row: number) => boolean): Generator<Buffer> {
  yield* copyOf(tuples.rows, {
    columns: tuples.layout.columns,
    measure: (row) => (isTaken(row) ? fieldsOf(tuples, row) : -1),
    write: (row, out, at) => writeFields(tuples, row, out, at),
  })
}

/** A whole COPY of the keys that must go before `wholeRows` come. */
export function* keysToDelete({ tuples, kinds }: NetRows): Generator<Buffer> {
  yield* copyOf(tuples.rows, {
    columns: tuples.layout.key.length,
    measure: (row) => (kinds[row] === deleted || kinds[row] === whole ? keyBytes(tuples, row) : -1),
    write: (row, out, at) => writeKey(tuples, row, out, at),
  })
}

/** A whole COPY of the rows that keep what the table has in some column, with their marks. */
export function* partialRows({ tuples, kinds, completed }: NetRows): Generator<Buffer> {
  yield binaryHeader
  for (let row = 0; row < tuples.rows; row++) {
    if (kinds[row] !== partial) continue
    yield completed.get(row)?.bytes ?? tuples.bytes.subarray(tuples.starts[row], tuples.starts[row + 1])
  }
  yield binaryTrailer
}

function* copyOf(rows: number, { columns, measure, write }: Writing): Generator<Buffer> {
  yield binaryHeader
  let out = Buffer.allocUnsafeSlow(chunkBytes)
  let used = 0
  for (let row = 0; row < rows; row++) {
    const size = measure(row)
    if (size < 0) continue
    if (used + rowHeadBytes + size > out.length) {
      if (used > 0) yield out.subarray(0, used)
      out = Buffer.allocUnsafeSlow(Math.max(chunkBytes, rowHeadBytes + size))
      used = 0
    }
    out.writeInt16BE(columns, used)
    write(row, out, used + rowHeadBytes)
    used += rowHeadBytes + size
  }
  if (used > 0) yield out.subarray(0, used)
  yield binaryTrailer
}

function fieldsOf({ starts, marks }: ChangeTuples, row: number): number {
  return (marks[row] as number) - (starts[row] as number) - rowHeadBytes
}

function writeFields({ bytes, starts, marks }: ChangeTuples, row: number, out: Buffer, at: number): void {
  bytes.copy(out, at, (starts[row] as number) + rowHeadBytes, marks[row])
}

function keyBytes({ view, keys, layout: { key } }: ChangeTuples, row: number): number {
  let size = 0
  for (let place = 0; place < key.length; place++) {
    const at = keys[row * key.length + place] as number
    size += fieldEnd(view, at) - at
  }
  return size
}

function writeKey(
  { bytes, view, keys, layout: { key } }: ChangeTuples,
  row: number,
  out: Buffer,
  at: number,
): void {
  let to = at
  for (let place = 0; place < key.length; place++) {
    const from = keys[row * key.length + place] as number
    const end = fieldEnd(view, from)
    for (let i = from; i < end; i++) out[to++] = bytes[i] as number
  }
}
