import type { Destination } from "../contracts/warehouse.ts"
import { stage } from "./apply-loop.ts"
import type { Batcher } from "./batcher.ts"

/** Keeps what is being gathered within bounds of memory and disk, by spilling and by back pressure. */
export interface Backpressure {
  chunkDecoded(): void
  handedOver(): void
  /** Whether so much is staged that reading waits for the warehouse. */
  isFull(): boolean
}

export interface BackpressureOptions {
  destination: Destination
  batcher(): Batcher
  /** Pauses and resumes reading. */
  hold(held: boolean): void
  failed(error: unknown): void
}

/** Above this much in memory, what is being gathered is written to staging. */
const spillBytes = 48 * 2 ** 20
/** A table's rows below this stay in memory, if others make up for it: writing them would free little. */
const worthSpillingBytes = 2 ** 20
/** Rows in one staged part, give or take those of one read: a warehouse may want to take them in portions. */
const partRows = 100_000
/** Staged for the next batch, above which reading stops until the warehouse has taken it. One transaction may pass it: it must land whole. */
const maxStagedBytes = 2 ** 30

/** A batch that takes longer is no usual one. */
const hinderedMs = 10_000

export function newBackpressure(flow: BackpressureOptions): Backpressure {
  let spilling = false
  let full = false

  const update = () => flow.hold(spilling || full)

  async function spill(inMemoryBytes: number): Promise<void> {
    const tables = [...flow.batcher().gathering()]
    // At least one table has its share or more, so something always goes.
    const worthBytes = Math.min(worthSpillingBytes, inMemoryBytes / tables.length)
    for (const changes of tables) {
      const isWorth = changes.bytes >= worthBytes || changes.row >= partRows
      if (isWorth && changes.row > 0) await stage(flow.destination, changes)
    }
  }

  return {
    isFull: () => full,
    chunkDecoded() {
      const { inMemoryBytes, stagedBytes, mostRows } = measure(flow.batcher())
      if (stagedBytes > maxStagedBytes && !flow.batcher().inTransaction) {
        full = true
        update()
        // Changes that are resting would keep us waiting.
        flow.batcher().wake()
      }
      if (spilling || (inMemoryBytes < spillBytes && mostRows < partRows)) return
      spilling = true
      update()
      spill(inMemoryBytes)
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

/** The warehouse, and not the source, is what makes a stream slow. */
export function isHindered({ workingSinceMs }: Batcher, flow: Backpressure): boolean {
  return flow.isFull() || (workingSinceMs !== undefined && performance.now() - workingSinceMs > hinderedMs)
}
