import type { TableName, TableSchema } from "../../domain/table.ts"

/** A replicated table as a destination database knows it. */
export interface HeldTable {
  pipeline: string
  /** The table stays readable and no longer receives changes, until its re-snapshot. */
  stale: boolean
  schema: TableSchema
}

/** A table that keeps versions (history mode); `dropped`: the table is gone at the source and its versions remain. */
export interface HeldVersions {
  pipeline: string
  dropped: boolean
  schema: TableSchema
}

/**
 * The key under which an engine stores a name: two tables with equal `place` cannot exist side by side. An engine
 * that ignores case folds it.
 */
export type PlaceOf = (table: TableName) => string

/** The tables of one pipeline, by id, that keep versions. */
export function keepersOf(pipeline: string, versions: readonly HeldVersions[]): Set<string> {
  return new Set(
    versions.filter((one) => one.pipeline === pipeline && !one.dropped).map(({ schema }) => schema.id),
  )
}

export function isHeldAs(
  one: { pipeline: string; schema: TableSchema },
  pipeline: string,
  id: string,
): boolean {
  return one.pipeline === pipeline && one.schema.id === id
}
