import { type TableSchema, type TableState, tableMayBecome } from "../../../domain/table.ts"
import type { PipelineRecord } from "../../../state/pipelines.ts"
import type { TableRecord } from "../../../state/tables.ts"
import { describe, fresh, progressOf, recordOf, type TableProgress } from "../table-progress.ts"
import { newTableReasons, type TableReasons } from "../table-reasons.ts"

/** The tables of a running pipeline, and whether something of them is still to be recorded. */
export interface MonitoredTables {
  /** By id. */
  readonly all: Map<string, TableProgress>
  /** What people should know of those that stream. */
  readonly reasons: TableReasons
  /** Another number whenever tables or counters may have changed. */
  readonly revision: number
  /** Notes a change that others want to record, and tells them. */
  touched(): void
  /** Notes that only counters have changed. */
  counted(): void
  /** A state that cannot follow the present one is ignored. `reason`: shown to people; null: none. */
  become(table: TableSchema, state: TableState, reason: string | null): void
  /** Set when the tables differ from what was last handed out. */
  takeDirty(): TableRecord[] | undefined
  markDirty(): void
}

/** `known`: the tables as last recorded. `onTouched`: told of each change that others want to record. */
export function newMonitoredTables(
  record: PipelineRecord,
  known: readonly TableRecord[],
  onTouched: () => void,
): MonitoredTables {
  const all = new Map(known.map((row) => [row.tableId, progressOf(row)]))
  let revision = 0
  let isDirty = false
  const touched = () => {
    isDirty = true
    revision++
    onTouched()
  }
  return {
    all,
    reasons: newTableReasons(),
    get revision() {
      return revision
    },
    touched,
    counted() {
      revision++
    },
    become(table, state, reason) {
      const before = all.get(table.id)
      // A state that cannot follow the present one comes from a report that a later one has passed: it is ignored.
      if (before !== undefined && before.state !== state && !tableMayBecome(before.state, state, "pipeline"))
        return
      all.set(table.id, restated(before ?? fresh(table), table, { state, reason }))
      touched()
    },
    takeDirty() {
      if (!isDirty) return undefined
      isDirty = false
      return [...all.values()].map((progress) => recordOf(record, progress))
    },
    markDirty() {
      isDirty = true
    },
  }
}

/** The same counters, with the table's names of now and another state. */
export function restated(
  before: TableProgress,
  table: TableSchema,
  now: Pick<TableProgress, "state" | "reason">,
): TableProgress {
  return { ...before, ...describe(table), ...now, updatedAt: new Date() }
}
