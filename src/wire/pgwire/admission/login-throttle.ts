import { createHash } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import { PgError } from "../pg-error.ts"

/**
 * Slows down whoever guesses passwords. Wrong passwords cost, right ones do not: of one user from one address, and of all
 * users from one address. What others guess from elsewhere holds nobody up. It makes no difference whether the user exists.
 */
export interface LoginThrottle {
  /**
   * Waits until a password may be tried, then runs `prove`. Throws 53300 where too many wait already or the wait would be
   * too long; what `prove` throws otherwise, and counts it when it says that the password was wrong (28P01).
   */
  attempt<T>(user: string, address: string | undefined, prove: () => Promise<T>): Promise<T>
}

export interface LoginThrottleLimits {
  /** Wrong passwords at once, before they cost time. */
  burst: number
  /** And then, as often. */
  perSecond: number
}

interface Guesses {
  /** Wrong passwords that are not forgotten yet: a fraction, as they are forgotten bit by bit. */
  wrong: number
  atMs: number
  /** Being tried now. */
  trying: number
  waiting: number
}

const ofUserAtAddress: LoginThrottleLimits = { burst: 10, perSecond: 1 }
/** Many users may come from one address: of a NAT, of a host with many services. */
const ofAddress: LoginThrottleLimits = { burst: 100, perSecond: 10 }
/** So long that an application with an old password does not keep one with the right one out for longer. */
const debtAtMostMs = 3_000
const waitAtMostMs = 6_000
const lookEveryMs = 100
const waitingAtMost = 30
/** Of each kind, of those who guessed wrong lately; the oldest are forgotten first. */
const keptAtMost = 10_000

function tooManyGuesses(): PgError {
  return new PgError(
    "53300",
    "too many wrong passwords for this user or from this address; try again later",
    {
      fatal: true,
      hint: "Each wrong password of one user from one address costs a second. Logins from other addresses are not slowed.",
    },
  )
}

interface Ledger {
  mayTry(key: string, nowMs: number): boolean
  guesses(key: string): Guesses
  wrong(key: string, nowMs: number): void
}

function ledger({ burst, perSecond }: LoginThrottleLimits): Ledger {
  const kept = new Map<string, Guesses>()
  const mostWrong = burst + (debtAtMostMs / 1_000) * perSecond

  function forget(guesses: Guesses, nowMs: number): void {
    guesses.wrong = Math.max(0, guesses.wrong - ((nowMs - guesses.atMs) / 1_000) * perSecond)
    guesses.atMs = nowMs
  }

  function makeRoom(): void {
    for (const [key, { trying, waiting }] of kept) {
      if (kept.size < keptAtMost) return
      if (trying === 0 && waiting === 0) kept.delete(key)
    }
  }

  function guesses(key: string): Guesses {
    const found = kept.get(key)
    if (found) return found
    makeRoom()
    const made: Guesses = { wrong: 0, atMs: performance.now(), trying: 0, waiting: 0 }
    kept.set(key, made)
    return made
  }

  return {
    guesses,
    mayTry: (key, nowMs) => {
      const known = guesses(key)
      forget(known, nowMs)
      // Who mistyped once may try as many at once as connections allow: that is how pools begin.
      return known.wrong < 2 || known.wrong + known.trying + 1 <= burst
    },
    wrong: (key, nowMs) => {
      const known = guesses(key)
      forget(known, nowMs)
      known.wrong = Math.min(mostWrong, known.wrong + 1)
      // Behind all others: the latest are forgotten last.
      kept.delete(key)
      kept.set(key, known)
    },
  }
}

/** Of IPv6 a network: who has one address there has 2^64. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, "")
  if (!plain.includes(":")) return plain
  const [head = "", tail] = plain.split("::")
  const groups = head === "" ? [] : head.split(":")
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length)
  const whole = [
    ...groups,
    ...Array.from({ length: Math.max(0, missing) }, () => "0"),
    ...(tail?.split(":") ?? []),
  ]
  return whole.slice(0, 4).join(":")
}

/** Short, whatever length of name somebody sends. */
function keyOf(...parts: string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("base64url").slice(0, 22)
}

export function loginThrottle(
  perUser: LoginThrottleLimits = ofUserAtAddress,
  perAddress: LoginThrottleLimits = ofAddress,
): LoginThrottle {
  const users = ledger(perUser)
  const addresses = ledger(perAddress)

  async function turn(userKey: string, addressKey: string): Promise<void> {
    const own = users.guesses(userKey)
    if (own.waiting >= waitingAtMost) throw tooManyGuesses()
    own.waiting++
    const untilMs = performance.now() + waitAtMostMs
    try {
      while (!mayTry(userKey, addressKey)) {
        if (performance.now() >= untilMs) throw tooManyGuesses()
        // Of those who wait, chance decides who is next: nobody can stand in front of all others.
        await delay(lookEveryMs * (0.5 + Math.random()))
      }
    } finally {
      own.waiting--
    }
  }

  function mayTry(userKey: string, addressKey: string): boolean {
    const nowMs = performance.now()
    return users.mayTry(userKey, nowMs) && addresses.mayTry(addressKey, nowMs)
  }

  return {
    attempt: async (user, address, prove) => {
      const network = networkOf(address ?? "")
      const [userKey, addressKey] = [keyOf(user, network), keyOf(network)]
      if (!mayTry(userKey, addressKey)) await turn(userKey, addressKey)
      const both = [users.guesses(userKey), addresses.guesses(addressKey)]
      for (const one of both) one.trying++
      try {
        return await prove()
      } catch (error) {
        if (error instanceof PgError && error.code === "28P01") {
          const nowMs = performance.now()
          users.wrong(userKey, nowMs)
          addresses.wrong(addressKey, nowMs)
        }
        throw error
      } finally {
        for (const one of both) one.trying--
      }
    },
  }
}
