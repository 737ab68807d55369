import type { TableSchema } from "../../domain/table.ts"
import type { Alteration, Batch, StagedPart } from "../contracts/warehouse.ts"
import type { HeldTable, PlaceOf } from "./held.ts"
import type { Step } from "./step.ts"

/** A table of the batch and the name it has at the batch's end. */
export interface Move {
  from: TableSchema
  to: TableSchema
}

/** The steps, and the held tables after them. */
export interface Planned {
  steps: Step[]
  held: HeldTable[]
}

export function alterationsOf(batch: Batch): Alteration<StagedPart>[] {
  return batch.tables.flatMap(({ alteration }) => alteration ?? [])
}

/** The held tables of all pipelines that have another name in `names` (by id). */
export function movesOf(held: readonly HeldTable[], names: ReadonlyMap<string, TableSchema>): Move[] {
  return held.flatMap(({ schema: from }) => {
    const to = names.get(from.id)
    return to === undefined || (to.schema === from.schema && to.name === from.name) ? [] : [{ from, to }]
  })
}

/**
 * Plans renames of one batch, all at once, since tables may exchange names. A table that stands at a new name and is
 * not renamed in this batch has another name at the source by now, and its copy under that name is still being made.
 * Until then it stays readable under the name that the renamed table left, most likely its own new one; where no name
 * became free, it is dropped. `stale`: ids of tables that become stale with the caller's transaction.
 */
export function planMoves(
  named: readonly Move[],
  held: readonly HeldTable[],
  { stale, placeOf }: { stale: ReadonlySet<string>; placeOf: PlaceOf },
): Planned {
  const makingWay = wayMade(named, held, placeOf)
  const moves = [...named, ...makingWay.map(({ move }) => move)]
  const moving = new Set(moves.map(({ from }) => from.id))
  const taken = new Set(moves.map(({ to }) => placeOf(to)))
  const inTheWay = held.filter(({ schema }) => !moving.has(schema.id) && taken.has(placeOf(schema)))
  const steps: Step[] = [
    ...inTheWay.flatMap(({ pipeline, schema }): Step[] => [
      { kind: "drop", table: schema },
      { kind: "untrack", pipeline, table: schema },
    ]),
    // All tables leave their names before one arrives: names may be exchanged in a circle.
    ...moves.map(({ from }): Step => ({ kind: "leave", table: from })),
    ...moves.map(({ from, to }): Step => ({ kind: "arrive", from, to })),
    ...makingWay.flatMap(({ one, move: { to } }) => noted(one, to, stale)),
  ]
  return { steps, held: heldAfter(held, moves, new Set(inTheWay.map(({ schema }) => schema.id))) }
}

/** A table that made way is tracked under its new name; the renamed tables are tracked with the batch's changes. */
function noted(one: HeldTable, table: TableSchema, stale: ReadonlySet<string>): Step[] {
  const { pipeline } = one
  const track: Step = { kind: "track", pipeline, table }
  return one.stale || stale.has(table.id) ? [track, { kind: "markStale", pipeline, table }] : [track]
}

function heldAfter(
  held: readonly HeldTable[],
  moves: readonly Move[],
  gone: ReadonlySet<string>,
): HeldTable[] {
  const newNames = new Map(moves.map(({ from, to }) => [from.id, to]))
  return held
    .filter(({ schema }) => !gone.has(schema.id))
    .map((one) => {
      const to = newNames.get(one.schema.id)
      return to === undefined ? one : { ...one, schema: { ...one.schema, schema: to.schema, name: to.name } }
    })
}

/** New names for tables that stand at the new name of another one. */
function wayMade(
  named: readonly Move[],
  held: readonly HeldTable[],
  placeOf: PlaceOf,
): { one: HeldTable; move: Move }[] {
  const moving = new Set(named.map(({ from }) => from.id))
  const comers = new Map(named.map((move) => [placeOf(move.to), move]))
  const owners = new Map(held.map(({ schema, pipeline }) => [schema.id, pipeline]))
  return held.flatMap((one) => {
    const { schema } = one
    const comer = comers.get(placeOf(schema))
    if (comer === undefined || moving.has(schema.id) || owners.get(comer.from.id) !== one.pipeline) return []
    const to = { ...schema, schema: comer.from.schema, name: comer.from.name }
    return comers.has(placeOf(to)) ? [] : [{ one, move: { from: schema, to } }]
  })
}
