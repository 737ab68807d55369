import { isUtf8 } from "node:buffer"
import type { DatabaseOptions } from "../../domain/database-options.ts"
import type { Column, TableSchema } from "../../domain/table.ts"
import { longestTextBytes } from "../contracts/text-columns.ts"
import type { Destination } from "../contracts/warehouse.ts"
import type { ColumnBuffer, RowBuffer } from "./columns.ts"

/** The destination as a database's options want rows to come into it. */
export function conforming(destination: Destination, options: () => DatabaseOptions): Destination {
  const conform = (table: TableSchema, rows: RowBuffer) => {
    const { acceptInvalidCharacters, truncateColumns } = options()
    if (acceptInvalidCharacters) mendTexts(table, rows)
    if (truncateColumns) cutLongValues(table, rows)
  }
  return {
    ...destination,
    copies: {
      ...destination.copies,
      async begin(table, versionsSince) {
        const load = await destination.copies.begin(table, versionsSince)
        return {
          ...load,
          write(rows) {
            conform(table, rows)
            return load.write(rows)
          },
        }
      },
    },
    inspection: {
      ...destination.inspection,
      cutColumns(table) {
        const own = destination.inspection.cutColumns?.(table) ?? []
        const further = options().truncateColumns ? cuttable(table) : []
        return table.columns
          .filter((column) => own.includes(column.name) || further.includes(column))
          .map(({ name }) => name)
      },
    },
    rows: {
      ...destination.rows,
      stage(table, rows) {
        conform(table, rows)
        return destination.rows.stage(table, rows)
      },
      stageRows(table, rows) {
        conform(table, rows)
        return destination.rows.stageRows(table, rows)
      },
    },
  }
}

const questionMark = 0x3f

/** Bytes that are no UTF-8 become question marks, one for one. */
function mendTexts(table: TableSchema, rows: RowBuffer): void {
  for (const [index, { type }] of table.columns.entries()) {
    const column = rows.columns[index]
    if (column === undefined || (type.kind !== "text" && type.kind !== "json")) continue
    for (let at = 0; at < column.usedBytes; ) {
      const start = at + 4
      at = start + column.view.getUint32(at, true)
      if (!isUtf8(column.bytes.subarray(start, at))) mendText(column.bytes, start, at)
    }
  }
}

function mendText(bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; ) {
    let next = at + 1
    while (next < end && isContinuation(bytes[next]) && next - at < 4) next++
    // What goes on past the character's own end is looked at by itself.
    while (next > at && !isUtf8(bytes.subarray(at, next))) next--
    if (next === at) bytes[at++] = questionMark
    else at = next
  }
}

/**
 * A key stays whole, and so does every column where there is none: rows are found again by them. A column of the source's own type
 * stays whole as well: part of an array's or a range's text would be no value of it.
 */
function cuttable({ columns, key }: TableSchema): Column[] {
  if (key === undefined) return []
  return columns.filter(
    ({ type, native }, index) =>
      native === undefined && !key.includes(index) && (type.kind === "text" || type.kind === "json"),
  )
}

function cutLongValues(table: TableSchema, rows: RowBuffer): void {
  for (const one of cuttable(table)) {
    const column = rows.columns[table.columns.indexOf(one)]
    if (column !== undefined) cutColumn(column, one.type.kind === "json" ? cutStrings : textEnd)
  }
}

/** Shortens `bytes[start, end)` in place; its new end. */
type Cut = (bytes: Buffer, start: number, end: number) => number

/** Values are packed behind their lengths: what follows a shorter one moves up. */
function cutColumn(column: ColumnBuffer, cut: Cut): void {
  const { bytes, view, usedBytes } = column
  let to = 0
  for (let from = 0; from < usedBytes; ) {
    const start = from + 4
    const end = start + view.getUint32(from, true)
    const kept = end - start > longestTextBytes ? cut(bytes, start, end) : end
    if (to !== from) bytes.copyWithin(to + 4, start, kept)
    view.setUint32(to, kept - start, true)
    to += 4 + kept - start
    from = end
  }
  column.usedBytes = to
}

const isContinuation = (byte: number | undefined) => ((byte ?? 0) & 0xc0) === 0x80

function textEnd(bytes: Buffer, start: number, end: number): number {
  let cut = Math.min(end, start + longestTextBytes)
  while (cut < end && isContinuation(bytes[cut])) cut--
  return cut
}

const quote = 0x22
const backslash = 0x5c
const letterU = 0x75

/** Cuts the strings inside a JSON text; it stays JSON. */
function cutStrings(bytes: Buffer, start: number, end: number): number {
  let to = start
  for (let at = start; at < end; ) {
    if (bytes[at] !== quote) {
      bytes[to++] = bytes[at++] as number
      continue
    }
    const { cut, close } = stringEnds(bytes, at + 1)
    bytes.copyWithin(to, at, cut)
    to += cut - at
    bytes[to++] = quote
    at = close + 1
  }
  return to
}

/** Of a string whose text begins at `start`: where to cut it, and where its closing quote is. */
function stringEnds(bytes: Buffer, start: number): { cut: number; close: number } {
  let cut = start
  let at = start
  while (at < bytes.length && bytes[at] !== quote) {
    at += characterBytes(bytes, at)
    if (at - start <= longestTextBytes) cut = at
  }
  return { cut, close: at }
}

/** A character or an escape; the two escapes of a surrogate pair are one. */
function characterBytes(bytes: Buffer, at: number): number {
  if (bytes[at] === backslash) {
    if (bytes[at + 1] !== letterU) return 2
    const isHigh = /^d[89ab]/i.test(bytes.toString("latin1", at + 2, at + 4))
    return isHigh && bytes[at + 6] === backslash && bytes[at + 7] === letterU ? 12 : 6
  }
  let length = 1
  while (isContinuation(bytes[at + length])) length++
  return length
}
