import type { Caller } from "../../../control-plane/control-plane.ts"
import { mayConnect, type SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import type { SqlUsers } from "../../../control-plane/sql-users/sql-users.ts"
import type { SqlUser } from "../../../domain/configuration.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import {
  phantomVerifier,
  type ScramVerifier,
  saltOf,
  scramVerifier,
  verifierFromText,
} from "../../../wire/pgwire/scram.ts"
import type { SqlSession } from "../../../wire/pgwire/session.ts"
import { faultAsPgError } from "../../../query/faults.ts"
import type { OwnFunctions } from "../../../query/duckdb/rights/own-functions.ts"

/** What a session's user may do, asked anew for each statement. */
export function rightsOf(users: SqlUsers, user: string) {
  let last: SqlAccess = { isSuperuser: false, readsAll: false, grants: [] }
  return {
    last: () => last,
    now: async (): Promise<SqlAccess> => {
      const access = await users.accessOf(user).catch((error: unknown) => {
        throw faultAsPgError(error)
      })
      if (access === undefined) {
        throw new PgError("57P01", `user "${user}" does not exist any more`, { fatal: true })
      }
      last = access
      return access
    },
  }
}

/** Of the user in a session of that database. Throws 42501 where what runs there could be other functions than it says. */
export async function accessIn(
  database: string,
  rights: { now(): Promise<SqlAccess> },
  functions: OwnFunctions,
): Promise<SqlAccess> {
  const access = await rights.now()
  // Who may do everything may also remove them.
  if (!access.isSuperuser) await functions.refuseIn(database)
  return access
}

/** To the services a superuser made by SQL is an administrator; another user made by SQL, one who may nothing. */
export function callerOf(users: SqlUsers, name: string, address?: string): Caller {
  const user = users.find(name)
  return { name, address, policy: user?.isSuperuser === true ? "admin" : (user?.policy ?? "partner:") }
}

export function requireConnect(access: SqlAccess, user: string, database: string): void {
  if (mayConnect(access, database)) return
  throw new PgError("42501", `permission denied for database "${database}"`, {
    detail: `User "${user}" has nothing granted there.`,
    fatal: true,
  })
}

/**
 * Each user's proof of the password, derived once. Who does not exist is answered alike: with a salt of the same length
 * that stays the same through restarts, on every process that shares the state database.
 */
export function verifiers(configured: readonly SqlUser[], users: SqlUsers): (name: string) => ScramVerifier {
  const secret = users.loginSecret
  const derived = new Map(
    configured.map(({ name, password }) => [name, scramVerifier(password, saltOf(secret, name))]),
  )
  return (name) => {
    const phantom = phantomVerifier(secret, name)
    const fixed = derived.get(name)
    if (fixed) return fixed
    const { validUntil = null } = users.find(name) ?? {}
    const isValid = validUntil === null || validUntil.getTime() > Date.now()
    const kept = verifierFromText(users.verifierOf(name) ?? "")
    if (kept === undefined || isValid) return kept ?? phantom
    // The salt must not tell that the time is over.
    return { ...phantom, salt: kept.salt }
  }
}

/** Shows users as they come and go, and stops what a dropped one is running. */
export function followUsers(
  users: SqlUsers,
  sessions: ReadonlyMap<SqlSession, { user: string }>,
  show: () => Promise<void>,
  onError: (error: unknown) => void,
): void {
  let turn: Promise<void> = Promise.resolve()
  users.onChange(() => {
    for (const [session, { user }] of sessions) if (!users.find(user)) session.cancel()
    turn = turn.then(show).catch(onError)
  })
}
