import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { atEnd } from "./clean-up.ts"

/** Somebody who writes to a source. */
export interface Workload {
  /** Steps done so far. */
  readonly done: number
  pause(): Promise<void>
  resume(): void
  stop(): Promise<void>
}

/** Repeats `step` until stopped, at the test's end at the latest. A step that says `false` does not count. */
export function startWriting(
  context: TestContext,
  step: () => Promise<boolean>,
  pauseMs: number,
  close: () => unknown,
): Workload {
  const state = { done: 0, paused: false, stopped: false }
  let idle = Promise.withResolvers<void>()
  const running = (async () => {
    while (!state.stopped) {
      if (state.paused) {
        idle.resolve()
        await sleep(5)
        continue
      }
      if (await step()) {
        state.done++
        await sleep(pauseMs)
      }
    }
    await close()
  })()
  running.catch((error) => idle.reject(error))
  atEnd(context, async () => {
    state.stopped = true
    await running
  })
  return {
    get done() {
      return state.done
    },
    async pause() {
      idle = Promise.withResolvers<void>()
      state.paused = true
      await idle.promise
    },
    resume() {
      state.paused = false
    },
    async stop() {
      state.stopped = true
      await running
    },
  }
}

/** One of the choices, more often the heavier ones. */
export function weighted<T>(random: () => number, choices: readonly (readonly [number, T])[]): T {
  const total = choices.reduce((sum, [weight]) => sum + weight, 0)
  let left = random() * total
  for (const [weight, choice] of choices) {
    left -= weight
    if (left < 0) return choice
  }
  throw new Error("no choice")
}
