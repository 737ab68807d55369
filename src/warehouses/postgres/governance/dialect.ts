import { patternText, replacementText } from "../../../governance/grammar/pattern-text.ts"
import type { GovernedColumn } from "../../../governance/model/source.ts"
import type { Cell } from "../../../governance/plan/cells.ts"
import type { BuiltPlan } from "../../../governance/plan/plan.ts"
import type { Literal, Predicate } from "../../../governance/plan/predicates.ts"
import type { GovernanceDialect } from "../../../governance/render/dialect.ts"
import type { ReaderRelations } from "../../sql/governed-query.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

/** Expressions over the table `t` and the reader's row `p`. No setting of the reader's session changes what they give. */
export function viewDialect(plan: BuiltPlan, relations: ReaderRelations): GovernanceDialect {
  const entitlements = `${quoteIdentifier(relations.schema)}.my_entitlements`
  return {
    column,
    quoted: (text) => `${quoteLiteral(text)}::text`,
    fact: (fact) => `p.f${fact}`,
    secret: (id) => `p.s${plan.secretIds.indexOf(id)}`,
    literal: literalSql,
    text: textSql,
    byBytes: (text) => `(${text} COLLATE "C")`,
    isOneOf: (column, text, values) => {
      const own =
        values.kind === "groupName"
          ? `SELECT key FROM ${entitlements} WHERE kind = 'group' AND key IS NOT NULL`
          : `SELECT value FROM ${entitlements} WHERE kind = 'attribute' AND key = ${quoteLiteral(values.attribute)} AND value IS NOT NULL`
      return `(CASE WHEN ${column} IS NULL THEN NULL ELSE ${text} IN (${own}) END)`
    },
    age: ageSql,
    sha256: (text) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`,
    byteLength: (text) => `octet_length(${text})`,
    characterLength: (text) => `char_length(${text})`,
    replaced: (text, { pattern, replacement }) =>
      `regexp_replace(${text} COLLATE "C", ${quoteLiteral(patternText(pattern))}, ${quoteLiteral(replacementText(replacement))}, 'g')`,
    truncated: truncatedSql,
    rounded: roundedSql,
    cast: (expression, type) => `(${expression})::${type.kind === "text" ? "text" : type.name}`,
  }
}

function column({ name }: GovernedColumn): string {
  return `t.${quoteIdentifier(name)}`
}

/** The text of a date is that of the session's DateStyle, but for `to_char`, which fails outside of a timestamp's years. */
function textSql(of: GovernedColumn): string {
  if (of.kind !== "date") return `${column(of)}::text`
  return `(CASE WHEN ${isWithin(of)} THEN to_char(${column(of)}::timestamp, 'YYYY-MM-DD') END)`
}

function isWithin(of: GovernedColumn): string {
  switch (of.kind) {
    case "timestamptz":
      return `${column(of)} >= '0001-01-01 00:00:00+00'::timestamptz AND ${column(of)} < '10000-01-01 00:00:00+00'::timestamptz`
    default:
      return `${column(of)} >= '0001-01-01'::${of.kind} AND ${column(of)} < '10000-01-01'::${of.kind}`
  }
}

function literalSql({ kind, text }: Literal): string {
  switch (kind) {
    case "text":
      return `${quoteLiteral(text)}::text`
    case "boolean":
      return text === "true" ? "TRUE" : "FALSE"
    case "integer":
      return `'${text}'::bigint`
    case "decimal":
      return `'${text}'::numeric`
    case "float":
      return `'${text}'::float8`
    case "date":
    case "timestamp":
      return `'${text}'::${kind}`
    case "timestamptz":
      return `'${text}+00'::timestamptz`
  }
}

/** Counted back in UTC: a day of the session's time zone may have 23 hours. */
function ageSql({ column: of, keeps, than }: Extract<Predicate, { kind: "age" }>): string {
  const limit = `((now() AT TIME ZONE 'UTC') - '${than.count} ${than.unit}'::interval)`
  const operator = keeps === "newer" ? ">" : "<"
  const typed = { date: `${limit}::date`, timestamptz: `(${limit} AT TIME ZONE 'UTC')` } as const
  const other = of.kind === "date" || of.kind === "timestamptz" ? typed[of.kind] : limit
  return `(${column(of)} ${operator} ${other})`
}

function truncatedSql({ column: of, unit }: Extract<Cell, { kind: "dateTrunc" }>): string {
  const inUtc = of.kind === "timestamptz" ? `${column(of)} AT TIME ZONE 'UTC'` : `${column(of)}::timestamp`
  const truncated = `date_trunc('${unit}', ${inUtc})`
  const typed = of.kind === "timestamptz" ? `${truncated} AT TIME ZONE 'UTC'` : truncated
  return `CASE WHEN ${isWithin(of)} THEN ${typed} END`
}

const nativeIntegers = /^(?:smallint|integer|bigint|int[248]?)$/i

function roundedSql({ column: of, bucket }: Extract<Cell, { kind: "round" }>): string {
  const value = column(of)
  if (of.kind === "float") {
    const [size, step] = [`abs(${value}::float8)`, `'${bucket}'::float8`]
    const most = `'${bucket}'::float8 * 4503599627370496`
    return `CASE WHEN ${size} < ${step} THEN 0 WHEN ${size} < ${most} THEN trunc(${value}::float8 / ${step}) * ${step} END`
  }
  if (nativeIntegers.test(of.type)) return `${value}::bigint / '${bucket}'::bigint * '${bucket}'::bigint`
  return `${value} - ${value} % '${bucket}'::numeric`
}
