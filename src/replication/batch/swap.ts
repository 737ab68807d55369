import type { TableSchema } from "../../domain/table.ts"
import { type HeldTable, type HeldVersions, isHeldAs, type PlaceOf } from "./held.ts"
import { type Planned, planMoves } from "./moves.ts"
import type { Step } from "./step.ts"

export interface Swap {
  pipeline: string
  table: TableSchema
  held: readonly HeldTable[]
  versions: readonly HeldVersions[]
  /** The time at which the copy's rows were read; set where it keeps versions. */
  since: Date | undefined
  /** When the caller's transaction happens. */
  at: Date
  /** Tables, by id, that become stale with the caller's transaction. */
  stale: ReadonlySet<string>
  placeOf: PlaceOf
}

/**
 * The steps that put a copy in the live table's place. A table that was renamed at the source leaves its old name,
 * which `held` has. Tables with versions at that place have made room before (`planRoom`). The result's `held`: all
 * held tables but this one.
 */
export function planSwap(swap: Swap): Planned {
  const { pipeline, table, held, stale, placeOf } = swap
  const isIt = (one: HeldTable) => isHeldAs(one, pipeline, table.id)
  const left = held.find(isIt)?.schema
  const others = held.filter((one) => !isIt(one))
  const isOccupied = others.some((one) => one.pipeline === pipeline && placeOf(one.schema) === placeOf(table))
  if (left === undefined || !isOccupied || keepsVersions(swap))
    return {
      steps: adoption(swap, left),
      held: others.filter(({ schema }) => placeOf(schema) !== placeOf(table)),
    }
  const moved = planMoves([{ from: left, to: table }], held, { stale, placeOf })
  return {
    steps: [...moved.steps, ...adoption(swap, undefined)],
    held: moved.held.filter((one) => !isIt(one)),
  }
}

function keepsVersions({ pipeline, table, versions }: Swap): boolean {
  return versions.some((one) => !one.dropped && isHeldAs(one, pipeline, table.id))
}

/** `before`: the live table that the copy replaces, at the name that it has. */
function adoption(swap: Swap, before: TableSchema | undefined): Step[] {
  const { pipeline, table, since } = swap
  const noted: Step = { kind: since === undefined ? "forgetVersions" : "noteVersions", pipeline, table }
  return [...replacement(swap, before), { kind: "track", pipeline, table }, noted]
}

function replacement(swap: Swap, before: TableSchema | undefined): Step[] {
  const { table, since, at, placeOf } = swap
  const arrival: Step = { kind: "adoptCopy", table }
  if (before === undefined || !keepsVersions(swap)) {
    const gone = before === undefined ? [table] : [before, table]
    return [...gone.map((one): Step => ({ kind: "drop", table: one })), arrival]
  }
  const other: Step[] = placeOf(before) === placeOf(table) ? [] : [{ kind: "drop", table }]
  if (since === undefined) return [{ kind: "retire", table: before, at }, ...other, arrival]
  return [...other, { kind: "succeed", from: before, to: table, since }]
}
