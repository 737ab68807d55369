import { newSerialQueue } from "../../../concurrency/serial-queue.ts"
import { consoleLogin, consolePassword } from "../../../control-plane/console/sql-login.ts"
import type { Caller } from "../../../control-plane/control-plane.ts"
import type { SqlUsers } from "../../../control-plane/sql-users/sql-users.ts"
import type { SqlUser } from "../../../domain/configuration.ts"
import type { QuerySession } from "../../../query/contract.ts"
import {
  phantomVerifier,
  type ScramVerifier,
  saltOf,
  scramVerifier,
  verifierFromText,
} from "../../../wire/pgwire/admission/scram.ts"

/** To the services a superuser made by SQL is an administrator; another user made by SQL, one who may nothing. */
export function callerOf(users: SqlUsers, name: string, address?: string): Caller {
  const user = users.find(name)
  return { name, address, role: user?.isSuperuser === true ? "admin" : (user?.role ?? "partner:") }
}

/**
 * Each user's proof of the password, derived once; `configured` may change, which `users` tells. Who does not exist is answered
 * alike: with a salt of the same length that stays the same through restarts, on every process that shares the state database.
 */
export function verifiers(configured: readonly SqlUser[], users: SqlUsers): (name: string) => ScramVerifier {
  const secret = users.loginSecret
  const ofConsole = scramVerifier(consolePassword(secret), saltOf(secret, consoleLogin))
  const proofs = new WeakMap<SqlUser, ScramVerifier>()
  const proofOf = (user: SqlUser): ScramVerifier => {
    const proof = proofs.get(user) ?? scramVerifier(user.password, saltOf(secret, user.name))
    proofs.set(user, proof)
    return proof
  }
  const derive = () => new Map(configured.map((user) => [user.name, proofOf(user)]))
  let derived = derive()
  users.onChange(() => {
    derived = derive()
  })
  return (name) => {
    if (name === consoleLogin) return ofConsole
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
  sessions: ReadonlySet<QuerySession>,
  show: () => Promise<void>,
  onError: (error: unknown) => void,
): void {
  const inTurn = newSerialQueue()
  users.onChange(() => {
    for (const session of sessions) if (!users.find(session.user)) session.cancel()
    inTurn(show).catch(onError)
  })
}
