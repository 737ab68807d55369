import type { TableSchema } from "../domain/table.ts"
import type { Collector, Gathered } from "./collector.ts"
import type { ChangeStream } from "./source.ts"
import type { GatheredChanges } from "./table-changes.ts"
import type { Destination } from "./warehouse.ts"
import type { WriteObserver } from "./write-order.ts"

/** What one batch did, for metrics and progress. */
export interface Applied {
  /** Changes per table, and the source clock of the first commit in the batch. */
  tables: { table: TableSchema; changes: number }[]
  changes: number
  transactions: number
  stagedBytes: number
  firstCommittedAtMs: number
  lastCommittedAtMs: number
  /** Our clock when it became visible. */
  visibleAtMs: number
  /** From handing over to durable. */
  tookMs: number
}

export interface ApplyLoop {
  pipeline: string
  destination: Destination
  collector: Collector
  stream: ChangeStream
  observe: WriteObserver
  onApplied(applied: Applied): void
  onFailed(table: TableSchema, reason: string): void
}

/** Moves batches from the collector to the warehouse until the collector is closed or something throws. */
export async function applyBatches(loop: ApplyLoop): Promise<void> {
  for (;;) {
    const work = await loop.collector.next()
    if (work === undefined) return
    if (work.kind === "advance") {
      await loop.destination.advance(loop.pipeline, work.position)
      loop.stream.acknowledge(work.position)
    } else await applyOne(loop, work.gathered)
  }
}

async function applyOne(loop: ApplyLoop, gathered: Gathered): Promise<void> {
  const startedMs = performance.now()
  const stagedBytes = await stageAll(loop.destination, gathered)
  loop.observe("staged")
  await loop.destination.apply(loop.pipeline, {
    tables: gathered.tables.filter((changes) => changes.runs.length > 0),
    failed: gathered.failed.map((one) => one.table),
    position: gathered.position,
  })
  loop.observe("applied")
  loop.stream.acknowledge(gathered.position)
  loop.observe("acknowledged")
  for (const { table, reason } of gathered.failed) loop.onFailed(table, reason)
  loop.onApplied(appliedOf(gathered, stagedBytes, startedMs))
}

function appliedOf(gathered: Gathered, stagedBytes: number, startedMs: number): Applied {
  return {
    tables: gathered.tables.map(({ table, count }) => ({ table, changes: count })),
    changes: gathered.changes,
    transactions: gathered.transactions,
    stagedBytes,
    firstCommittedAtMs: gathered.firstCommittedAtMs,
    lastCommittedAtMs: gathered.lastCommittedAtMs,
    visibleAtMs: Date.now(),
    tookMs: performance.now() - startedMs,
  }
}

// Enough to keep the disk busy, few enough that a batch over thousands of tables opens few files at once.
const filesAtOnce = 8

async function stageAll(destination: Destination, gathered: Gathered): Promise<number> {
  const waiting = gathered.tables.filter((changes) => changes.row > 0)
  const writer = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await stage(destination, next)
  }
  await Promise.all(Array.from({ length: Math.min(filesAtOnce, waiting.length) }, writer))
  return gathered.tables.reduce(
    (sum, changes) => sum + changes.parts.reduce((bytes, part) => bytes + part.bytes, 0),
    0,
  )
}

export async function stage(destination: Destination, changes: GatheredChanges): Promise<void> {
  const part = await destination.stage(changes.table, changes.takeRows())
  changes.parts.push(part)
}
