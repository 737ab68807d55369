import type { Position } from "../../domain/position.ts"
import type { TableName, TableSchema } from "../../domain/table.ts"
import type { Alteration, StagedPart, TableChanges } from "../contracts/warehouse.ts"

/**
 * One thing that a transaction of a warehouse does. A plan is a list of steps in their order; a warehouse renders each into
 * statements of its own and runs all of them in one transaction. A step says what happens, never how.
 */
export type Step = TableStep | NoteStep

/** What happens to a table itself. `copy`: the copy beside it, which `beginLoad` made. */
export type TableStep =
  /** Drops the table with its rows, if it exists. */
  | { kind: "drop"; table: TableName }
  /** Renames the table to a temporary name in its schema, so that its name is free within the transaction. */
  | { kind: "leave"; table: TableName }
  /** Gives the table that left `from` the name `to`, in the same schema or another. */
  | { kind: "arrive"; from: TableName; to: TableName }
  /** Renames the copy of `table` to the table's name, which is free by then. */
  | { kind: "adoptCopy"; table: TableSchema }
  /**
   * The copy replaces a table that keeps versions: versions of unchanged rows stay active, the others are closed as
   * of `since`.
   */
  | { kind: "succeed"; from: TableSchema; to: TableSchema; since: Date }
  /** All rows of the table become versions, active since `at`. */
  | { kind: "beginVersions"; table: TableSchema; at: Date }
  /**
   * Only the current rows stay under the table's name; all versions go on under another name, which contains `at`.
   */
  | { kind: "endVersions"; table: TableSchema; at: Date }
  /** Renames the table to a name that contains `at`, if it exists. */
  | { kind: "retire"; table: TableName; at: Date }
  /** Closes the active versions of the table as of `at`. */
  | { kind: "closeVersions"; table: TableName; at: Date }
  | AlterStep
  | { kind: "change"; place: TableName; changes: TableChanges }

export interface AlterStep {
  kind: "alter"
  /** What the table is called now. */
  place: TableSchema
  alteration: Alteration<StagedPart>
  keepsVersions: boolean
  /** An earlier step of the plan has changed the table's rows: some engines cannot alter such a table in place. */
  isTouched: boolean
}

/** What the transaction records about tables and the position. */
export type NoteStep =
  /** Fails the transaction unless the position is this one. */
  | { kind: "expectPosition"; pipeline: string; position: Position }
  | { kind: "setPosition"; pipeline: string; position: Position }
  /** Records the first position of the database, and removes recorded positions of other pipelines. */
  | { kind: "startPosition"; pipeline: string; position: Position }
  /** Records the table, replacing an earlier record of its id or of its name. */
  | { kind: "track"; pipeline: string; table: TableSchema }
  | { kind: "untrack"; pipeline: string; table: TableSchema }
  | { kind: "markStale"; pipeline: string; table: TableSchema }
  | { kind: "noteVersions"; pipeline: string; table: TableSchema }
  /** The table is gone, its versions stay. */
  | { kind: "noteDropped"; pipeline: string; table: TableSchema }
  | { kind: "forgetVersions"; pipeline: string; table: TableSchema }
  /** None of the table's columns is held as text any more. */
  | { kind: "forgetTextColumns"; pipeline: string; tableId: string }

const noteKinds: Record<NoteStep["kind"], true> = {
  expectPosition: true,
  setPosition: true,
  startPosition: true,
  track: true,
  untrack: true,
  markStale: true,
  noteVersions: true,
  noteDropped: true,
  forgetVersions: true,
  forgetTextColumns: true,
}

export function isNote(step: Step): step is NoteStep {
  return Object.hasOwn(noteKinds, step.kind)
}
