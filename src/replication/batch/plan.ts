/**
 * What a batch does to the tables of a destination database, as data: which tables go, make way, move, take a copy's rows,
 * become others, change; and in which order. No engine and no SQL: a warehouse renders the steps (step.ts) into statements
 * of one transaction. What always holds of a plan is in README.md.
 */
import { type Position, shownPosition } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { Batch, TableChanges, VersionSwitch } from "../contracts/warehouse.ts"
import { type HeldTable, type HeldVersions, isHeldAs, keepersOf, type PlaceOf } from "./held.ts"
import { alterationsOf, movesOf, planMoves } from "./moves.ts"
import { planRoom } from "./room.ts"
import type { Step } from "./step.ts"
import { planSwap } from "./swap.ts"

/** What the destination database holds, of all pipelines. */
export interface Holdings {
  held: readonly HeldTable[]
  versions: readonly HeldVersions[]
  placeOf: PlaceOf
}

export interface BatchToPlan extends Holdings {
  pipeline: string
  batch: Batch
  /** The position that this opening of the destination has applied up to; `undefined`: unknown. */
  expected: Position | undefined
  /** For copies that are to keep versions, by table id: the time at which their rows were read. */
  copiedAsOf: ReadonlyMap<string, Date>
}

/** Whether planning the batch needs `Holdings` at all: batches of plain changes, which are nearly all, do not. */
export function touchesCatalog(batch: Batch): boolean {
  return batch.swaps.length + batch.dropped.length + alterationsOf(batch).length > 0
}

/**
 * The steps of a batch in order: drops make room, then tables move, then copies are adopted, then rows change. Throws
 * Problem where the batch does not follow the last one applied.
 */
export function planBatch(plan: BatchToPlan): Step[] {
  const { pipeline, batch } = plan
  const names = new Map(alterationsOf(batch).map(({ to }) => [to.id, to]))
  const tables = planTables(plan, names)
  const facts = { places: tables.places, keeps: keepersOf(pipeline, plan.versions) }
  return [
    { kind: "expectPosition", pipeline, position: beginningOf(plan) },
    ...tables.steps,
    ...planChanges(batch.tables, facts),
    ...[...names.values()].map((table): Step => ({ kind: "track", pipeline, table })),
    ...batch.stale.map((table): Step => ({ kind: "markStale", pipeline, table })),
    ...positionOf(plan),
  ]
}

/** The position that a step which moves the position starts from. Throws Problem where it is unknown. */
export function knownPosition(expected: Position | undefined): Position {
  if (expected !== undefined) return expected
  throw new Problem("internal", "Rows came for a database whose position is not known; they are read again.")
}

function beginningOf({ expected, batch: { position } }: BatchToPlan): Position {
  const known = knownPosition(expected)
  if (known !== position) return known
  throw new Problem(
    "internal",
    `A batch came again that ends at ${shownPosition(known)}; nothing was applied.`,
  )
}

function positionOf({ pipeline, batch: { position } }: BatchToPlan): Step[] {
  return position === undefined ? [] : [{ kind: "setPosition", pipeline, position }]
}

/** The steps for whole tables. `places`: the name of each table of the pipeline after them, by id. */
function planTables(
  plan: BatchToPlan,
  names: ReadonlyMap<string, TableSchema>,
): { steps: Step[]; places: ReadonlyMap<string, TableSchema> | undefined } {
  const { pipeline, batch, placeOf } = plan
  if (!touchesCatalog(batch)) return { steps: [], places: undefined }
  const at = batch.at ?? new Date()
  const stale = new Set(batch.stale.map(({ id }) => id))
  const gone = planDropped(plan, at)
  const moves = movesOf(gone.held, names)
  const arriving = [...moves.map(({ to }) => to), ...batch.swaps].map((table) => ({ pipeline, table }))
  const moving = new Set(moves.map(({ from }) => from.id))
  const room = planRoom({ held: gone.held, versions: gone.versions, arriving, moving, at, placeOf })
  const moved = planMoves(moves, room.held, { stale, placeOf })
  const swapped = planSwaps(plan, { held: moved.held, versions: gone.versions, stale, at })
  const steps = [...gone.steps, ...room.steps, ...moved.steps, ...swapped.steps]
  const mine = swapped.held.filter((one) => one.pipeline === pipeline).map(({ schema }) => schema)
  const standing = [...mine, ...batch.swaps, ...names.values()]
  return { steps, places: new Map(standing.map((table) => [table.id, table])) }
}

interface Gone {
  steps: Step[]
  held: HeldTable[]
  versions: HeldVersions[]
}

/**
 * Tables dropped at the source, by their names in the warehouse: a table that was renamed on its way out is known
 * here by its old name.
 */
function planDropped({ pipeline, batch, held, versions }: BatchToPlan, at: Date): Gone {
  const gone = new Set(batch.dropped.map(({ id }) => id))
  const isGone = (one: HeldTable | HeldVersions) => one.pipeline === pipeline && gone.has(one.schema.id)
  const keeps = keepersOf(pipeline, versions)
  return {
    steps: [
      ...held.filter(isGone).flatMap((one) => dropped(one, keeps.has(one.schema.id), at)),
      ...batch.dropped.map(({ id }): Step => ({ kind: "forgetTextColumns", pipeline, tableId: id })),
    ],
    held: held.filter((one) => !isGone(one)),
    versions: versions.map((one) => (isGone(one) ? { ...one, dropped: true } : one)),
  }
}

/** The versions of a table that kept them stay. */
function dropped({ pipeline, schema: table }: HeldTable, keepsVersions: boolean, at: Date): Step[] {
  const untrack: Step = { kind: "untrack", pipeline, table }
  return keepsVersions
    ? [{ kind: "closeVersions", table, at }, untrack, { kind: "noteDropped", pipeline, table }]
    : [{ kind: "drop", table }, untrack]
}

function planSwaps(
  { pipeline, batch, copiedAsOf, placeOf }: BatchToPlan,
  facts: { held: HeldTable[]; versions: HeldVersions[]; stale: ReadonlySet<string>; at: Date },
): { steps: Step[]; held: HeldTable[] } {
  let { held } = facts
  const steps = batch.swaps.flatMap((table) => {
    const swap = planSwap({ ...facts, pipeline, table, held, since: copiedAsOf.get(table.id), placeOf })
    held = swap.held
    return swap.steps
  })
  return { steps, held }
}

interface ChangeFacts {
  /** The place of every table by id; `undefined`: no table has changed its place. */
  places: ReadonlyMap<string, TableSchema> | undefined
  /** Tables, by id, that keep versions. */
  keeps: ReadonlySet<string>
}

/**
 * Changes and alterations of each table in their order, under its final name. Changes of a table whose place another
 * one took are left out.
 */
function planChanges(tables: readonly TableChanges[], { places, keeps }: ChangeFacts): Step[] {
  const touched = new Set<string>()
  return tables.flatMap((changes): Step[] => {
    const { table, alteration, runs } = changes
    const place = places === undefined ? table : places.get(table.id)
    if (place === undefined) return []
    const isTouched = touched.has(table.id)
    if (runs.length > 0) touched.add(table.id)
    const change: Step = { kind: "change", place, changes }
    const keepsVersions = keeps.has(table.id)
    return alteration === undefined
      ? [change]
      : [{ kind: "alter", place, alteration, keepsVersions, isTouched }, change]
  })
}

export interface CopyToAdopt extends Holdings {
  pipeline: string
  table: TableSchema
  /** The time at which the copy's rows were read; set where the table keeps versions. */
  since: Date | undefined
  at: Date
}

/** The steps by which a copy takes its live table's place outside of a batch, as in the first snapshot. */
export function planAdoption(copy: CopyToAdopt): Step[] {
  const { pipeline, table } = copy
  const none: ReadonlySet<string> = new Set()
  const room = planRoom({ ...copy, arriving: [{ pipeline, table }], moving: none })
  return [...room.steps, ...planSwap({ ...copy, held: room.held, stale: none }).steps]
}

export interface SnapshotToComplete extends Holdings {
  pipeline: string
  /** The live tables that the snapshot brought; they stay. */
  kept: readonly TableSchema[]
  position: Position
  at: Date
}

/**
 * The steps at the end of a complete snapshot: all other tables are dropped, and the position is recorded. A database
 * has one pipeline, so tables of an earlier integration of the same name are dropped as well; where a `kept` table
 * stands in the place of one, only the note of it is removed.
 */
export function planSnapshotEnd({ pipeline, kept, position, at, ...holdings }: SnapshotToComplete): Step[] {
  const { held, versions, placeOf } = holdings
  const ids = new Set(kept.map(({ id }) => id))
  const places = new Set(kept.map(placeOf))
  const gone = held.filter((one) => one.pipeline !== pipeline || !ids.has(one.schema.id))
  const keepsVersions = (one: HeldTable) =>
    versions.some((versioned) => isHeldAs(versioned, one.pipeline, one.schema.id))
  return [
    ...gone.flatMap((one): Step[] =>
      places.has(placeOf(one.schema))
        ? [{ kind: "untrack", pipeline: one.pipeline, table: one.schema }]
        : dropped(one, keepsVersions(one), at),
    ),
    { kind: "startPosition", pipeline, position },
  ]
}

/** The steps for live tables that begin or end keeping versions; other tables are ignored. */
export function planVersionSwitches(
  pipeline: string,
  switches: readonly VersionSwitch[],
  { held, versions, at }: Pick<Holdings, "held" | "versions"> & { at: Date },
): Step[] {
  const keeps = keepersOf(pipeline, versions)
  const wanted = new Map(switches.map(({ id, keep }) => [id, keep]))
  return held.flatMap(({ schema: table, ...one }): Step[] => {
    const keep = wanted.get(table.id)
    if (one.pipeline !== pipeline || keep === undefined || keep === keeps.has(table.id)) return []
    return keep
      ? [
          { kind: "beginVersions", table, at },
          { kind: "noteVersions", pipeline, table },
        ]
      : [
          { kind: "endVersions", table, at },
          { kind: "forgetVersions", pipeline, table },
        ]
  })
}
