import type { CopyOptions, TimeForm } from "../../../domain/copy.ts"
import { ownValue } from "../../../domain/own-value.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { autoDates, autoTimes, type ColumnKind } from "../../../loading/refusals.ts"
import { quoteLiteral } from "../quoting.ts"

/** A column of the table as the engine describes it. */
export interface EngineColumn {
  name: string
  type: string
  isNullable: boolean
}

const integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"]

export function columnKind(type: string): ColumnKind {
  if (type === "VARCHAR") return "text"
  if (type === "JSON") return "json"
  if (integers.includes(type)) return "integer"
  if (type.startsWith("DECIMAL")) return "decimal"
  if (type === "DOUBLE" || type === "FLOAT") return "float"
  if (type === "BOOLEAN") return "boolean"
  if (type === "DATE") return "date"
  if (type === "TIMESTAMP") return "timestamp"
  if (type === "TIMESTAMP WITH TIME ZONE") return "timestamptz"
  return type === "BLOB" ? "bytes" : "other"
}

const typeNames: Record<string, string> = {
  SMALLINT: "int2",
  INTEGER: "int4",
  BIGINT: "int8",
  FLOAT: "float4",
  DOUBLE: "float8",
  BOOLEAN: "bool",
  DATE: "date",
  TIMESTAMP: "timestamp",
  "TIMESTAMP WITH TIME ZONE": "timestamptz",
  VARCHAR: "varchar",
  JSON: "super",
  BLOB: "varbyte",
}

/** As the cloud's views of load errors call it. */
export function shownType(type: string): string {
  return ownValue(typeNames, type) ?? (type.startsWith("DECIMAL") ? "numeric" : type.toLowerCase())
}

/** What a field's text means before it is converted. */
export function cleaned(kind: ColumnKind, field: string, options: CopyOptions): string {
  if (kind !== "text") return field
  let sql = field
  if (options.blanksAsNull) sql = `CASE WHEN ${sql} <> '' AND trim(${sql}) = '' THEN NULL ELSE ${sql} END`
  if (options.trimBlanks) sql = `rtrim(${sql}, ' ')`
  return options.emptyAsNull ? `nullif(${sql}, '')` : sql
}

/** The value of a cleaned field; null where it cannot be one. */
export function converted({ type }: EngineColumn, field: string, options: CopyOptions): string {
  const kind = columnKind(type)
  const cast = (text: string) => `TRY_CAST(${text} AS ${type})`
  switch (kind) {
    case "text":
      return field
    case "integer":
      // The engine would round what has a fraction.
      return `CASE WHEN regexp_full_match(${field}, '[+-]?[0-9]+') THEN ${cast(field)} END`
    case "decimal":
      return cast(options.roundDecimals ? field : cutDecimal(type, field))
    case "boolean":
      return `CASE WHEN lower(${field}) IN ('t', 'true', 'y', 'yes', '1') THEN true WHEN lower(${field}) IN ('f', 'false', 'n', 'no', '0') THEN false END`
    case "date":
      return `CAST(${moment(field, "DATE", options.dateFormat)} AS DATE)`
    case "timestamp":
      return moment(field, "TIMESTAMP", options.timeFormat)
    case "timestamptz":
      return options.timeFormat.kind === "iso"
        ? cast(field)
        : `timezone('UTC', ${moment(field, "TIMESTAMP", options.timeFormat)})`
    case "json":
      return `CASE WHEN json_valid(${field}) THEN CAST(${field} AS JSON) END`
    case "bytes":
      return `CASE WHEN regexp_full_match(${field}, '([0-9a-fA-F]{2})*') THEN unhex(${field}) END`
    case "float":
    case "other":
      return cast(field)
    default:
      return unreachable(kind)
  }
}

/** Without the digits for which the column has no place. */
function cutDecimal(type: string, field: string): string {
  const scale = /,\s*([0-9]+)\)/.exec(type)?.[1] ?? "0"
  const cut = `regexp_replace(${field}, '^([+-]?[0-9]*\\.[0-9]{${scale}})[0-9]+$', '\\1')`
  // Looking first is cheaper where there are none, which is the usual case.
  return `CASE WHEN regexp_matches(${field}, '\\.[0-9]{${Number(scale) + 1}}') THEN ${cut} ELSE ${field} END`
}

function listOf(formats: readonly string[]): string {
  return `[${formats.map(quoteLiteral).join(", ")}]`
}

/** Microseconds beyond what a timestamp holds are no value rather than an error of the statement. */
function fromEpoch(field: string, microseconds: number): string {
  return `TRY(make_timestamp(CAST(TRY_CAST(${field} AS DECIMAL(20, 6)) * ${microseconds}::DECIMAL(7, 0) AS BIGINT)))`
}

function moment(field: string, type: "DATE" | "TIMESTAMP", form: TimeForm): string {
  switch (form.kind) {
    case "iso":
      return `TRY_CAST(${field} AS ${type})`
    case "pattern":
      return `try_strptime(${field}, ${quoteLiteral(form.strptime)})`
    case "epochSeconds":
      return fromEpoch(field, 1_000_000)
    case "epochMilliseconds":
      return fromEpoch(field, 1_000)
    case "auto": {
      const formats = [
        ...autoDates,
        ...autoDates.flatMap((date) => autoTimes.map((time) => `${date} ${time}`)),
      ]
      return `coalesce(TRY_CAST(TRY_CAST(${field} AS TIMESTAMPTZ) AS TIMESTAMP), try_strptime(${field}, ${listOf(formats)}))`
    }
    default:
      return unreachable(form)
  }
}
