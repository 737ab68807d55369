/** What changes of users and grants must not be. Each rule throws a Fault that says so. */
import { Fault } from "../../domain/faults.ts"
import { everyone, type Grant, type SqlAccount, scopeName } from "../../domain/sql-access.ts"
import type { Caller } from "../control-plane.ts"
import { findUser, type KnownUsers } from "./known-users.ts"

export type AccountChanges = Partial<Omit<SqlAccount, "name">>

const usersAtMost = 10_000
const grantsAtMost = 100_000

export function requireCreatable(caller: Caller, known: KnownUsers, name: string): void {
  requireSuperuser(caller, "create users")
  requireMade(known, name)
  if (name === "" || name === everyone || name.startsWith("pg_") || Buffer.byteLength(name) > 127)
    throw invalid(`"${name}" cannot be a user's name: use up to 127 bytes, not public, not pg_….`)
  if (known.accounts.size >= usersAtMost)
    throw new Fault("quotaExceeded", `There are ${usersAtMost} users already.`)
}

/** Everybody may change the own password. */
export function requireAlterable(
  caller: Caller,
  known: KnownUsers,
  name: string,
  changes: AccountChanges,
): void {
  const onlyPassword = Object.keys(changes).every((key) => key === "verifier")
  if (caller.name !== name || !onlyPassword) requireSuperuser(caller, "change users")
  requireMade(known, name)
}

export function requireDroppable(caller: Caller, known: KnownUsers, name: string): void {
  requireSuperuser(caller, "drop users")
  requireMade(known, name)
  if (caller.name === name) throw invalid("The current user cannot be dropped.")
}

export function requireGrantable(caller: Caller, known: KnownUsers, wanted: readonly Grant[]): void {
  requireSuperuser(caller, "grant")
  const unknown = wanted.find(({ grantee }) => grantee !== everyone && findUser(known, grantee) === undefined)
  if (unknown) throw invalid(`User "${unknown.grantee}" does not exist.`)
  if (known.grants.length + wanted.length > grantsAtMost)
    throw new Fault(
      "quotaExceeded",
      `There would be more than ${grantsAtMost} grants: grant on schemas instead.`,
    )
}

/** A right that stands after its REVOKE, because the schema's or the database's grant covers it, would deceive. */
export function requireRevocable(caller: Caller, known: KnownUsers, unwanted: readonly Grant[]): void {
  requireSuperuser(caller, "revoke")
  for (const one of unwanted) {
    const wider = known.grants.find((grant) => isWider(grant, one))
    if (wider)
      throw invalid(
        `"${wider.grantee}" has ${wider.privilege.toUpperCase()} on all of ${scopeName(wider)}: revoke that, and grant the single tables instead.`,
      )
  }
}

/** Whether a grant has the right of another one on all of the database or schema that the other one is a part of. */
function isWider(grant: Grant, than: Grant): boolean {
  const { grantee, privilege, database, schema, table } = than
  if (grant.grantee !== grantee || grant.privilege !== privilege || grant.database !== database) return false
  return grant.schema === "" ? schema !== "" : grant.schema === schema && grant.table === "" && table !== ""
}

function requireSuperuser(caller: Caller, what: string): void {
  if (caller.role === "admin") return
  throw new Fault("accessDenied", `User "${caller.name}" is no administrator and may not ${what}.`)
}

function requireMade({ configured }: KnownUsers, name: string): void {
  if (configured.has(name))
    throw invalid(`User "${name}" is one of the configuration: change it in millrace.yaml.`)
}

function invalid(message: string): Fault {
  return new Fault("invalidValue", message)
}
