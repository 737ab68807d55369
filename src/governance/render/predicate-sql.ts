import { likeText } from "../grammar/like.ts"
import type { Comparison, Predicate } from "../plan/predicates.ts"
import type { GovernanceDialect } from "./dialect.ts"

export function predicateSql(dialect: GovernanceDialect, predicate: Predicate): string {
  switch (predicate.kind) {
    case "constant":
      return predicate.value ? "TRUE" : "FALSE"
    case "fact":
      return dialect.fact(predicate.fact)
    case "all":
    case "any":
      return `(${predicate.of.map((one) => predicateSql(dialect, one)).join(predicate.kind === "all" ? " AND " : " OR ")})`
    case "not":
      return `(NOT ${predicateSql(dialect, predicate.of)})`
    case "isNotFalse":
      return `COALESCE(${predicateSql(dialect, predicate.of)}, TRUE)`
    case "isNull":
      return `(${dialect.column(predicate.column)} IS NULL)`
    case "attributeValue":
    case "groupName":
      return dialect.isOneOf(dialect.column(predicate.column), dialect.text(predicate.column), predicate)
    case "age":
      return dialect.age(predicate)
    case "sample":
      return sampleSql(dialect, predicate)
    case "compare":
    case "compareColumns":
    case "in":
    case "like":
      return comparisonSql(dialect, predicate)
  }
}

type Comparing = Extract<Predicate, { kind: "compare" | "compareColumns" | "in" | "like" }>

function comparisonSql(dialect: GovernanceDialect, predicate: Comparing): string {
  switch (predicate.kind) {
    case "compare": {
      const { column, operator, literal } = predicate
      return `(${side(dialect, column, operator)} ${operator} ${dialect.literal(literal)})`
    }
    case "compareColumns": {
      const { left, operator, right } = predicate
      return `(${side(dialect, left, operator)} ${operator} ${side(dialect, right, operator)})`
    }
    case "in": {
      const literals = predicate.literals.map((one) => dialect.literal(one)).join(", ")
      return `(${side(dialect, predicate.column, "=")} IN (${literals}))`
    }
    case "like":
      return `(${dialect.byBytes(dialect.text(predicate.column))} LIKE ${dialect.quoted(likeText(predicate.pattern))} ESCAPE '!')`
  }
}

/** Texts are equal by their bytes in any collation that we make; which is less depends on the collation. */
function side(
  dialect: GovernanceDialect,
  column: Extract<Comparing, { kind: "compare" }>["column"],
  operator: Comparison,
): string {
  if (column.kind !== "text") return dialect.column(column)
  const text = dialect.text(column)
  return operator === "=" || operator === "<>" ? text : dialect.byBytes(text)
}

function sampleSql(
  dialect: GovernanceDialect,
  { columns, secretId, percent }: Extract<Predicate, { kind: "sample" }>,
): string {
  const texts = columns.map((column) => `COALESCE(${dialect.text(column)}, '') || '|'`)
  const hash = dialect.sha256([dialect.secret(secretId), ...texts].join(" || "))
  return `(${dialect.byBytes(`LEFT(${hash}, 8)`)} < '${shareOfHashes(percent)}')`
}

/** Below these eight hex digits lie `percent` of all hashes. */
export function shareOfHashes(percent: number): string {
  return Math.floor((percent / 100) * 2 ** 32)
    .toString(16)
    .padStart(8, "0")
}
