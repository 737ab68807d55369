import { setTimeout as delay } from "node:timers/promises"
import { Fault } from "../../domain/faults.ts"
import { shownPosition } from "../../domain/position.ts"
import { reportOf } from "../../domain/problems.ts"
import { isGone, qualifiedName } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import { aborted } from "../../replication/signals.ts"
import type { StreamingPipeline } from "../../replication/streaming.ts"
import type { DatabaseStore } from "../../state/databases.ts"
import { chosenIn } from "../databases/refresh-scope.ts"
import { orUnavailable } from "../pipelines/or-unavailable.ts"
import type { OrderTypes } from "../pipelines/order-types.ts"
import type { CarryOut, OrderWork } from "./order-taker.ts"
import { adjust, type RunningPipeline } from "./running-pipeline.ts"
import type { TableProgress } from "./table-progress.ts"

type Asked<K extends keyof OrderTypes> = OrderTypes[K]["parameters"]
type Answer<K extends keyof OrderTypes> = OrderTypes[K]["result"]

export interface CarryOutOptions {
  databases: Pick<DatabaseStore, "ofIntegration">
  verify(one: RunningPipeline, parameters: Asked<"verify">, work: OrderWork): Promise<Answer<"verify">>
}

/** What each kind of order means to the pipeline. */
export function newCarryOut(options: CarryOutOptions): CarryOut {
  return async (one, { kind, parameters, attempts }, work) => {
    // Whoever asked saw it stream: the process that took the order first has ended since.
    if (attempts > 1 && kind !== "settings") await untilStreaming(one, work.signal)
    switch (kind) {
      case "resync":
        return await resync(one, parameters as Asked<"resync">, work.signal)
      case "refresh":
        return await refresh(one, parameters as Asked<"refresh">, work.signal)
      case "settings":
        return await lookAtSettings(options, one)
      case "wait":
        return await reach(one, parameters as Asked<"wait">)
      case "verify":
        return await options.verify(one, parameters as Asked<"verify">, work)
      default:
        return unreachable(kind)
    }
  }
}

const lookEveryMs = 50
const longestStartMs = 30_000

/** Returns in any case after so long. */
async function untilStreaming({ pipeline }: RunningPipeline, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + longestStartMs
  while (pipeline?.streaming() === undefined && performance.now() < deadline && !signal.aborted)
    await delay(lookEveryMs)
}

async function resync(
  one: RunningPipeline,
  { table }: Asked<"resync">,
  signal: AbortSignal,
): Promise<Answer<"resync">> {
  const streaming = requireStreaming(one)
  const tables = tablesNamed(one, table)
  const refusals = await refusalsOf(streaming, tables)
  const possible = tables.filter(({ id }) => !refusals.has(id))
  await recordedAsStale(streaming, possible, signal)
  const refused = tables.flatMap((table) => {
    const reason = refusals.get(table.id)
    return reason === undefined ? [] : [{ table: qualifiedName(table), reason }]
  })
  return { chosen: tables.length, tables: possible.map(qualifiedName), refused }
}

async function refresh(
  one: RunningPipeline,
  { scope }: Asked<"refresh">,
  signal: AbortSignal,
): Promise<Answer<"refresh">> {
  const streaming = requireStreaming(one)
  const tables = chosenIn(scope, tablesNamed(one, null), one.database.name)
  const refusals = await refusalsOf(streaming, tables)
  const refused = tables.find(({ id }) => refusals.has(id))
  if (scope.kind === "tables" && refused !== undefined)
    throw new Fault(
      "invalidValue",
      `Table ${qualifiedName(refused)} cannot be copied. ${refusals.get(refused.id)}`,
    )
  const possible = tables.filter(({ id }) => !refusals.has(id))
  await recordedAsStale(streaming, possible, signal)
  return { tables: possible.map(qualifiedName).sort() }
}

/**
 * The order ends only when the warehouse has recorded it: before, the order itself is what a restart would find.
 *
 * @throws Fault integrationInWrongState
 */
async function recordedAsStale(
  streaming: StreamingPipeline,
  tables: readonly TableProgress[],
  signal: AbortSignal,
): Promise<void> {
  const isRecorded = await Promise.race([streaming.resync(tables.map(({ id }) => id)), aborted(signal)])
  if (isRecorded !== true)
    throw new Fault("integrationInWrongState", "The pipeline stopped before it took the tables. Try again.")
}

async function lookAtSettings(
  { databases }: CarryOutOptions,
  one: RunningPipeline,
): Promise<Answer<"settings">> {
  const { integrationId, sourceDatabase } = one.monitor.record
  const ordered = await databases.ofIntegration(integrationId)
  const database = ordered.find((each) => each.sourceDatabase === sourceDatabase)
  if (database !== undefined) adjust(one, database)
  return {}
}

async function reach(one: RunningPipeline, { position, timeoutMs }: Asked<"wait">): Promise<Answer<"wait">> {
  const streaming = requireStreaming(one)
  const target =
    position === null ? await orUnavailable(streaming.currentPosition()) : streaming.parsePosition(position)
  if (target === undefined) {
    const help = streaming.positionHelp === undefined ? "" : ` ${streaming.positionHelp}`
    throw new Fault("invalidValue", `${position?.slice(0, 64)} is no position of this source.${help}`)
  }
  const reached = await streaming.reached(target, timeoutMs)
  const waiting = [...one.monitor.tables.values()].filter(({ state }) => state !== "Synced" && !isGone(state))
  return {
    reached,
    position: target,
    visible: shownPosition(streaming.visible()),
    notInStep: waiting.map(qualifiedName),
  }
}

/** @throws Fault integrationInWrongState */
export function requireStreaming({ pipeline, monitor, database }: RunningPipeline): StreamingPipeline {
  const streaming = pipeline?.streaming()
  if (streaming !== undefined) return streaming
  const { phase, problem } = monitor
  const why = problem === undefined ? "" : ` ${reportOf(problem).message}`
  throw new Fault(
    "integrationInWrongState",
    `Database "${database.name}" does not stream now (it is ${phase}).${why} Try again when it does.`,
  )
}

/** Those that are still there: the one named `schema.table`, or all. */
export function tablesNamed({ monitor }: RunningPipeline, table: string | null): TableProgress[] {
  return [...monitor.tables.values()].filter(
    (one) => !isGone(one.state) && (table === null || qualifiedName(one) === table),
  )
}

/** @throws Fault unavailable */
async function refusalsOf(
  streaming: StreamingPipeline,
  tables: readonly TableProgress[],
): Promise<Map<string, string>> {
  if (tables.length === 0) return new Map()
  return await orUnavailable(streaming.refusals(tables.map(({ id }) => id)))
}
