import { atMost, pause } from "../../concurrency/deadline.ts"

export interface HandOverOptions {
  keys: readonly string[]
  /** Stops a pipeline and gives its lease back. */
  release(key: string): Promise<void>
  /** Whether another process has it. Throws what the state database throws. */
  taken(key: string): Promise<boolean>
  /** Has the other processes look what is free. */
  tell(): Promise<void>
}

/** The others start so many at once without one holding up another. */
const atOnce = 4
const takingLimitMs = 1_500
/** Then the rest goes at once: a process that does not end is killed. */
const wholeLimitMs = 5_000
const askEveryMs = 100

/** Gives pipelines to other processes, the next one when one of those before it has been taken. */
export async function handOver({ keys, release, taken, tell }: HandOverOptions): Promise<void> {
  const waiting = [...keys]
  const over = new AbortController()

  /** A state database that does not answer holds nothing up: leases run out by themselves. */
  const toldAndTaken = (key: string) =>
    atMost(
      takingLimitMs,
      tell().then(() => isTaken(key)),
      () => undefined,
    ).catch(() => undefined)

  async function isTaken(key: string): Promise<void> {
    const endMs = performance.now() + takingLimitMs
    while (!over.signal.aborted && performance.now() < endMs) {
      if (await taken(key)) return
      await pause(askEveryMs, over.signal)
    }
  }

  async function lane(): Promise<void> {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      await release(key)
      // They look by themselves each second, too.
      if (!over.signal.aborted) await toldAndTaken(key)
    }
  }

  const lanes = Promise.all(Array.from({ length: atOnce }, lane))
  await atMost(wholeLimitMs, lanes, () => undefined)
  over.abort()
  await Promise.all(waiting.splice(0).map((key) => release(key)))
  await lanes
}
