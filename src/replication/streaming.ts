import { setTimeout as delay } from "node:timers/promises"
import type { Position } from "../domain/position.ts"
import { Problem } from "../domain/problems.ts"
import type { RowKey } from "./contracts/comparison.ts"
import type { TableWatch } from "./tables/table-watch.ts"
import { mendRows, type Verdict, type VerifyParts, verifyTables } from "./verify/verify.ts"

/** The interface of a pipeline while it streams. */
export interface StreamingPipeline {
  /**
   * Starts a resync of tables by id: they are re-snapshotted beside the live ones, and the reporter tells the progress.
   * Resolves with `true` when the warehouse has recorded that they are stale, so that no end of this process loses the
   * request; an attempt that ends before hands it to the next one. `false`: the pipeline stopped before.
   */
  resync(ids: readonly string[]): Promise<boolean>
  /** Tables, by id, of which no copy can be made as the source is now, and why. Throws Problem. */
  refusals(ids: readonly string[]): Promise<Map<string, string>>
  /** The settings of tables have changed: they are read again now. */
  settingsChanged(): void
  /**
   * The source's tables may have changed in a way that the stream does not tell: the catalog is polled soon. Returns
   * at once.
   */
  pollSoon(): void
  /** Everything committed at the source up to here is visible in the warehouse. */
  visible(): Position
  /** The source's newest position. Throws Problem. */
  currentPosition(): Promise<Position>
  /** A position as people write it; `undefined`: not one of this source. */
  parsePosition(text: string): Position | undefined
  /** See Source.positionHelp. */
  readonly positionHelp?: string
  /** Waits until everything up to `target` is visible, at most `timeoutMs`; answers whether it is. */
  reached(target: Position, timeoutMs: number): Promise<boolean>
  /** Compares tables, by id, with the source, at one place of its history; see verifyTables. Throws Problem. */
  verify(
    ids: ReadonlySet<string>,
    onVerdict: (id: string, verdict: Verdict) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** Puts the source's rows in the place of those with these keys; see mendRows. Throws Problem. */
  mend(id: string, keys: readonly RowKey[], signal: AbortSignal): Promise<void>
}

const lookEveryMs = 5
/**
 * Interval at which the source is asked for its position while somebody waits: an idle source reports it only now and
 * then.
 */
const askEveryMs = 100

export function newStreaming(parts: VerifyParts, watch: TableWatch): StreamingPipeline {
  const { source, stream, batcher } = parts
  return {
    resync: watch.resync,
    async refusals(ids) {
      const { tables, refused } = await watch.current()
      const there = new Set(tables.map(({ id }) => id))
      const reasons = new Map(refused.map(({ id, reason }) => [id, reason]))
      const missing = ids.filter((id) => !there.has(id))
      return new Map(missing.map((id) => [id, reasons.get(id) ?? "It is not at the source."]))
    },
    settingsChanged: watch.wake,
    pollSoon: watch.pollSoon,
    visible: () => batcher.visible,
    currentPosition: source.currentPosition,
    parsePosition: source.parsePosition,
    ...(source.positionHelp !== undefined && { positionHelp: source.positionHelp }),
    async reached(target, timeoutMs) {
      const deadline = performance.now() + timeoutMs
      let askAt = 0
      while (source.compare(batcher.visible, target) < 0) {
        const now = performance.now()
        if (now >= deadline) return false
        if (now >= askAt) {
          stream.ask()
          askAt = now + askEveryMs
        }
        await delay(lookEveryMs)
      }
      return true
    },
    verify: (ids, onVerdict, signal) => verifyTables(parts, ids, onVerdict, signal),
    async mend(id, keys, signal) {
      const table = watch.known().find((one) => one.id === id)
      if (table === undefined) throw new Problem("tableFailed", "The table does not stream.")
      await mendRows(parts, table, keys, signal)
    },
  }
}

/** Limit of one check whether the stream has come far enough. */
const settledLookMs = 500

/**
 * Resolves with `true` when the pipeline is proven to work: a batch was applied, or everything committed before the
 * stream opened is already visible. A stream that opens proves nothing about the warehouse. `false`: the stream ended
 * before.
 */
export async function hasSettled(streaming: StreamingPipeline, ended: AbortSignal): Promise<boolean> {
  const target = await streaming.currentPosition()
  while (!ended.aborted) if (await streaming.reached(target, settledLookMs)) return true
  return false
}
