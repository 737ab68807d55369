import {
  bufferedBytes,
  endRow,
  newRowBuffer,
  putBytes,
  putInt32,
  putInt64,
  putNull,
  putText,
  type RowBuffer,
  resetRows,
} from "../replication/columns.ts"

/** A row that was not written, and why. */
export interface Rejection {
  line: number
  /** Index of the field; undefined: of the line. */
  field: number | undefined
  position: number
  rawLine: string
  rawValue: string
  code: number
  reason: string
}

/** Raw texts kept of a row with errors: as many characters as the cloud's views show. */
export const rawCharacters = 1024

/** Takes rows of texts as they are read, each with its file and line. */
export interface RowWriter {
  /** Fields of a row. */
  readonly width: number
  putText(field: number, text: string): void
  putBytes(field: number, from: Buffer, start: number, end: number): void
  putNull(field: number): void
  /** Every field has been put. */
  endRow(line: number): void
  reject(rejection: Rejection): void
}

export interface StagedRows extends RowWriter {
  readonly buffer: RowBuffer
  bytes(): number
  reset(): void
  /** What follows is of this file. */
  beginFile(file: number): void
}

/** Columns of the buffer before the fields. */
export const leadingColumns = ["__file", "__line"] as const

export function newStagedRows(
  width: number,
  reject: (rejection: Rejection, file: number) => void,
): StagedRows {
  const buffer = newRowBuffer([
    { kind: "int32" },
    { kind: "int64" },
    ...Array.from({ length: width }, () => ({ kind: "text" }) as const),
  ])
  const { columns } = buffer
  let file = 0
  const column = (index: number) => {
    const found = columns[index]
    if (found === undefined) throw new Error(`no staged column ${index}`)
    return found
  }
  const at = (field: number) => column(field + leadingColumns.length)
  return {
    width,
    buffer,
    bytes: () => bufferedBytes(buffer),
    reset: () => resetRows(buffer),
    beginFile(next) {
      file = next
    },
    putText: (field, text) => putText(at(field), text),
    putBytes: (field, from, start, end) => putBytes(at(field), from, start, end),
    putNull: (field) => putNull(at(field), buffer.rows),
    endRow(line) {
      putInt32(column(0), file)
      putInt64(column(1), BigInt(line))
      endRow(buffer)
    },
    reject: (rejection) => reject(rejection, file),
  }
}
