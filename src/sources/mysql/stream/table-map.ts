import type { MyColumn, MyTable } from "../catalog.ts"
import { likeUtf8 } from "../types/charsets.ts"
import { type Field, fieldOf, hiddenField, type LoggedType } from "../types/fields.ts"

/** What a table map event says of a table; row events name it by `number`. */
export interface TableMap {
  number: number
  schema: string
  name: string
  types: LoggedType[]
  /** `undefined`: the server does not say (binlog_row_metadata is not FULL). */
  names: string[] | undefined
  unsigned: boolean[]
  labels: string[][]
}

export type TableFit = { kind: "fits"; fields: Field[] } | { kind: "differs"; what: string }

const metadata = { signedness: 1, columnName: 4, setLabels: 5, enumLabels: 6 } as const
/** Types of numbers, of which signedness is told one after another: as `fields.ts` numbers them, and year. */
const numeric = new Set([1, 2, 3, 4, 5, 8, 9, 13, 246])
/** Bytes of meta data that each type has; types that are not here have none. */
const metaBytes: Record<number, 1 | 2> = {
  4: 1,
  5: 1,
  15: 2,
  16: 2,
  17: 1,
  18: 1,
  19: 1,
  140: 1,
  141: 2,
  242: 1,
  245: 1,
  246: 2,
  252: 1,
  254: 2,
  255: 1,
}
/** Of these the first byte is the higher one. */
const bigEndianMeta = new Set([246, 254])
const bodyAt = 8

/** Only where the table's names lie: enough to know whether it concerns us. */
export function namesOf(bytes: Buffer, start: number): { schema: string; name: string; end: number } {
  const schemaLength = bytes[start + bodyAt] as number
  const schemaAt = start + bodyAt + 1
  const nameLength = bytes[schemaAt + schemaLength + 1] as number
  const nameAt = schemaAt + schemaLength + 2
  return {
    schema: bytes.toString("utf8", schemaAt, schemaAt + schemaLength),
    name: bytes.toString("utf8", nameAt, nameAt + nameLength),
    end: nameAt + nameLength + 1,
  }
}

export function readTableMap(bytes: Buffer, start: number, end: number): TableMap {
  const { schema, name, end: namesEnd } = namesOf(bytes, start)
  const cursor = { at: namesEnd }
  const count = readLength(bytes, cursor)
  const kinds = [...bytes.subarray(cursor.at, cursor.at + count)]
  cursor.at += count
  readLength(bytes, cursor)
  const types = kinds.map((type): LoggedType => {
    const size = metaBytes[type]
    const at = cursor.at
    if (size === undefined) return { type, meta: 0 }
    cursor.at += size
    if (size === 1) return { type, meta: bytes[at] as number }
    return { type, meta: bigEndianMeta.has(type) ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at) }
  })
  cursor.at += Math.ceil(count / 8)
  const map: TableMap = {
    number: bytes.readUIntLE(start, 6),
    schema,
    name,
    types,
    names: undefined,
    unsigned: [],
    labels: [],
  }
  readMetadata(map, bytes, cursor.at, end)
  return map
}

function readMetadata(map: TableMap, bytes: Buffer, start: number, end: number): void {
  const cursor = { at: start }
  const labels = { enums: [] as string[][], sets: [] as string[][] }
  while (cursor.at < end) {
    const kind = bytes[cursor.at++]
    const length = readLength(bytes, cursor)
    const stop = cursor.at + length
    if (kind === metadata.signedness) map.unsigned = readSignedness(map.types, bytes, cursor.at)
    else if (kind === metadata.columnName) map.names = readTexts(bytes, cursor.at, stop)
    else if (kind === metadata.enumLabels) labels.enums = readTextLists(bytes, cursor.at, stop)
    else if (kind === metadata.setLabels) labels.sets = readTextLists(bytes, cursor.at, stop)
    cursor.at = stop
  }
  map.labels = map.types.map(({ type, meta }) => {
    if (type !== 254) return []
    if (meta >> 8 === 247) return labels.enums.shift() ?? []
    return meta >> 8 === 248 ? (labels.sets.shift() ?? []) : []
  })
}

/** A bit for each number, from the highest of the first byte on. */
function readSignedness(types: readonly LoggedType[], bytes: Buffer, start: number): boolean[] {
  let number = 0
  return types.map(({ type }) => {
    if (!numeric.has(type)) return false
    const bit = number++
    return (((bytes[start + (bit >> 3)] as number) >> (7 - (bit & 7))) & 1) === 1
  })
}

function readTexts(bytes: Buffer, start: number, end: number): string[] {
  const cursor = { at: start }
  const texts: string[] = []
  while (cursor.at < end) texts.push(readText(bytes, cursor))
  return texts
}

function readTextLists(bytes: Buffer, start: number, end: number): string[][] {
  const cursor = { at: start }
  const lists: string[][] = []
  while (cursor.at < end) {
    const count = readLength(bytes, cursor)
    lists.push(Array.from({ length: count }, () => readText(bytes, cursor)))
  }
  return lists
}

function readText(bytes: Buffer, cursor: { at: number }): string {
  const length = readLength(bytes, cursor)
  cursor.at += length
  return bytes.toString("utf8", cursor.at - length, cursor.at)
}

/** A number in 1, 3, 4 or 9 bytes. */
export function readLength(bytes: Buffer, cursor: { at: number }): number {
  const first = bytes[cursor.at++] as number
  if (first < 251) return first
  const size = first === 252 ? 2 : first === 253 ? 3 : 6
  const value = bytes.readUIntLE(cursor.at, size)
  cursor.at += first === 254 ? 8 : size
  return value
}

/** Whether a table of the log is what the catalog says, and how to read its rows. */
export function fitTable(table: MyTable, map: TableMap): TableFit {
  const { names, types } = map
  if (names === undefined)
    return { kind: "differs", what: "rows were logged without their columns' names (binlog_row_metadata)" }
  const fields: Field[] = []
  let next = 0
  for (const [index, name] of names.entries()) {
    const column = table.columns[next]
    const type = types[index] as LoggedType
    if (column?.name !== name) {
      const hidden = hiddenField(name, type)
      if (hidden === undefined) return differs(table, names, column?.name, name)
      fields.push(hidden)
      continue
    }
    const field = fieldOf(column, type, map.unsigned[index] ?? false)
    if (field === undefined || !hasLabels(column, map.labels[index] ?? []))
      return { kind: "differs", what: misfit(column) }
    fields.push({ ...field, column: next++ })
  }
  return next === table.columns.length
    ? { kind: "fits", fields }
    : differs(table, names, undefined, undefined)
}

function differs(
  table: MyTable,
  names: readonly string[],
  was: string | undefined,
  is: string | undefined,
): TableFit {
  const count = table.columns.length
  if (was === undefined || is === undefined || names.length !== count)
    return { kind: "differs", what: `it has ${names.length} columns, had ${count}` }
  return { kind: "differs", what: `column ${was} is now ${is}` }
}

/** Labels come in the column's character set: only those that read as UTF-8 are compared. */
function hasLabels({ facts: { labels, charset } }: MyColumn, logged: readonly string[]): boolean {
  if (labels.length !== logged.length) return false
  const isUtf8 = charset === undefined || likeUtf8.has(charset)
  return !isUtf8 || labels.every((label, index) => label === logged[index])
}

function misfit({ name, facts, isRaw }: MyColumn): string {
  return isRaw
    ? `column ${name} has the type ${facts.dataType}, which the log holds in a way that is not known here`
    : `column ${name} changed its type`
}
