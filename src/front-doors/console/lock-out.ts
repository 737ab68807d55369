import type { GuessStore } from "../../state/console/guesses.ts"
import { addressOf } from "../../wire/http/connections.ts"

/** Wrong passwords of one user from one network until it has to wait; of all users from one network. */
const wrongOfUser = 10
const wrongOfNetwork = 100

/**
 * Who guessed too often waits for five minutes. Counted over all processes, by user and network: what others guess from elsewhere locks
 * nobody out.
 */
export interface LockOut {
  /** Before a password is looked at. @returns how long it has to wait, in ms; `undefined`: it may try */
  begin(
    user: string,
    address: string | undefined,
  ): Promise<{ waitMs: number | undefined; isLast: boolean; leftMs: number }>
  right(user: string, address: string | undefined): Promise<void>
}

export function newLockOut(store: GuessStore): LockOut {
  return {
    async begin(user, address) {
      const by = countedBy(user, address)
      const counts = await store.count(by)
      const states = by.map(({ key, atMost }) => ({
        atMost,
        ...(counts.get(key) ?? { wrong: 0, leftMs: 0 }),
      }))
      const longest = (of: typeof states) => Math.max(0, ...of.map(({ leftMs }) => leftMs))
      const over = states.filter(({ wrong, atMost }) => wrong > atMost)
      const last = states.filter(({ wrong, atMost }) => wrong >= atMost)
      return {
        waitMs: over.length === 0 ? undefined : longest(over),
        isLast: last.length > 0,
        leftMs: longest(last),
      }
    },
    async right(user, address) {
      const [ofUser, ofNetwork] = countedBy(user, address)
      await store.right({ forget: ofUser.key, less: ofNetwork.key })
    },
  }
}

function countedBy(user: string, address: string | undefined) {
  const network = addressOf(address)
  return [
    { key: `${network} ${user.slice(0, 200)}`, atMost: wrongOfUser },
    { key: network, atMost: wrongOfNetwork },
  ] as const
}
