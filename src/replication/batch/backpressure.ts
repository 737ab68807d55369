import type { Destination } from "../contracts/warehouse.ts"
import { stage } from "./apply-loop.ts"
import type { Batcher } from "./batcher.ts"

/**
 * Bounds what a pipeline has read and not applied: above a limit of memory the rows are written to staging; above a
 * limit of staging the stream is paused.
 */
export interface Backpressure {
  chunkDecoded(batcher: Batcher): void
  handedOver(): void
  /** True while reading is paused because staging is above its limit. */
  isFull(): boolean
}

export interface BackpressureOptions {
  destination: Destination
  /** Pauses (`true`) or resumes reading from the source. */
  hold(held: boolean): void
  failed(error: unknown): void
}

/** Bytes of gathered rows in memory, above which they are written to staging. */
const spillBytes = 48 * 2 ** 20
/**
 * Bytes of one table's rows: smaller tables are not spilled while larger ones free enough, because a small file costs
 * as much as a large one.
 */
const worthSpillingBytes = 2 ** 20
/** Rows in one staged part, exceeded by at most one read of the source: a warehouse loads a batch part by part. */
const partRows = 100_000
/**
 * Bytes staged for the next batch, above which reading pauses until the warehouse has taken the batch. One
 * transaction may exceed it, because a transaction is applied whole.
 */
const maxStagedBytes = 2 ** 30

/** A batch that has been under way for longer says that the warehouse, not the source, is slow. */
const hinderedMs = 10_000

export function newBackpressure(flow: BackpressureOptions): Backpressure {
  let spilling = false
  let full = false

  const update = () => flow.hold(spilling || full)

  async function spill(batcher: Batcher, inMemoryBytes: number): Promise<void> {
    const tables = [...batcher.gathering()]
    // The limit is at most the average of all tables, so at least one table is above it and is spilled.
    const worthBytes = Math.min(worthSpillingBytes, inMemoryBytes / tables.length)
    for (const changes of tables) {
      const isWorth = changes.bytes >= worthBytes || changes.row >= partRows
      if (isWorth && changes.row > 0) await stage(flow.destination, changes)
    }
  }

  return {
    isFull: () => full,
    chunkDecoded(batcher) {
      const { inMemoryBytes, stagedBytes, mostRows } = measure(batcher)
      if (stagedBytes > maxStagedBytes && !batcher.inTransaction) {
        full = true
        update()
        // Changes that wait for the batch interval go now: reading is paused until they are applied.
        batcher.wake()
      }
      if (spilling || (inMemoryBytes < spillBytes && mostRows < partRows)) return
      spilling = true
      update()
      spill(batcher, inMemoryBytes)
        .catch(flow.failed)
        .finally(() => {
          spilling = false
          update()
        })
    },
    handedOver() {
      full = false
      update()
    },
  }
}

function measure(batcher: Batcher): { inMemoryBytes: number; stagedBytes: number; mostRows: number } {
  let inMemoryBytes = 0
  let stagedBytes = 0
  let mostRows = 0
  for (const changes of batcher.gathering()) {
    inMemoryBytes += changes.bytes
    mostRows = Math.max(mostRows, changes.row)
    for (const part of changes.parts) stagedBytes += part.bytes
  }
  return { inMemoryBytes, stagedBytes, mostRows }
}

/** True when the warehouse, not the source, makes the stream slow: staging is full, or a batch takes long. */
export function isHindered({ workingSinceMs }: Batcher, flow: Backpressure): boolean {
  return flow.isFull() || (workingSinceMs !== undefined && performance.now() - workingSinceMs > hinderedMs)
}
