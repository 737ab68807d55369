/** The statements of a part of a load: rows of texts in a temporary table, and what of them fits the table. */
import { type CopyOptions, ignoreAllErrors } from "../../../domain/copy.ts"
import { rawCharacters } from "../../../loading/row-writer.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import type { LoadedColumn } from "./columns.ts"
import { type Cast, cleaned, converted } from "./conversions.ts"

/** The table of staged rows: `__file`, `__line`, and a text for each column. Gone with its transaction. */
export const partTable = "pg_temp.millrace_part"
/** The same with a number for each row, `n` from 1. */
export const numberedTable = "pg_temp.millrace_part_numbered"

export interface PartShape {
  /** The table that is loaded; quoted, whole. */
  into: string
  columns: readonly LoadedColumn[]
  options: CopyOptions
}

/** Which rows, and how their fields are cast. */
export interface Slice {
  /** `partTable`, `numberedTable`, or rows of the latter. */
  from: string
  cast: Cast
}

export function makePart(columns: readonly unknown[]): string {
  const fields = columns.map((_, index) => `c${index} text`).join(", ")
  return `CREATE TEMP TABLE IF NOT EXISTS millrace_part (__file int, __line bigint, ${fields}) ON COMMIT DROP; TRUNCATE ${partTable}`
}

/** So that rows can be told apart. */
export const numberPart = `DROP TABLE IF EXISTS ${numberedTable};
  CREATE TEMP TABLE millrace_part_numbered ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY __file, __line) AS n, * FROM ${partTable}`

export function rowsBetween(first: number, last: number): string {
  return `(SELECT * FROM ${numberedTable} WHERE n BETWEEN ${first} AND ${last}) AS part`
}

/** Inserts the rows that fit; its count says how many these are. */
export function insertFitting(shape: PartShape, slice: Slice): string {
  const { into, columns } = shape
  const list = columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const values = columns.map((_, index) => `v${index}`).join(", ")
  return `INSERT INTO ${into} (${list}) SELECT ${values} FROM (${judged(shape, slice)}) AS judged WHERE bad IS NULL`
}

/**
 * The rows that do not fit: file, line, index of the first column that does not take its field, whether that is null, the field,
 * the line.
 */
export function selectUnfit(shape: PartShape, slice: Slice, atMost: number): string {
  const { columns, options } = shape
  const value = columns.map((column, index) => `WHEN ${index} THEN ${cleaned(column, `c${index}`, options)}`)
  const limit = atMost === ignoreAllErrors ? "" : `LIMIT ${atMost}`
  return `SELECT __file, __line, bad, value IS NULL, coalesce(left(value, ${rawCharacters}), ''), left(raw, ${rawCharacters})
    FROM (SELECT __file, __line, bad, CASE bad ${value.join(" ")} END AS value, ${rawLine(columns, options)} AS raw
      FROM (${judged(shape, slice)}) AS judged WHERE bad IS NOT NULL ORDER BY __file, __line ${limit}) AS unfit`
}

/** Casts one column's field and nothing else: it fails where that is what fails. */
export function selectOne({ columns, options }: PartShape, slice: Slice, index: number): string {
  const column = columns[index]
  if (column === undefined) throw new Error(`no column ${index}`)
  const field = cleaned(column, `c${index}`, options)
  return `SELECT ${converted(column, field, { options, cast: slice.cast })} FROM ${slice.from}`
}

/** File, line, field and line of the only row of a slice. */
export function selectRaw(
  { columns, options }: PartShape,
  { from }: Slice,
  index: number | undefined,
): string {
  const column = index === undefined ? undefined : columns[index]
  const value = column === undefined ? "''" : cleaned(column, `c${index}`, options)
  return `SELECT __file, __line, ${index ?? "NULL"}, false, coalesce(left(${value}, ${rawCharacters}), ''), left(${rawLine(columns, options)}, ${rawCharacters}) FROM ${from}`
}

function rawLine(columns: readonly LoadedColumn[], { format }: CopyOptions): string {
  const delimiter = format.kind === "csv" || format.kind === "text" ? format.delimiter : ","
  const fields = columns.map((_, index) => `coalesce(left(c${index}, ${rawCharacters}), '')`)
  return `array_to_string(ARRAY[${fields.join(", ")}], ${quoteLiteral(delimiter)})`
}

/** Every row with its values, and `bad`: the first column that does not take its field, or null. */
function judged({ columns, options }: PartShape, { from, cast }: Slice): string {
  const fields = columns.map((column, index) => cleaned(column, `c${index}`, options))
  const values = columns.map(
    (column, index) => `${converted(column, fields[index] ?? "", { options, cast })} AS v${index}`,
  )
  const bad = columns.map(
    (column, index) =>
      `WHEN ${isBad(column, { field: fields[index] ?? "", value: `v${index}` }, options)} THEN ${index}`,
  )
  // The offset keeps the server from computing each value once for every place where it is named.
  return `SELECT *, CASE ${bad.join(" ")} END AS bad FROM (SELECT *, ${values.join(", ")} FROM ${from} OFFSET 0) AS converted`
}

function isBad(
  { kind, isNullable }: LoadedColumn,
  { field, value }: { field: string; value: string },
  { acceptAnyDate }: CopyOptions,
): string {
  if (!isNullable) return `${value} IS NULL`
  const mayBeLost = acceptAnyDate && (kind === "date" || kind === "timestamp" || kind === "timestamptz")
  return mayBeLost ? "false" : `(${value} IS NULL AND ${field} IS NOT NULL)`
}
