import type { GovernedColumn } from "../model/source.ts"
import type { Cell } from "../plan/cells.ts"
import type { Literal, Predicate } from "../plan/predicates.ts"

/** What an engine writes in a way of its own. Every text is an expression that stands in brackets or needs none. */
export interface GovernanceDialect {
  /** The column of the governed table. */
  column(column: GovernedColumn): string
  quoted(text: string): string
  /** A flag of the person; never null. */
  fact(fact: number): string
  /** The secret; null if there is none. */
  secret(id: string): string
  literal(literal: Literal): string
  /** The value as text, of kinds whose values have one text; null outside of the years 1 to 9999. */
  text(column: GovernedColumn): string
  /** The text, to be compared by its bytes in UTF-8. */
  byBytes(text: string): string
  /** Whether the column's text is one of the person's; unknown of null, even where the person has none. */
  isOneOf(
    column: string,
    text: string,
    values: Extract<Predicate, { kind: "attributeValue" | "groupName" }>,
  ): string
  age(predicate: Extract<Predicate, { kind: "age" }>): string
  /** sha256 of the text's bytes in UTF-8, in hex digits. */
  sha256(text: string): string
  byteLength(text: string): string
  characterLength(text: string): string
  replaced(text: string, cell: Extract<Cell, { kind: "regex" }>): string
  truncated(cell: Extract<Cell, { kind: "dateTrunc" }>): string
  rounded(cell: Extract<Cell, { kind: "round" }>): string
  /** A cast that cannot fail on what it is given here. `text`: the engine's longest text. */
  cast(expression: string, type: { kind: "table"; name: string } | { kind: "text" }): string
}
