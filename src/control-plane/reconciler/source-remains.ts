import type { SourceRemains, SourceRemainsStore } from "../../state/source-remains.ts"
import type { ReconcilerLog } from "../log.ts"
import { within } from "./within.ts"

export interface SourceRemainsOptions {
  remains: SourceRemainsStore
  /** Removes what is left; throws Problem while the source does not answer. */
  clean(remains: SourceRemains): Promise<void>
  log: ReconcilerLog
  /** Default 10 s. */
  everyMs?: number
}

const usualEveryMs = 10_000
/** One attempt at a source that takes connections and answers nothing. */
const attemptMs = 15_000

/**
 * Removes what integrations have left at sources that did not answer when they were deleted, as soon as those do: a
 * source would keep its log for nobody, and refuse updates of tables that nobody takes out of the publication.
 */
export function cleanSourceRemains(options: SourceRemainsOptions): { stop(): void } {
  const { remains, log } = options
  let isCleaning = false

  async function cleanAll(): Promise<void> {
    for (const one of await remains.all()) {
      try {
        if ((await within(attemptMs, options.clean(one))) === "late") continue
      } catch (error) {
        const { sourceArn, sourceHandle: handle } = one
        log.info(
          { sourceArn, handle, reason: String(error) },
          "what a deleted integration left is still there",
        )
        continue
      }
      await remains.remove(one.sourceHandle)
      log.info(
        { sourceArn: one.sourceArn, handle: one.sourceHandle },
        "what a deleted integration left is removed",
      )
    }
  }

  const tick = () => {
    if (isCleaning) return
    isCleaning = true
    cleanAll()
      .catch((error: unknown) => log.info({ reason: String(error) }, "what was left at sources is not known"))
      .finally(() => {
        isCleaning = false
      })
  }
  const timer = setInterval(tick, options.everyMs ?? usualEveryMs)
  tick()
  return { stop: () => clearInterval(timer) }
}
