/** Staged changes as binary tuples of COPY: 16-bit number of fields, then of each its length in 32 bits (-1: null) and its bytes. */
import { changeColumns } from "../../../replication/contracts/warehouse.ts"

/** What is to be known of a table to find its changes' parts. */
export interface TupleLayout {
  /** Of the table itself: in a staged row those of `changeColumns` follow. */
  columns: number
  /** Indexes of the key's columns; empty: no key is looked for. */
  key: readonly number[]
}

/** Where everything lies in the tuples of a part. Offsets are in bytes. */
export interface ChangeTuples {
  readonly layout: TupleLayout
  readonly bytes: Buffer
  readonly view: DataView
  readonly rows: number
  /** Of each row; one entry more than there are rows, for the end. */
  readonly starts: Int32Array
  /** Of each row's first mark. The table's own fields end there. */
  readonly marks: Int32Array
  /** Of the fields of each row's key, as many for each row as the key has columns. */
  readonly keys: Int32Array
}

const countBytes = 2
const lengthBytes = 4
/** What stands before the bytes of a row's first field. */
export const rowHeadBytes = countBytes

// The marks are an integer and a boolean, which are never null, and a text.
const sequenceAt = lengthBytes
const deleteAt = lengthBytes + 4 + lengthBytes
const unsentAt = deleteAt + 1

/** @throws where the bytes are not `rows` rows of the layout */
export function findTuples(bytes: Buffer, rows: number, layout: TupleLayout): ChangeTuples {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const fields = layout.columns + changeColumns.length
  const [starts, marks] = [new Int32Array(rows + 1), new Int32Array(rows)]
  const keys = new Int32Array(rows * layout.key.length)
  const found = { layout, bytes, view, rows, starts, marks, keys }
  const fieldAt = new Int32Array(fields)
  let at = 0
  for (let row = 0; row < rows; row++) {
    starts[row] = at
    if (view.getInt16(at) !== fields) throw new Error("a staged row has other columns than its table")
    at = findFields(view, at + countBytes, fieldAt)
    marks[row] = fieldAt[layout.columns] as number
    noteKey(found, row, fieldAt)
  }
  starts[rows] = at
  if (at !== bytes.length) throw new Error("a staged part has other rows than it was noted with")
  return found
}

/** Answers where the row ends. */
function findFields(view: DataView, start: number, fieldAt: Int32Array): number {
  let at = start
  for (let field = 0; field < fieldAt.length; field++) {
    fieldAt[field] = at
    const length = view.getInt32(at)
    at += length > 0 ? lengthBytes + length : lengthBytes
  }
  return at
}

function noteKey({ keys, layout: { key } }: ChangeTuples, row: number, fieldAt: Int32Array): void {
  for (let place = 0; place < key.length; place++)
    keys[row * key.length + place] = fieldAt[key[place] as number] as number
}

/** Where the field that begins at `at` ends. */
export function fieldEnd(view: DataView, at: number): number {
  return at + lengthBytes + Math.max(view.getInt32(at), 0)
}

export function sequenceOf({ view, marks }: ChangeTuples, row: number): number {
  return view.getInt32((marks[row] as number) + sequenceAt)
}

export function isDeletion({ bytes, marks }: ChangeTuples, row: number): boolean {
  return bytes[(marks[row] as number) + deleteAt] === 1
}

/** Whether the row left columns unsent. */
export function isPartial({ view, marks }: ChangeTuples, row: number): boolean {
  return view.getInt32((marks[row] as number) + unsentAt) >= 0
}

/** One row taken apart, for the few that need it. */
export interface TakenRow {
  /** Each of the table's own fields with its length, as it travels. */
  fields: Buffer[]
  /** By column: whether it was left unsent. */
  unsent: boolean[]
}

/** `tuple`: a whole row with its marks. */
export function takeApart(tuple: Buffer, { columns }: TupleLayout): TakenRow {
  const view = new DataView(tuple.buffer, tuple.byteOffset, tuple.length)
  const fieldAt = new Int32Array(columns + changeColumns.length)
  const end = findFields(view, countBytes, fieldAt)
  const fields: Buffer[] = []
  for (let column = 0; column < columns; column++)
    fields.push(tuple.subarray(fieldAt[column], fieldAt[column + 1]))
  const unsentMark = tuple.subarray((fieldAt[columns + 2] as number) + lengthBytes, end)
  return { fields, unsent: fields.map((_, column) => unsentMark[column] === 0x31) }
}

/** As `takeApart` took it. `sequence`: its number among the changes. */
export function putTogether({ fields, unsent }: TakenRow, sequence: number): Buffer {
  const isWhole = !unsent.includes(true)
  const mark = Buffer.from(isWhole ? "" : unsent.map((one) => (one ? "1" : "0")).join(""))
  const head = Buffer.alloc(countBytes)
  head.writeInt16BE(fields.length + changeColumns.length)
  const marks = Buffer.alloc(unsentAt + lengthBytes)
  marks.writeInt32BE(4, 0)
  marks.writeInt32BE(sequence, sequenceAt)
  marks.writeInt32BE(1, deleteAt - lengthBytes)
  marks.writeInt32BE(isWhole ? -1 : mark.length, unsentAt)
  return Buffer.concat([head, ...fields, marks, mark])
}
