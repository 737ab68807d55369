import type { Position } from "../../domain/position.ts"
import { type TableName, type TableSchema, tableKey } from "../../domain/table.ts"
import { type HeldTable, type HeldVersions, isHeldAs, type PlaceOf } from "../../replication/batch/held.ts"
import type { Holdings } from "../../replication/batch/plan.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { TextColumn } from "../../replication/contracts/text-columns.ts"
import type { PipelineOwner } from "../../replication/contracts/warehouse.ts"
import type { Row } from "./values.ts"

/** Names that differ in case are two here. */
export const placeOf: PlaceOf = tableKey

/** A row that was committed, from when to when (microseconds since 1970-01-01 UTC). */
export interface Version {
  row: Row
  createdMicros: bigint
  /** `undefined`: it is the row's active version. */
  deletedMicros: bigint | undefined
}

export interface MemoryTable {
  columns: TableSchema["columns"]
  key: number[] | undefined
  contents: { kind: "rows"; rows: readonly Row[] } | { kind: "versions"; versions: readonly Version[] }
}

/**
 * All that a destination database holds. Nothing in it is changed in place: a transaction makes another state from it, and
 * who reads goes on with the one that was there.
 */
export interface DatabaseState {
  /** By place; copies in the making have places of their own (`copyPlace`). */
  tables: ReadonlyMap<string, MemoryTable>
  held: readonly HeldTable[]
  versions: readonly HeldVersions[]
  positions: ReadonlyMap<string, Position>
  /** Of the newest owner, by pipeline. */
  generations: ReadonlyMap<string, number>
  /** By pipeline and table id, as `textKey` says. */
  texts: ReadonlyMap<string, { pipeline: string; tableId: string; columns: readonly TextColumn[] }>
}

export const emptyState: DatabaseState = {
  tables: new Map(),
  held: [],
  versions: [],
  positions: new Map(),
  generations: new Map(),
  texts: new Map(),
}

/** 0: nobody has opened the database for the pipeline. */
export function newestOwner({ generations }: DatabaseState, pipeline: string): number {
  return generations.get(pipeline) ?? 0
}

/** The state with this owner as the newest one. Throws TakenOver where another is newer. */
export function ownedBy(state: DatabaseState, { pipeline, generation }: PipelineOwner): DatabaseState {
  const newest = newestOwner(state, pipeline)
  if (newest > generation) throw new TakenOver(generation, newest)
  return { ...state, generations: new Map([...state.generations, [pipeline, generation]]) }
}

export function copyPlace(table: TableName): string {
  return `copy of ${placeOf(table)}`
}

export function passingPlace(table: TableName): string {
  return `passing ${placeOf(table)}`
}

export function textKey(pipeline: string, tableId: string): string {
  return JSON.stringify([pipeline, tableId])
}

/** Tables that keep versions are as they are now; of dropped ones, those whose place nobody took. */
export function holdingsOf({ held, versions }: DatabaseState): Holdings {
  const places = new Set(held.map(({ schema }) => placeOf(schema)))
  const now = versions.flatMap((one): HeldVersions[] => {
    if (one.dropped) return places.has(placeOf(one.schema)) ? [] : [one]
    const live = held.find((table) => isHeldAs(table, one.pipeline, one.schema.id))
    return live === undefined ? [] : [{ ...one, schema: live.schema }]
  })
  return { held, versions: now, placeOf }
}

export function emptyTable({ columns, key }: TableSchema, keepsVersions: boolean): MemoryTable {
  const contents = keepsVersions
    ? ({ kind: "versions", versions: [] } as const)
    : ({ kind: "rows", rows: [] } as const)
  return { columns, key, contents }
}

/** What people see as the table's current rows. */
export function currentRows({ contents }: MemoryTable): readonly Row[] {
  return contents.kind === "rows"
    ? contents.rows
    : contents.versions.filter(({ deletedMicros }) => deletedMicros === undefined).map(({ row }) => row)
}
