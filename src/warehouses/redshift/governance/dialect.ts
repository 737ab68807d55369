import type { GovernedColumn } from "../../../governance/model/source.ts"
import type { Cell } from "../../../governance/plan/cells.ts"
import type { BuiltPlan } from "../../../governance/plan/plan.ts"
import type { Literal, Predicate } from "../../../governance/plan/predicates.ts"
import type { GovernanceDialect } from "../../../governance/render/dialect.ts"
import type { ReaderRelations } from "../../sql/governed-query.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

/** (Fact: the longest.) */
const longText = "VARCHAR(65535)"

/** Expressions over the table `t` and the reader's row `p`, for a late-binding view. Strings are compared by their bytes there. */
export function lateBindingDialect(plan: BuiltPlan, { schema }: ReaderRelations): GovernanceDialect {
  const entitlements = `${quoteIdentifier(schema)}.my_entitlements`
  return {
    column,
    // A pattern of LIKE must be a constant.
    quoted: quoteLiteral,
    fact: (fact) => `p.f${fact}`,
    secret: (id) => `p.s${plan.secretIds.indexOf(id)}`,
    literal: literalSql,
    text: textSql,
    byBytes: (text) => text,
    isOneOf: (of, text, values) => {
      const own =
        values.kind === "groupName"
          ? `SELECT key FROM ${entitlements} WHERE kind = 'group' AND key IS NOT NULL`
          : `SELECT value FROM ${entitlements} WHERE kind = 'attribute' AND key = ${quoteLiteral(values.attribute)} AND value IS NOT NULL`
      return `(CASE WHEN ${of} IS NULL THEN NULL ELSE ${text} IN (${own}) END)`
    },
    age: ageSql,
    sha256: (text) => `SHA2(${text}, 256)`,
    byteLength: (text) => `OCTET_LENGTH(${text})`,
    characterLength: (text) => `LEN(${text})`,
    // Which patterns mean the same there was never tried on one: nothing is shown.
    replaced: () => `CAST(NULL AS ${longText})`,
    truncated: truncatedSql,
    rounded: roundedSql,
    cast: (expression, type) => `CAST(${expression} AS ${type.kind === "text" ? longText : type.name})`,
  }
}

function column({ name }: GovernedColumn): string {
  return `t.${quoteIdentifier(name)}`
}

function textLiteral(text: string): string {
  return `CAST(${quoteLiteral(text)} AS ${longText})`
}

/** (Fact: a boolean cannot be cast to a text.) */
function textSql(of: GovernedColumn): string {
  switch (of.kind) {
    case "boolean":
      return `(CASE WHEN ${column(of)} THEN 'true' WHEN NOT ${column(of)} THEN 'false' END)`
    case "date":
      return `(CASE WHEN ${isWithin(of)} THEN TO_CHAR(${column(of)}, 'YYYY-MM-DD') END)`
    default:
      return `CAST(${column(of)} AS ${longText})`
  }
}

function isWithin(of: GovernedColumn): string {
  const type = of.kind === "timestamptz" ? "TIMESTAMPTZ" : of.kind === "date" ? "DATE" : "TIMESTAMP"
  const zone = of.kind === "timestamptz" ? " 00:00:00+00" : ""
  return `${column(of)} >= CAST('0001-01-01${zone}' AS ${type}) AND ${column(of)} <= CAST('9999-12-31${zone}' AS ${type})`
}

function literalSql({ kind, text }: Literal): string {
  switch (kind) {
    case "text":
      return textLiteral(text)
    case "boolean":
      return text === "true" ? "TRUE" : "FALSE"
    case "integer":
      return `CAST('${text}' AS BIGINT)`
    case "decimal":
      return text
    case "float":
      return `CAST('${text}' AS FLOAT8)`
    case "date":
      return `CAST('${text}' AS DATE)`
    case "timestamp":
      return `CAST('${text}' AS TIMESTAMP)`
    case "timestamptz":
      return `CAST('${text}+00' AS TIMESTAMPTZ)`
  }
}

/** In UTC, whatever time zone the reader's session has set. */
const nowInUtc = "CONVERT_TIMEZONE(CURRENT_SETTING('timezone'), 'UTC', GETDATE())"

function ageSql({ column: of, keeps, than }: Extract<Predicate, { kind: "age" }>): string {
  const limit = `DATEADD(${than.unit}, -${than.count}, ${nowInUtc})`
  const inUtc = of.kind === "timestamptz" ? `${column(of)} AT TIME ZONE 'UTC'` : column(of)
  const typed = of.kind === "date" ? `CAST(${limit} AS DATE)` : limit
  return `(${inUtc} ${keeps === "newer" ? ">" : "<"} ${typed})`
}

function truncatedSql({ column: of, unit }: Extract<Cell, { kind: "dateTrunc" }>): string {
  const inUtc =
    of.kind === "timestamptz" ? `(${column(of)} AT TIME ZONE 'UTC')` : `CAST(${column(of)} AS TIMESTAMP)`
  const truncated = `DATE_TRUNC('${unit}', ${inUtc})`
  const typed = of.kind === "timestamptz" ? `(${truncated} AT TIME ZONE 'UTC')` : truncated
  return `CASE WHEN ${isWithin(of)} THEN ${typed} END`
}

const integers = /^(?:smallint|integer|bigint|int[248]?)$/i

function roundedSql({ column: of, bucket }: Extract<Cell, { kind: "round" }>): string {
  const value = column(of)
  if (of.kind === "float") {
    const [size, step] = [`ABS(CAST(${value} AS FLOAT8))`, `CAST('${bucket}' AS FLOAT8)`]
    return `CASE WHEN ${size} < ${step} THEN 0 WHEN ${size} < ${step} * 4503599627370496 THEN TRUNC(CAST(${value} AS FLOAT8) / ${step}) * ${step} END`
  }
  if (integers.test(of.type))
    return `CAST(${value} AS BIGINT) - MOD(CAST(${value} AS BIGINT), CAST('${bucket}' AS BIGINT))`
  return `${value} - MOD(${value}, ${bucket})`
}
