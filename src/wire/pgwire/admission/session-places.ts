import { PgError } from "../pg-error.ts"

export interface PlaceLimits {
  connections: number
  /** Of one user. */
  connectionsPerUser: number
  /** On top of `connections`. */
  reservedForAdministrators: number
}

/** A user who has proven the password. */
export interface SessionUser {
  user: string
  isAdministrator: boolean
}

/** Who may have a session: one user's do not shut others out, and administrators come in when all others' places are taken. */
export interface SessionPlaces {
  /** Returns what gives the place back, once. Throws a fatal 53300. */
  take(who: SessionUser): () => void
  taken(): number
}

export function sessionPlaces(limits: PlaceLimits): SessionPlaces {
  const ofUser = new Map<string, number>()
  let common = 0
  let reserved = 0

  function count(user: string, change: 1 | -1): void {
    const now = (ofUser.get(user) ?? 0) + change
    if (now > 0) ofUser.set(user, now)
    else ofUser.delete(user)
  }

  function refusal(user: string): PgError {
    const isUsers = (ofUser.get(user) ?? 0) >= limits.connectionsPerUser
    const text = isUsers ? `too many connections for user "${user}"` : "sorry, too many clients already"
    return new PgError("53300", text, { fatal: true })
  }

  return {
    take: ({ user, isAdministrator }) => {
      const isCommon = common < limits.connections && (ofUser.get(user) ?? 0) < limits.connectionsPerUser
      if (!isCommon && !(isAdministrator && reserved < limits.reservedForAdministrators)) throw refusal(user)
      if (isCommon) {
        common++
        count(user, 1)
      } else reserved++
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        if (isCommon) {
          common--
          count(user, -1)
        } else reserved--
      }
    },
    taken: () => common + reserved,
  }
}
