import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import { OversizedTable } from "../contracts/oversized.ts"
import type { Batch } from "../contracts/warehouse.ts"
import { type HeldTable, type HeldVersions, isHeldAs, type PlaceOf } from "./held.ts"
import { alterationsOf, movesOf, type Planned } from "./moves.ts"
import type { Step } from "./step.ts"

export interface Room {
  held: readonly HeldTable[]
  versions: readonly HeldVersions[]
  /** Tables with the names that they get in this plan. */
  arriving: readonly { pipeline: string; table: TableSchema }[]
  /** Ids of tables that are renamed in this plan: they leave their places without help. */
  moving: ReadonlySet<string>
  at: Date
  placeOf: PlaceOf
}

/**
 * Makes room for tables at their new names. A table that stands there and keeps versions, or kept them until it was
 * dropped at the source, goes on under a historical name.
 */
export function planRoom({ held, versions, arriving, moving, at, placeOf }: Room): Planned {
  const inTheWay = versions.filter(({ pipeline, dropped, schema }) => {
    if (!dropped && moving.has(schema.id)) return false
    return arriving.some(
      ({ table, ...one }) =>
        placeOf(table) === placeOf(schema) &&
        (dropped || one.pipeline !== pipeline || table.id !== schema.id),
    )
  })
  return {
    steps: inTheWay.flatMap(({ pipeline, dropped, schema: table }): Step[] => [
      { kind: "retire", table, at },
      { kind: "forgetVersions", pipeline, table },
      ...(dropped ? [] : [{ kind: "untrack", pipeline, table } as const]),
    ]),
    held: held.filter((one) => !inTheWay.some(({ pipeline, schema }) => isHeldAs(one, pipeline, schema.id))),
  }
}

/** Dropped tables whose versions stand where the pipeline's table is to come: only their users may remove those. */
export function droppedInPlaceOf(
  pipeline: string,
  table: TableSchema,
  { versions, placeOf }: Pick<Room, "versions" | "placeOf">,
): TableSchema[] {
  return versions
    .filter((one) => one.dropped && one.pipeline === pipeline && placeOf(one.schema) === placeOf(table))
    .map(({ schema }) => schema)
}

/** Nothing that is recorded stands, or stood, where the table is to come: what stands there is its users' own. */
export function isPlaceOfOthers(
  table: TableSchema,
  { held, versions, placeOf }: Pick<Room, "held" | "versions" | "placeOf">,
): boolean {
  const wanted = placeOf(table)
  return ![...held, ...versions].some(({ schema }) => placeOf(schema) === wanted)
}

export function occupiedByOthers(): Problem {
  return new Problem(
    "tableFailed",
    "In its place in the warehouse stands a table or view that Millrace did not make, and leaves alone. Rename or drop it; the table is then copied by itself.",
  )
}

export function occupiedByVersions(): Problem {
  return new Problem(
    "tableFailed",
    "In its place stand the versions of a table that was dropped at the source, or left out. DROP TABLE or ALTER TABLE … RENAME TO makes room; ALTER DATABASE … INTEGRATION REFRESH INERROR TABLES then tries again.",
  )
}

/** A table that gets a place by a batch. */
interface Arrival {
  /** As it is recorded before the batch; of a new table, as it arrives. */
  before: TableSchema
  to: TableSchema
}

/**
 * Throws OversizedTable where a batch renames a table to a name, or swaps a copy into a place, in which users have put something
 * of their own. `standing`: of tables, those in whose places something stands.
 */
export async function refuseArrivalsAtOthers(
  pipeline: string,
  batch: Batch,
  holdings: Pick<Room, "held" | "versions" | "placeOf">,
  standing: (tables: readonly TableSchema[]) => Promise<TableSchema[]>,
): Promise<void> {
  const arrivals = arrivalsOf(pipeline, batch, holdings).filter(({ to }) => isPlaceOfOthers(to, holdings))
  if (arrivals.length === 0) return
  const occupied = new Set(await standing(arrivals.map(({ to }) => to)))
  const refused = arrivals.find(({ to }) => occupied.has(to))
  if (refused !== undefined) throw new OversizedTable(refused.before, occupiedByOthers().message)
}

function arrivalsOf(pipeline: string, batch: Batch, { held }: Pick<Room, "held">): Arrival[] {
  const names = new Map(alterationsOf(batch).map(({ to }) => [to.id, to]))
  const mine = held.filter((one) => one.pipeline === pipeline)
  const beforeOf = ({ id }: TableSchema) => mine.find(({ schema }) => schema.id === id)?.schema
  return [
    ...movesOf(mine, names).map(({ from, to }) => ({ before: from, to })),
    ...batch.swaps.map((to) => ({ before: beforeOf(to) ?? to, to })),
  ]
}
