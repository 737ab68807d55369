import type { TableName, TableSchema } from "../../domain/table.ts"

/** A replicated table as a destination database knows it. */
export interface HeldTable {
  pipeline: string
  /** No longer kept fresh, but readable. */
  stale: boolean
  schema: TableSchema
}

/** A table that keeps versions, or (`dropped`) one whose versions outlived it. */
export interface HeldVersions {
  pipeline: string
  dropped: boolean
  schema: TableSchema
}

/**
 * Which names an engine takes for one: two tables whose `place` is equal cannot stand beside one another. Engines that do
 * not mind a name's case fold it.
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
