import type { LikePart } from "../grammar/like.ts"
import type { TimeSpan } from "../model/policy.ts"
import type { GovernedColumn } from "../model/source.ts"

export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">="

/**
 * A constant that fits the kind of the column it is compared with. `text` of numbers: digits, at most one point, no exponent;
 * of dates `YYYY-MM-DD`, of timestamps `YYYY-MM-DD HH:MM:SS.ffffff` (with a zone: in UTC).
 */
export interface Literal {
  kind: Exclude<GovernedColumn["kind"], "other">
  text: string
}

/**
 * A question about a row and the person. Three-valued, as in SQL: a comparison with null is unknown, and a row for which
 * the filter is unknown is not shown. No question can fail on any row.
 */
export type Predicate =
  | { kind: "constant"; value: boolean }
  /** `BuiltPlan.facts[fact]`. Never unknown. */
  | { kind: "fact"; fact: number }
  | { kind: "all" | "any"; of: readonly Predicate[] }
  | { kind: "not"; of: Predicate }
  /** True where `of` is true or unknown. Never unknown. */
  | { kind: "isNotFalse"; of: Predicate }
  | { kind: "compare"; column: GovernedColumn; operator: Comparison; literal: Literal }
  /** Both of one kind. */
  | { kind: "compareColumns"; left: GovernedColumn; operator: Comparison; right: GovernedColumn }
  | { kind: "in"; column: GovernedColumn; literals: readonly Literal[] }
  | { kind: "like"; column: GovernedColumn; pattern: readonly LikePart[] }
  | { kind: "isNull"; column: GovernedColumn }
  /** The column's value, as text, is one of the person's values of the attribute. Null: unknown. */
  | { kind: "attributeValue"; column: GovernedColumn; attribute: string }
  /** The column's value, as text, is a group of the person. Null: unknown. */
  | { kind: "groupName"; column: GovernedColumn }
  /** The moment in the column is newer (later than now minus the span) or older. Dates count by whole days in UTC. */
  | { kind: "age"; column: GovernedColumn; keeps: "newer" | "older"; than: TimeSpan }
  /**
   * `percent` of all rows by a hash of these columns' texts, each time the same: the first eight hex digits of
   * sha256(secret, then each text or nothing for null with `|` after it), as a number, lie below this share of 2^32.
   */
  | { kind: "sample"; columns: readonly GovernedColumn[]; secretId: string; percent: number }
