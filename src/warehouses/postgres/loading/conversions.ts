/** What becomes of a field's text: SQL that makes a column's value of it. */
import type { CopyOptions, TimeForm } from "../../../domain/copy.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { quoteLiteral } from "../quoting.ts"
import type { LoadedColumn } from "./columns.ts"
import { isoText } from "./moments.ts"

/**
 * How a text is cast to a type. `plain`: the statement fails where that cannot be. `judging`: null there; of servers from
 * version 16 (`pg_input_is_valid`).
 */
export type Cast = "plain" | "judging"

/** The first version with `pg_input_is_valid`. */
export const judgingVersion = 160_000

/** What a field means before it is converted. `field`: SQL of its text. */
export function cleaned({ kind, length }: LoadedColumn, field: string, options: CopyOptions): string {
  if (kind !== "text") return field
  let sql = field
  if (options.blanksAsNull) sql = `CASE WHEN ${sql} <> '' AND btrim(${sql}) = '' THEN NULL ELSE ${sql} END`
  if (options.trimBlanks) sql = `rtrim(${sql}, ' ')`
  if (options.emptyAsNull) sql = `nullif(${sql}, '')`
  return options.truncateColumns === true && length !== undefined ? `left(${sql}, ${length})` : sql
}

/** The value of a cleaned field; null where it cannot be one, so far as `cast` finds out. */
export function converted(
  column: LoadedColumn,
  field: string,
  { options, cast }: { options: CopyOptions; cast: Cast },
): string {
  const { kind, type, length } = column
  const as = (text: string) => castTo(text, type, cast)
  switch (kind) {
    case "text":
      return length === undefined ? field : `CASE WHEN char_length(${field}) <= ${length} THEN ${field} END`
    case "integer":
      return `CASE WHEN ${field} ~ '^[+-]?[0-9]+$' THEN ${as(field)} END`
    case "decimal":
      return `CASE WHEN ${field} ~ ${numberPattern} THEN ${as(options.roundDecimals ? field : cutDecimal(column, field))} END`
    case "float":
      return `CASE WHEN ${field} ~* ${floatPattern} THEN ${as(field)} END`
    case "boolean":
      return `CASE WHEN lower(${field}) IN ('t', 'true', 'y', 'yes', '1') THEN true WHEN lower(${field}) IN ('f', 'false', 'n', 'no', '0') THEN false END`
    case "date":
      return moment(field, options.dateFormat, { type: "date", cast })
    case "timestamp":
    case "timestamptz":
      return moment(field, options.timeFormat, { type, cast })
    case "bytes":
      return `CASE WHEN ${field} ~ '^([0-9a-fA-F]{2})*$' THEN decode(${field}, 'hex') END`
    case "json":
    case "other":
      return as(field)
    default:
      return unreachable(kind)
  }
}

/** What the server reads besides (hexadecimal, `1_000`, `Infinity`) is not the cloud's. */
const numberPattern = quoteLiteral("^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$")
const floatPattern = quoteLiteral("^[+-]?(([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]+)?|nan|inf|infinity)$")

function castTo(text: string, type: string, cast: Cast): string {
  return cast === "plain"
    ? `(${text})::${type}`
    : `CASE WHEN pg_input_is_valid(${text}, ${quoteLiteral(type)}) THEN (${text})::${type} END`
}

/** Without the digits for which the column has no place. */
function cutDecimal({ scale }: LoadedColumn, field: string): string {
  if (scale === undefined || scale < 0) return field
  const cut = `regexp_replace(${field}, '^([+-]?[0-9]*[.][0-9]{${scale}})[0-9]+$', '\\1')`
  // Looking first is cheaper where there are none, which is the usual case.
  return `CASE WHEN ${field} ~ '[.][0-9]{${scale + 1}}' THEN ${cut} ELSE ${field} END`
}

function moment(field: string, form: TimeForm, { type, cast }: { type: string; cast: Cast }): string {
  const iso = isoText(field, form)
  // That text is short, and this the usual case.
  if (form.kind === "iso" && cast === "plain") return castTo(iso, type, cast)
  const text = form.kind === "auto" && type !== "timestamp with time zone" ? ofUtc("iso") : "iso"
  return `(SELECT ${castTo(text, type, cast)} FROM (SELECT ${iso} AS iso OFFSET 0) AS read)`
}

/** An offset that is said moves the moment to UTC, which is what a column without zones holds then. */
function ofUtc(text: string): string {
  return `CASE WHEN ${text} ~ ':[0-9.]+ ?(Z|[+-][0-9:]+)$' THEN (${text}::timestamptz AT TIME ZONE 'UTC')::text ELSE ${text} END`
}
