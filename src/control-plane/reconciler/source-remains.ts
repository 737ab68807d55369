import { within } from "../../concurrency/deadline.ts"
import { newNudgedTask } from "../../concurrency/nudged-task.ts"
import type { SourceRemains, SourceRemainsStore } from "../../state/source-remains.ts"
import type { DutyWork, Held } from "../duties/duty.ts"
import type { ReconcilerLog } from "../log.ts"

export interface SourceRemainsOptions {
  remains: SourceRemainsStore
  /** Removes what is left; throws Problem while the source does not answer. */
  clean(remains: SourceRemains): Promise<void>
  log: ReconcilerLog
  /** Nothing is removed while the duty is another process's. */
  held: Held
  /** Default 10 s. */
  everyMs?: number | undefined
}

const usualEveryMs = 10_000
/** One attempt at a source that takes connections and answers nothing. */
const attemptMs = 15_000

/**
 * Removes what integrations have left at sources that did not answer when they were deleted, as soon as those do: a
 * source would keep its log for nobody, and refuse updates of tables that nobody takes out of the publication.
 */
export function cleanSourceRemains(options: SourceRemainsOptions): DutyWork {
  const { remains, log, held } = options
  let isStopped = false

  async function cleanAll(): Promise<void> {
    for (const one of await remains.all()) {
      if (isStopped || !held.isHeld()) return
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

  const cleaning = newNudgedTask({
    everyMs: options.everyMs ?? usualEveryMs,
    work: cleanAll,
    onError: (error) => log.info({ reason: String(error) }, "what was left at sources is not known"),
  })
  cleaning.nudge()
  return {
    async stop() {
      isStopped = true
      await cleaning.stop()
    },
  }
}
