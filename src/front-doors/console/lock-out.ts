import { addressOf } from "../../wire/http/connections.ts"

/** Wrong passwords of one user from one network until it has to wait; of all users from one network. */
const wrongOfUser = 10
const wrongOfAddress = 100
/** How long wrong passwords are remembered, and how long nobody may try then. */
const lockedMs = 300_000
const keptAtMost = 10_000

interface Guesses {
  wrong: number
  /** When they are forgotten, by the monotonic clock. */
  untilMs: number
}

/** Who guessed too often waits. Counted in this process, by user and network: what others guess from elsewhere locks nobody out. */
export interface LockOut {
  /** How long it has to wait, in ms; `undefined`: it may try. */
  waitMs(user: string, address: string | undefined): number | undefined
  /** @returns locked: this was the last one for now */
  wrong(user: string, address: string | undefined): "counted" | "locked"
  right(user: string, address: string | undefined): void
}

/** @param nowMs of the monotonic clock */
export function newLockOut(nowMs: () => number = () => performance.now()): LockOut {
  const kept = new Map<string, Guesses>()

  function guesses(key: string): Guesses {
    const found = kept.get(key)
    if (found !== undefined && found.untilMs > nowMs()) return found
    return { wrong: 0, untilMs: nowMs() + lockedMs }
  }

  function keysOf(user: string, address: string | undefined): [key: string, atMost: number][] {
    const network = addressOf(address)
    return [
      [`${network} ${user.slice(0, 200)}`, wrongOfUser],
      [network, wrongOfAddress],
    ]
  }

  function count(key: string): number {
    const found = guesses(key)
    const counted = { wrong: found.wrong + 1, untilMs: nowMs() + lockedMs }
    kept.delete(key)
    // The oldest are forgotten first.
    const [oldest] = kept.keys()
    if (kept.size >= keptAtMost && oldest !== undefined) kept.delete(oldest)
    kept.set(key, counted)
    return counted.wrong
  }

  return {
    waitMs(user, address) {
      const waits = keysOf(user, address).flatMap(([key, atMost]) => {
        const { wrong, untilMs } = guesses(key)
        return wrong >= atMost ? [untilMs - nowMs()] : []
      })
      return waits.length === 0 ? undefined : Math.max(...waits)
    },
    wrong(user, address) {
      const full = keysOf(user, address).filter(([key, atMost]) => count(key) >= atMost)
      return full.length > 0 ? "locked" : "counted"
    },
    right: (user, address) => {
      const [[key]] = keysOf(user, address) as [[string, number]]
      kept.delete(key)
    },
  }
}
