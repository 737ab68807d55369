import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { ChangeStream } from "../contracts/source.ts"
import type { Destination } from "../contracts/warehouse.ts"
import type { WriteObserver } from "../write-order.ts"
import type { Batcher } from "./batcher.ts"
import type { Adoption, GatheredBatch, StaleTable, Work } from "./open-batch.ts"
import type { GatheredChanges } from "./table-changes.ts"

/** What one batch did, for metrics and progress. */
export interface Applied {
  /** Changes per table, and the source clock of the first commit in the batch. */
  tables: { table: TableSchema; changes: number }[]
  changes: number
  transactions: number
  stagedBytes: number
  firstCommittedAtMs: number | undefined
  /** As the first: `undefined` where tables changed their shape and no transaction was applied. */
  lastCommittedAtMs: number | undefined
  /** Everything committed up to this position is visible; `undefined`: the batch moved no position. */
  position: Position | undefined
  /** This process's clock when the batch became visible, in ms since 1970. */
  visibleAtMs: number
  /** From handing the batch over to its commit, in ms. */
  tookMs: number
}

export interface ApplyLoop {
  destination: Destination
  batcher: Batcher
  stream: ChangeStream
  observe: WriteObserver
  onApplied(applied: Applied): void
  onStale(stale: StaleTable): void
}

/** Moves batches from the batcher to the warehouse until the batcher is closed or something throws. */
export async function applyBatches(loop: ApplyLoop): Promise<void> {
  let advancedTo: Position | undefined
  for (;;) {
    const work = await loop.batcher.next()
    if (work === undefined) return
    // An idle source reports the same position repeatedly; one write for it is enough.
    if (work.kind === "advance" && work.position === advancedTo) continue
    await doWork(loop, work)
    if (work.kind === "advance") advancedTo = work.position
  }
}

async function doWork(loop: ApplyLoop, work: Work): Promise<void> {
  switch (work.kind) {
    case "advance":
      await loop.destination.notes.advance(work.position)
      loop.stream.acknowledge(work.position)
      return
    case "batch":
      try {
        return await applyOne(loop, work.gathered)
      } catch (error) {
        // `copyBesideStream` awaits this promise. If it never settled, the next attempt could not start.
        for (const { done } of work.gathered.adopted) done(false)
        throw error
      }
    case "standStill":
      return await work.work()
    default:
      unreachable(work)
  }
}

async function applyOne(loop: ApplyLoop, gathered: GatheredBatch): Promise<void> {
  const startedMs = performance.now()
  const stagedBytes = await stageAll(loop.destination, gathered.tables)
  await completeCopies(loop.destination, gathered.adopted)
  loop.observe("staged")
  await loop.destination.rows.apply({
    tables: gathered.tables.filter(({ runs, alteration }) => runs.length > 0 || alteration !== undefined),
    swaps: gathered.adopted.map(({ table, changes }) => changes.revised ?? table),
    stale: gathered.stale.map(({ held, table }) => held ?? table),
    dropped: gathered.dropped,
    at: gathered.transactions > 0 ? new Date(gathered.lastCommittedAtMs) : new Date(),
    position: gathered.position,
  })
  loop.observe("applied")
  if (gathered.position !== undefined) loop.stream.acknowledge(gathered.position)
  loop.observe("acknowledged")
  for (const { load, done } of gathered.adopted) {
    load.close()
    done(true)
  }
  for (const stale of gathered.stale) loop.onStale(stale)
  const isTold = gathered.transactions > 0 || gathered.tables.length > 0
  if (isTold) loop.onApplied(appliedOf(gathered, stagedBytes, startedMs))
}

/**
 * Applies the changes held during a copy to the copy, which no reader sees yet, so that the batch itself only has to
 * swap.
 */
async function completeCopies(destination: Destination, adopted: readonly Adoption[]): Promise<void> {
  await stageAll(
    destination,
    adopted.map((adoption) => adoption.changes),
  )
  for (const { load, changes } of adopted) if (changes.runs.length > 0) await load.apply(changes)
}

function appliedOf(gathered: GatheredBatch, stagedBytes: number, startedMs: number): Applied {
  const isOfCommits = gathered.transactions > 0
  return {
    tables: gathered.tables.map(({ table, count }) => ({ table, changes: count })),
    changes: gathered.changes,
    transactions: gathered.transactions,
    stagedBytes,
    firstCommittedAtMs: isOfCommits ? gathered.firstCommittedAtMs : undefined,
    lastCommittedAtMs: isOfCommits ? gathered.lastCommittedAtMs : undefined,
    position: gathered.position,
    visibleAtMs: Date.now(),
    tookMs: performance.now() - startedMs,
  }
}

// Staging files written at a time: enough to keep the disk busy; a batch over thousands of tables still opens few.
const filesAtOnce = 8

async function stageAll(destination: Destination, tables: readonly GatheredChanges[]): Promise<number> {
  const waiting = [...tables]
  const writer = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      // Backpressure may be writing an earlier part of this table to staging: the batch waits for it.
      await next.staging
      if (next.row > 0) await stage(destination, next)
      await stageCommits(destination, next)
      await stageAlteration(destination, next)
    }
  }
  await Promise.all(Array.from({ length: Math.min(filesAtOnce, waiting.length) }, writer))
  return tables.reduce(
    (sum, changes) => sum + changes.parts.reduce((bytes, part) => bytes + part.bytes, 0),
    0,
  )
}

async function stageCommits(destination: Destination, changes: GatheredChanges): Promise<void> {
  const { commitTimes, runs } = changes
  if (commitTimes !== undefined && runs.length > 0)
    changes.commits = await destination.rows.stageCommits(commitTimes)
}

async function stageAlteration(destination: Destination, changes: GatheredChanges): Promise<void> {
  const alteration = changes.decodedAlteration
  if (alteration === undefined) return
  const { fill } = alteration
  changes.alteration = {
    ...alteration,
    fill: fill && (await destination.rows.stageRows(alteration.to, fill)),
  }
}

export async function stage(destination: Destination, changes: GatheredChanges): Promise<void> {
  await changes.stageRows((rows) => destination.rows.stage(changes.table, rows))
}
