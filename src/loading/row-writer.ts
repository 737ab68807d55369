import type { ColumnType } from "../domain/table.ts"
import {
  bufferedBytes,
  endRow,
  newRowBuffer,
  putBytes,
  putInt32,
  putNull,
  putSafeInteger,
  putText,
  type RowBuffer,
  resetRows,
} from "../replication/values/columns.ts"

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
  readonly rows: number
  bytes(): number
  /** The rows so far. What follows goes into other memory, until this is given back. */
  handOver(): RowBuffer
  giveBack(buffer: RowBuffer): void
  /** What follows is of this file. */
  beginFile(file: number): void
}

/** Columns of the buffer before the fields. */
export const leadingColumns = ["__file", "__line"] as const

/** `isTrimmed`, for each field: what surrounds its value is not part of it, and nothing else there is null. */
export function newStagedRows(
  isTrimmed: readonly boolean[],
  reject: (rejection: Rejection, file: number) => void,
): StagedRows {
  const types: ColumnType[] = [
    { kind: "int32" },
    { kind: "int64" },
    ...isTrimmed.map(() => ({ kind: "text" }) as const),
  ]
  let buffer = newRowBuffer(types)
  let spare: RowBuffer | undefined
  let file = 0
  const column = (index: number) => {
    const found = buffer.columns[index]
    if (found === undefined) throw new Error(`no staged column ${index}`)
    return found
  }
  const at = (field: number) => column(field + leadingColumns.length)
  const putNothing = (field: number) => putNull(at(field), buffer.rows)
  return {
    width: isTrimmed.length,
    get rows() {
      return buffer.rows
    },
    bytes: () => bufferedBytes(buffer),
    handOver() {
      const full = buffer
      buffer = spare ?? newRowBuffer(types)
      spare = undefined
      return full
    },
    giveBack(free) {
      resetRows(free)
      spare = free
    },
    beginFile(next) {
      file = next
    },
    putText(field, text) {
      if (isTrimmed[field] !== true) return putText(at(field), text)
      const value = trimmedText(text)
      if (value === "") putNothing(field)
      else putText(at(field), value)
    },
    putBytes(field, from, start, end) {
      if (isTrimmed[field] !== true) return putBytes(at(field), from, start, end)
      let first = start
      let last = end
      while (first < last && isBlank(from[first])) first++
      while (first < last && isBlank(from[last - 1])) last--
      if (first === last) putNothing(field)
      else putBytes(at(field), from, first, last)
    },
    putNull: putNothing,
    endRow(line) {
      putInt32(column(0), file)
      putSafeInteger(column(1), line)
      endRow(buffer)
    },
    reject: (rejection) => reject(rejection, file),
  }
}

/** Space, tab, line feed, carriage return. */
function isBlank(code: number | undefined): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13
}

function trimmedText(text: string): string {
  let first = 0
  let last = text.length
  while (first < last && isBlank(text.charCodeAt(first))) first++
  while (first < last && isBlank(text.charCodeAt(last - 1))) last--
  return text.slice(first, last)
}
