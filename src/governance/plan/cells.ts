import type { Pattern, ReplacementPart } from "../grammar/pattern.ts"
import type { GovernedColumn } from "../model/source.ts"
import type { Literal, Predicate } from "./predicates.ts"

export type DateUnit = "year" | "quarter" | "month" | "week" | "day" | "hour"

/** What stands in a cell. Masks of null are null, but for `null` and `constant`, which look at no value. None can fail on any row. */
export type Cell =
  /** The value itself. */
  | { kind: "clear"; column: GovernedColumn }
  | { kind: "null" }
  | { kind: "constant"; literal: Literal }
  /** sha256 of the secret and the text, in 64 hex digits. Texts only. */
  | { kind: "hash"; column: GovernedColumn; secretId: string }
  /** Every match replaced. Texts of more than `longestMatchedBytes` become null. */
  | { kind: "regex"; column: GovernedColumn; pattern: Pattern; replacement: readonly ReplacementPart[] }
  /**
   * The first and last characters stay, each one between becomes `character`; all of a text that is not longer than both.
   * Texts of more than `longestMatchedBytes` become null.
   */
  | { kind: "partial"; column: GovernedColumn; first: number; last: number; character: string }
  /** Beginning of the unit, in UTC; weeks begin on Monday. Outside of the years 1 to 9999: null. */
  | { kind: "dateTrunc"; column: GovernedColumn; unit: DateUnit }
  /**
   * The multiple of the bucket next to it towards zero, so that no type overflows. `bucket`: digits with at most one point.
   * Floats that are not a number, or more than 2^52 buckets away from zero, become null.
   */
  | { kind: "round"; column: GovernedColumn; bucket: string }
  /** The first whose question is true; else the last. Questions here are never unknown. */
  | { kind: "choice"; cases: readonly { when: Predicate; then: Cell }[]; otherwise: Cell }

export const longestMatchedBytes = 1_000_000
