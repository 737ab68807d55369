import { setTimeout as delay } from "node:timers/promises"
import type { Hand, Traffic } from "./source.ts"

export interface Writers {
  /** Writes committed so far. */
  committed(): number
  /** Holds all writers after what they do at the moment; resolves when none is at it. */
  pause(): Promise<void>
  resume(): void
  /** Ends them after what they do at the moment. Throws what one of them failed at, if one did. */
  stop(): Promise<void>
  /** Rejects when a writer fails; never resolves. */
  readonly failed: Promise<never>
}

const writerCount = 4
const bigEveryMs = 2_000

/** Writes to the shop, as many small things as its traffic says and a bigger one now and then, until stopped. */
export async function startWriters({ perSecond, openHand }: Traffic): Promise<Writers> {
  const state: State = {
    committed: 0,
    stopping: false,
    gate: undefined,
    busy: 0,
    lastBigMs: performance.now(),
  }
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined) // told by `stop` at the latest
  const hands = await Promise.all(Array.from({ length: writerCount }, openHand))
  const running = hands.map((hand) =>
    writeOn(hand, state, (1000 * writerCount) / perSecond).catch((error: unknown) => {
      state.stopping = true
      failed.reject(error)
      throw error
    }),
  )
  return {
    committed: () => state.committed,
    failed: failed.promise,
    async pause() {
      state.gate ??= Promise.withResolvers<void>()
      while (state.busy > 0) await delay(1)
    },
    resume() {
      state.gate?.resolve()
      state.gate = undefined
    },
    async stop() {
      state.stopping = true
      state.gate?.resolve()
      const outcomes = await Promise.allSettled(running)
      await Promise.all(hands.map((hand) => hand.close()))
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason
    },
  }
}

interface State {
  committed: number
  stopping: boolean
  /** While set, nobody begins anything. */
  gate: PromiseWithResolvers<void> | undefined
  /** Writes under way. */
  busy: number
  lastBigMs: number
}

async function writeOn(hand: Hand, state: State, paceMs: number): Promise<void> {
  let dueMs = performance.now() + Math.random() * paceMs
  while (!state.stopping) {
    // Never behind by more than a moment: a stall must not end in a burst.
    dueMs = Math.max(dueMs + paceMs, performance.now() - paceMs)
    const waitMs = dueMs - performance.now()
    if (waitMs > 1) await delay(waitMs)
    await state.gate?.promise
    if (state.stopping) return
    await writeOnce(hand, state)
  }
}

async function writeOnce(hand: Hand, state: State): Promise<void> {
  const isBig = performance.now() - state.lastBigMs >= bigEveryMs
  if (isBig) state.lastBigMs = performance.now()
  state.busy++
  try {
    if (await hand.write(isBig ? "big" : "small")) state.committed++
  } finally {
    state.busy--
  }
}
