import { PgError } from "./pg-error.ts"

/** What one user's sessions may hold together. */
export interface ShareLimits {
  /** Prepared statements. */
  statements: number
  /** Open portals. */
  portals: number
  /** Texts of prepared statements and parameters of portals. */
  keptBytes: number
  /** Messages of which a part has come. */
  incomingBytes: number
}

export interface AllLimits {
  /** Half-sent messages of all users. Administrators' share is on top of it. */
  incomingBytes: number
}

export const usualShare: ShareLimits = {
  statements: 10_000,
  portals: 2_000,
  keptBytes: 128 * 2 ** 20,
  incomingBytes: 192 * 2 ** 20,
}
export const usualAll: AllLimits = { incomingBytes: 384 * 2 ** 20 }

/** What one connection holds of its user's share. */
export interface Holding {
  /** Returns what gives it back. Throws 53000 where the user's sessions hold too much already. */
  keep(what: { kind: "statements" | "portals"; bytes: number }): () => void
  /** So much of messages that are not whole is in memory now. The error: that is too much, and this connection must end. */
  incoming(bytes: number): PgError | undefined
  /** Repeatable: everything is given back. */
  close(): void
}

interface Held {
  connections: number
  statements: number
  portals: number
  keptBytes: number
  incomingBytes: number
}

export interface UserShares {
  /** Of a session whose user has proven the password. */
  open(user: string, isAdministrator: boolean): Holding
}

function tooMuch(what: string): PgError {
  return new PgError("53000", `too many ${what} in all sessions of this user`, {
    hint: "Close prepared statements and portals that are not used any more.",
  })
}

function tooMuchIncoming(whose: string): PgError {
  return new PgError("53200", `too much of unfinished messages of ${whose} is in memory`, { fatal: true })
}

/** Counts by user what would let one of them shut others out: nobody is refused because of what others hold, but by the limit of all. */
export function userShares(limits: ShareLimits = usualShare, all: AllLimits = usualAll): UserShares {
  const users = new Map<string, Held>()
  let allIncoming = 0

  function heldBy(user: string): Held {
    const held = users.get(user) ?? {
      connections: 0,
      statements: 0,
      portals: 0,
      keptBytes: 0,
      incomingBytes: 0,
    }
    users.set(user, held)
    return held
  }

  return {
    open: (user, isAdministrator) => {
      const held = heldBy(user)
      held.connections++
      const kept = new Set<() => void>()
      const atMost = all.incomingBytes + (isAdministrator ? limits.incomingBytes : 0)
      let incoming = 0
      let isOpen = true
      let isRefused = false

      function judge(): PgError | undefined {
        if (held.incomingBytes > limits.incomingBytes) return tooMuchIncoming("this user")
        return allIncoming > atMost ? tooMuchIncoming("all users") : undefined
      }

      function setIncoming(bytes: number): void {
        held.incomingBytes += bytes - incoming
        allIncoming += bytes - incoming
        incoming = bytes
      }

      return {
        keep: ({ kind, bytes }) => {
          if (held[kind] >= limits[kind])
            throw tooMuch(kind === "portals" ? "open portals" : "prepared statements")
          if (held.keptBytes + bytes > limits.keptBytes) throw tooMuch("bytes of statements and parameters")
          held[kind]++
          held.keptBytes += bytes
          const give = () => {
            if (!kept.delete(give)) return
            held[kind]--
            held.keptBytes -= bytes
          }
          kept.add(give)
          return give
        },
        incoming: (bytes) => {
          if (!isOpen || isRefused) return undefined
          const isMore = bytes > incoming
          setIncoming(bytes)
          const refusal = isMore ? judge() : undefined
          if (refusal === undefined) return undefined
          // It ends: what it held must not end the next one, too.
          isRefused = true
          setIncoming(0)
          return refusal
        },
        close: () => {
          if (!isOpen) return
          isOpen = false
          for (const give of kept) give()
          setIncoming(0)
          if (--held.connections === 0) users.delete(user)
        },
      }
    },
  }
}
