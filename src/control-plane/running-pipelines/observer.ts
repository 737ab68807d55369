import { startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { ChangedPipeline, ObservationStore, PipelineKey } from "../../state/pipelines/observations.ts"
import type { ReconcilerLog } from "../log.ts"
import { heartbeatEveryMs } from "../pipelines/observed-pipelines.ts"
import { newToldTables, type TableChanges, type ToldTables } from "./changed-tables.ts"
import { factsOf, type LagFacts, lagFactsOf } from "./facts.ts"
import type { RunningPipeline } from "./running-pipeline.ts"

export interface ObserverOptions {
  observations: Pick<ObservationStore, "beat">
  running(): RunningPipeline[]
  /** Unique to this start of this process. */
  owner: string
  log: ReconcilerLog
}

/**
 * Writes what this process sees of its pipelines into the state database, where every process reads it: what changed, at
 * most four times a second, and a heartbeat each second, which says that the rest is still so.
 */
export interface Observer {
  /** Resolves when everything that is so now is written. Throws Fault unavailable. */
  flush(): Promise<void>
  /** Writes once more: that nothing runs. */
  stop(): Promise<void>
}

/** So old at most is what others see. */
const lookEveryMs = 250

/** What was last written of one pipeline. */
interface Told {
  key: PipelineKey
  /** The pipeline itself: another one may take its place. */
  of: RunningPipeline
  facts: string
  revision: number
  lags: LagFacts
  tables: ToldTables
}

interface Look {
  changed: ChangedPipeline[]
  ended: PipelineKey[]
  /** To be called when it is written. */
  noted: (() => void)[]
}

export function startObserver(options: ObserverOptions): Observer {
  const { observations, owner, log } = options
  const inTurn = newSerialQueue()
  let told = new Map<string, Told>()
  let sequence = 0
  let beatAtMs = Number.NEGATIVE_INFINITY
  let hasFailed = false

  /** Twice at most: the second time everything, as if nothing had been written. */
  async function write(): Promise<void> {
    if (await writeOnce()) return
    forgetAll()
    if (!(await writeOnce())) throw new Error("the observations cannot be written")
  }

  async function writeOnce(): Promise<boolean> {
    const { changed, ended, noted } = lookAt(options.running(), told)
    const isDue = performance.now() - beatAtMs >= heartbeatEveryMs
    if (sequence > 0 && changed.length + ended.length === 0 && !isDue) return true
    const begunMs = performance.now()
    if (!(await observations.beat({ owner, sequence, changed, ended }))) return false
    sequence++
    beatAtMs = begunMs
    for (const note of noted) note()
    return true
  }

  function forgetAll(): void {
    told = new Map()
    sequence = 0
  }

  async function writeOrForget(): Promise<void> {
    try {
      await write()
    } catch (error) {
      // Whether it was written is not known.
      forgetAll()
      throw error
    }
  }

  /** Those who ask while a write runs share the next one. */
  let next: Promise<void> | undefined
  function flush(): Promise<void> {
    next ??= inTurn(() => {
      next = undefined
      return writeOrForget()
    })
    return next
  }

  const looking = startPeriodicTask({
    everyMs: lookEveryMs,
    async work() {
      await flush()
      hasFailed = false
    },
    onError(error) {
      if (!hasFailed)
        log.warn({ reason: String(error) }, "what the pipelines do cannot be told to others now")
      hasFailed = true
    },
  })
  return {
    flush,
    async stop() {
      await looking.stop()
      await flush().catch((error: unknown) =>
        log.info({ reason: String(error) }, "the last word is not written"),
      )
    },
  }
}

function lookAt(running: readonly RunningPipeline[], told: Map<string, Told>): Look {
  const look: Look = { changed: [], ended: [], noted: [] }
  const present = new Set<string>()
  for (const one of running) {
    const key = keyOf(one)
    const id = JSON.stringify(key)
    present.add(id)
    const known = told.get(id)
    lookAtOne(look, one, known?.of === one ? known : undefined, (next) => told.set(id, { ...next, key }))
  }
  for (const [id, { key }] of told) {
    if (present.has(id)) continue
    look.ended.push(key)
    look.noted.push(() => told.delete(id))
  }
  return look
}

function keyOf({ monitor: { record } }: RunningPipeline): PipelineKey {
  return { integrationId: record.integrationId, sourceDatabase: record.sourceDatabase }
}

function lookAtOne(
  look: Look,
  one: RunningPipeline,
  known: Told | undefined,
  note: (told: Omit<Told, "key">) => void,
): void {
  const { revision, tables } = one.monitor
  const isTouched = known?.revision !== revision
  const lags = known !== undefined && !isTouched ? known.lags : lagFactsOf(one)
  const facts = factsOf(one, lags)
  const text = JSON.stringify(facts)
  if (!isTouched && known.facts === text) return
  const toldTables = known?.tables ?? newToldTables()
  const changes = isTouched ? toldTables.changed(tables) : nothing
  const { changedTables, goneTables } = changes
  // What is handed over is as it was now: totals and counts go on changing in place.
  const told = JSON.parse(text)
  const isWhole = known === undefined
  look.changed.push({
    ...keyOf(one),
    generation: one.lease.generation,
    facts: told,
    changedTables,
    goneTables,
    isWhole,
  })
  look.noted.push(() => {
    toldTables.noted(changes)
    note({ of: one, facts: text, revision, lags, tables: toldTables })
  })
}

const nothing: TableChanges = { changedTables: [], goneTables: [], copies: new Map() }
