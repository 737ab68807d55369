import { PgError } from "../pg-error.ts"
import type { SessionUser } from "./session-places.ts"

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

export interface KeptThing {
  kind: "statements" | "portals"
  bytes: number
}

/** What one connection holds of its user's share. */
export interface Holding {
  /** Returns what gives it back. Throws 53000 where the user's sessions hold too much already. */
  keep(what: KeptThing): () => void
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
  open(who: SessionUser): Holding
}

function tooMuch(what: string): PgError {
  return new PgError("53000", `too many ${what} in all sessions of this user`, {
    hint: "Close prepared statements and portals that are not used any more.",
  })
}

function tooMuchIncoming(whose: string): PgError {
  return new PgError("53200", `too much of unfinished messages of ${whose} is in memory`, { fatal: true })
}

interface Shares {
  readonly limits: ShareLimits
  readonly all: AllLimits
  readonly users: Map<string, Held>
  /** Of half-sent messages of all users. */
  incomingBytes: number
}

/** What one connection holds. */
interface Part {
  readonly held: Held
  readonly isAdministrator: boolean
  readonly giveBack: Set<() => void>
  incomingBytes: number
  /** `refused`: it ends, and what it sends is not counted any more. */
  state: "open" | "refused" | "closed"
}

/** Counts by user what would let one of them shut others out: nobody is refused because of what others hold, but by the limit of all. */
export function userShares(limits: ShareLimits = usualShare, all: AllLimits = usualAll): UserShares {
  const shares: Shares = { limits, all, users: new Map(), incomingBytes: 0 }
  return {
    open({ user, isAdministrator }) {
      const held = heldBy(shares, user)
      held.connections++
      const part: Part = { held, isAdministrator, giveBack: new Set(), incomingBytes: 0, state: "open" }
      return {
        keep: (what) => keep(shares, part, what),
        incoming: (bytes) => incoming(shares, part, bytes),
        close() {
          if (part.state === "closed") return
          part.state = "closed"
          for (const give of part.giveBack) give()
          setIncoming(shares, part, 0)
          if (--held.connections === 0) shares.users.delete(user)
        },
      }
    },
  }
}

function heldBy({ users }: Shares, user: string): Held {
  const none = { connections: 0, statements: 0, portals: 0, keptBytes: 0, incomingBytes: 0 }
  const held = users.get(user) ?? none
  users.set(user, held)
  return held
}

function keep({ limits }: Shares, { held, giveBack }: Part, { kind, bytes }: KeptThing): () => void {
  if (held[kind] >= limits[kind]) throw tooMuch(kind === "portals" ? "open portals" : "prepared statements")
  if (held.keptBytes + bytes > limits.keptBytes) throw tooMuch("bytes of statements and parameters")
  held[kind]++
  held.keptBytes += bytes
  const give = () => {
    if (!giveBack.delete(give)) return
    held[kind]--
    held.keptBytes -= bytes
  }
  giveBack.add(give)
  return give
}

function incoming(shares: Shares, part: Part, bytes: number): PgError | undefined {
  if (part.state !== "open") return undefined
  const isMore = bytes > part.incomingBytes
  setIncoming(shares, part, bytes)
  const refusal = isMore ? refusalOf(shares, part) : undefined
  if (refusal === undefined) return undefined
  // It ends: what it held must not end the next one, too.
  part.state = "refused"
  setIncoming(shares, part, 0)
  return refusal
}

function refusalOf({ limits, all, incomingBytes }: Shares, part: Part): PgError | undefined {
  if (part.held.incomingBytes > limits.incomingBytes) return tooMuchIncoming("this user")
  const atMost = all.incomingBytes + (part.isAdministrator ? limits.incomingBytes : 0)
  return incomingBytes > atMost ? tooMuchIncoming("all users") : undefined
}

function setIncoming(shares: Shares, part: Part, bytes: number): void {
  const change = bytes - part.incomingBytes
  part.held.incomingBytes += change
  shares.incomingBytes += change
  part.incomingBytes = bytes
}
