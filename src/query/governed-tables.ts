/**
 * Which tables are governed, as far as a query engine must know. Whoever is no administrator reaches a governed table only through
 * the query that this contract gives for that table and that user.
 */
import type { RelationName } from "./contract.ts"

/** Asked at each statement, and again while its rows are read. */
export interface GovernedTables {
  /** What holds at this moment. Everything that one `Governance` answers is of one version. */
  now(): Governance
}

export type Governance =
  /** Nothing is governed. */
  | { kind: "off" }
  /** What is governed cannot be told, so every table is closed to those who are governed. */
  | { kind: "unknown"; problem: string }
  | {
      kind: "on"
      /** Another one with each change that may change an answer. */
      version: string
      /** What the user sees of a table. @param user the SQL user's name */
      view(table: RelationName, user: string): TableView
    }

export type TableView =
  /** The table is not governed. */
  | { kind: "open" }
  /** The table is governed, and its policies cannot be applied. */
  | { kind: "refused"; problem: string }
  | FilteredView

/** The table is governed. */
export interface FilteredView {
  kind: "filtered"
  /**
   * One SELECT on the table, which is named in full, without parameters. It gives the rows and values that the user may see,
   * by the names of the table's columns.
   */
  sql: string
  /** Its columns, as far as it is known what comparing them with constants does. Absent: of none. */
  columns?: readonly ViewColumn[]
}

export interface ViewColumn {
  name: string
  /** As the engine writes it: `DECIMAL(10,2)`. */
  type: string
  /** It shows the table's own values: what is asked of it can be asked of the table. */
  isClear: boolean
}

/** For an engine whose tables nobody governs. */
export const nothingGoverned: GovernedTables = { now: () => ({ kind: "off" }) }
