import { patternText, replacementText } from "../../../governance/grammar/pattern-text.ts"
import type { Person } from "../../../governance/model/person.ts"
import type { GovernedColumn } from "../../../governance/model/source.ts"
import type { Cell, DateUnit } from "../../../governance/plan/cells.ts"
import { decimalDigits } from "../../../governance/plan/decimal-digits.ts"
import type { Literal, Predicate } from "../../../governance/plan/predicates.ts"
import type { GovernanceDialect } from "../../../governance/render/dialect.ts"
import { quoteIdentifier, quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"

/** What the query is told, since it asks nothing of the person itself. */
export interface PutIn {
  person: Person | undefined
  /** The expression of a secret by its id. */
  secret(id: string): string
}

/** Expressions over the table `t`, for a plan in which the person's facts are put in. */
export function personalDialect({ person, secret }: PutIn): GovernanceDialect {
  return {
    column,
    quoted: quoteLiteral,
    fact: (fact) => {
      throw new Error(`fact ${fact} of the plan was not put in`)
    },
    secret,
    literal: literalSql,
    text: textSql,
    byBytes: (text) => text,
    // A plain list where there is one: the engine looks for it in the table's own order.
    isOneOf: (column, text, values) => {
      const own = values.kind === "groupName" ? person?.groups : person?.attributes.get(values.attribute)
      return own === undefined || own.size === 0
        ? `(CASE WHEN ${column} IS NOT NULL THEN FALSE END)`
        : `(${text} IN (${[...own].sort().map(quoteLiteral).join(", ")}))`
    },
    age: ageSql,
    sha256: (text) => `sha256(${text})`,
    byteLength: (text) => `strlen(${text})`,
    characterLength: (text) => `length(${text})`,
    replaced: (text, { pattern, replacement }) =>
      `regexp_replace(${text}, ${quoteLiteral(patternText(pattern))}, ${quoteLiteral(replacementText(replacement))}, 'gs')`,
    truncated: truncatedSql,
    rounded: roundedSql,
    cast: (expression, type) => `CAST(${expression} AS ${type.kind === "text" ? "VARCHAR" : type.name})`,
  }
}

function column({ name }: GovernedColumn): string {
  return `t.${quoteIdentifier(name)}`
}

function textSql(of: GovernedColumn): string {
  if (of.kind === "text" && /^varchar$/i.test(of.type)) return column(of)
  const text = `CAST(${column(of)} AS VARCHAR)`
  return of.kind === "date" ? `(CASE WHEN ${isWithin(of)} THEN ${text} END)` : text
}

function isWithin(of: GovernedColumn): string {
  const [zone, type] = of.kind === "timestamptz" ? [" 00:00:00+00", "TIMESTAMPTZ"] : ["", of.kind]
  return `${column(of)} >= CAST('0001-01-01${zone}' AS ${type}) AND ${column(of)} < CAST('10000-01-01${zone}' AS ${type})`
}

function literalSql({ kind, text }: Literal): string {
  switch (kind) {
    case "text":
      return quoteLiteral(text)
    case "boolean":
      return text === "true" ? "TRUE" : "FALSE"
    case "integer":
      return `CAST('${text}' AS BIGINT)`
    case "decimal":
      return decimalSql(text)
    case "float":
      return `CAST('${text}' AS DOUBLE)`
    case "date":
    case "timestamp":
      return `CAST('${text}' AS ${kind})`
    case "timestamptz":
      return `CAST('${text}+00' AS TIMESTAMPTZ)`
  }
}

/** Of its own digits: what it is compared with keeps its type, or has room for both. */
function decimalSql(text: string): string {
  const [whole = "", fraction = ""] = text.replace(/^-/, "").split(".")
  return `CAST('${text}' AS DECIMAL(${Math.min(38, whole.length + fraction.length)}, ${fraction.length}))`
}

/** Now as a timestamp of UTC, whatever the session's time zone. */
const nowInUtc = "make_timestamp(epoch_us(now()))"

function ageSql({ column: of, keeps, than }: Extract<Predicate, { kind: "age" }>): string {
  const limit = `(${nowInUtc} - INTERVAL '${than.count} ${than.unit}')`
  const operator = keeps === "newer" ? ">" : "<"
  const typed = {
    date: `CAST(${limit} AS DATE)`,
    timestamptz: `make_timestamptz(epoch_us(${limit}))`,
  } as const
  const other = of.kind === "date" || of.kind === "timestamptz" ? typed[of.kind] : limit
  return `(${column(of)} ${operator} ${other})`
}

function truncatedSql({ column: of, unit }: Extract<Cell, { kind: "dateTrunc" }>): string {
  const isZoned = of.kind === "timestamptz"
  const inUtc = isZoned ? `make_timestamp(epoch_us(${column(of)}))` : `TRY_CAST(${column(of)} AS TIMESTAMP)`
  const truncated = beginning(inUtc, unit)
  const typed = isZoned ? `make_timestamptz(epoch_us(${truncated}))` : truncated
  return `CASE WHEN ${isWithin(of)} THEN ${typed} END`
}

/**
 * `date_trunc` is also asked, while a statement is planned, for the beginning of the least value in the column's statistics, and
 * fails where a year begins before the first timestamp: those units are put together from their parts.
 */
function beginning(timestamp: string, unit: DateUnit): string {
  const of = (month: string) => `CAST(make_date(year(${timestamp}), ${month}, 1) AS TIMESTAMP)`
  switch (unit) {
    case "year":
      return of("1")
    case "quarter":
      return of(`quarter(${timestamp}) * 3 - 2`)
    case "month":
      return of(`month(${timestamp})`)
    case "week":
    case "day":
    case "hour":
      return `date_trunc('${unit}', ${timestamp})`
  }
}

const smallIntegers = /^(?:tinyint|smallint|integer|int|bigint|utinyint|usmallint|uinteger)$/i

function roundedSql({ column: of, bucket }: Extract<Cell, { kind: "round" }>): string {
  const value = column(of)
  if (of.kind === "decimal") return roundedDecimal(value, of, bucket)
  if (of.kind === "float") {
    const [size, step] = [`abs(CAST(${value} AS DOUBLE))`, `CAST('${bucket}' AS DOUBLE)`]
    const rounded = `trunc(CAST(${value} AS DOUBLE) / ${step}) * ${step}`
    return `CASE WHEN ${size} < ${step} THEN 0 WHEN ${size} < ${step} * 4503599627370496 THEN ${rounded} END`
  }
  if (smallIntegers.test(of.type)) return `CAST(${value} AS BIGINT) // ${bucket} * ${bucket}`
  return `TRY(CAST(${value} - ${value} % ${bucket} AS ${of.type}))`
}

/** The bucket has the column's own type, so that nothing is worked out in floats; one that does not fit it leaves zero. */
function roundedDecimal(value: string, { type }: GovernedColumn, bucket: string): string {
  const room = decimalDigits(type)?.whole ?? 15
  const whole = (bucket.split(".")[0] ?? "").replace(/^0+(?=\d)/, "")
  if (whole !== "0" && whole.length > room) return `CASE WHEN ${value} IS NOT NULL THEN 0 END`
  return `TRY(${value} - ${value} % CAST('${bucket}' AS ${type}))`
}
