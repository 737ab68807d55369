import { newNudgedTask } from "../concurrency/nudged-task.ts"
import type { RemovalStore } from "../state/profiles/removals.ts"

export interface Remover {
  /** Something is to be removed. Never throws, returns at once. */
  nudge(): void
  stop(): Promise<void>
}

export interface RemoverOptions {
  removals: RemovalStore
  log: { warn(fields: object, message: string): void }
}

/** Another process may have been told, and ended. */
const lookEveryMs = 60_000

/** Removes rows of deleted domains and object types, piece by piece. Several processes do it side by side without harm. */
export function startRemover({ removals, log }: RemoverOptions): Remover {
  let isStopped = false
  const task = newNudgedTask({
    everyMs: lookEveryMs,
    work: async () => {
      while (!isStopped && (await removals.removeSome()));
    },
    onError: (error) => log.warn({ reason: String(error) }, "rows of deleted profiles cannot be removed now"),
  })
  task.nudge()
  return {
    nudge: task.nudge,
    async stop() {
      isStopped = true
      await task.stop()
    },
  }
}
