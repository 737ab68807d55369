import type { DatabaseOptions } from "../../domain/database-options.ts"
import type { TableSchema } from "../../domain/table.ts"

/**
 * What a table that keeps versions has beside its own columns (cloud: history mode): every row that was ever committed,
 * from when to when. At most one version of a key is active.
 */
export const versionColumns = ["_record_is_active", "_record_create_time", "_record_delete_time"] as const

/** What a table's versions are called when they go on under another name. */
export function historicalName(name: string, at: Date): string {
  return `${name}_historical_${at.toISOString().replace(/\D/g, "")}`
}

/** Of the files that say when changes were committed: the last change of a transaction, and its time. */
export const commitColumns = ["__millrace_last", "__millrace_committed"] as const

/** Why a table cannot keep versions; `undefined`: it can. */
export function versionsObstacle({ key, columns }: TableSchema): string | undefined {
  if (key === undefined) return "It has no key, and without one no row is another version of an earlier one."
  const names: readonly string[] = versionColumns
  const taken = columns.find(({ name }) => names.includes(name.toLowerCase()))
  return taken && `Its column ${taken.name} has a name that history mode needs.`
}

/** Whether a table is to keep versions. */
export function wantsVersions({ historyMode, historyTables }: DatabaseOptions, table: TableSchema): boolean {
  return (historyTables[table.id] ?? historyMode) && versionsObstacle(table) === undefined
}

/** Which tables of a stream keep versions. */
export interface VersionModes {
  /** By id, as their changes are gathered from now on. */
  readonly kept: Set<string>
  /** Whether the table should keep versions, by the options that were set. */
  wanted(table: TableSchema): boolean
}

export function newVersionModes(kept: ReadonlySet<string>, options: () => DatabaseOptions): VersionModes {
  return { kept: new Set(kept), wanted: (table) => wantsVersions(options(), table) }
}
