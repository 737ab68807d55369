import type { Position } from "../../domain/position.ts"
import type { TableName, TableSchema } from "../../domain/table.ts"
import type { Alteration, StagedPart, TableChanges } from "../contracts/warehouse.ts"

/**
 * One thing that a transaction of a warehouse does. A plan is a list of steps in their order; a warehouse renders each into
 * statements of its own and runs all of them in one transaction. A step says what happens, never how.
 */
export type Step = TableStep | NoteStep

/** What happens to a table itself. `copy`: the fresh copy beside it, which `beginLoad` made. */
export type TableStep =
  /** The table goes, rows and all, if it is there. */
  | { kind: "drop"; table: TableName }
  /** It takes a passing name in its schema, so that its place is free within the transaction. */
  | { kind: "leave"; table: TableName }
  /** What left `from` takes the place `to`, in its schema or another. */
  | { kind: "arrive"; from: TableName; to: TableName }
  /** The copy of `table` takes the table's name, which is free. */
  | { kind: "adoptCopy"; table: TableSchema }
  /** The copy succeeds a table that keeps versions: rows that are as they were go on, others are closed as of `since`. */
  | { kind: "succeed"; from: TableSchema; to: TableSchema; since: Date }
  /** All its rows become versions, active since `at`. */
  | { kind: "beginVersions"; table: TableSchema; at: Date }
  /** Only its current rows stay under its name; all versions go on under another, which tells `at`. */
  | { kind: "endVersions"; table: TableSchema; at: Date }
  /** It goes on under a name that tells `at`, if it is there. */
  | { kind: "retire"; table: TableName; at: Date }
  /** Its active versions end at `at`. */
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

/** What is noted of tables and of the position, in the same transaction. */
export type NoteStep =
  /** Fails the transaction unless the position is this one. */
  | { kind: "expectPosition"; pipeline: string; position: Position }
  | { kind: "setPosition"; pipeline: string; position: Position }
  /** The database begins with this position; what was noted of other pipelines' positions goes. */
  | { kind: "startPosition"; pipeline: string; position: Position }
  /** In the place of what was noted of the table, or under its name. */
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
