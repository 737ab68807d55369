import { setTimeout as delay } from "node:timers/promises"
import type { Position } from "../domain/position.ts"
import type { Collector } from "./collector.ts"
import type { ChangeStream, Source } from "./source.ts"
import type { TableWatch } from "./table-watch.ts"

/** What can be asked of a pipeline while it streams. */
export interface StreamingPipeline {
  /** Has tables, by id, copied anew beside the live ones. Returns at once; the reporter tells how it goes. */
  resync(ids: readonly string[]): void
  /** Everything committed at the source up to here is visible in the warehouse. */
  visible(): Position
  /** The source's newest position. Throws Problem. */
  currentPosition(): Promise<Position>
  /** A position as people write it; `undefined`: not one of this source. */
  parsePosition(text: string): Position | undefined
  /** Waits until everything up to `target` is visible, at most `timeoutMs`; answers whether it is. */
  reached(target: Position, timeoutMs: number): Promise<boolean>
}

const lookEveryMs = 5
/** An idle source says by itself how far it is only now and then. */
const askEveryMs = 100

export function newStreaming(
  source: Source,
  stream: ChangeStream,
  collector: Collector,
  watch: TableWatch,
): StreamingPipeline {
  return {
    resync: watch.resync,
    visible: () => collector.visible,
    currentPosition: source.currentPosition,
    parsePosition: source.parsePosition,
    async reached(target, timeoutMs) {
      const deadline = performance.now() + timeoutMs
      let askAt = 0
      while (source.compare(collector.visible, target) < 0) {
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
  }
}
