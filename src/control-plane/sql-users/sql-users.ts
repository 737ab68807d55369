import { randomUUID } from "node:crypto"
import { startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { AuditedCall } from "../../domain/audit.ts"
import type { Role, SqlUser } from "../../domain/configuration.ts"
import { Fault } from "../../domain/faults.ts"
import { everyone, type Grant, type SqlAccount, scopeName } from "../../domain/sql-access.ts"
import type { AuditStore } from "../../state/audit.ts"
import type { SqlUserStore } from "../../state/sql-users.ts"
import { type AuditLog, audited } from "../audit/audit.ts"
import type { Caller } from "../control-plane.ts"
import { accessOf, type KnownUser, type SqlAccess } from "./sql-access.ts"

/**
 * The users of the SQL port and what each may do. Kept in memory, since every statement asks; what changes is written
 * to the state database first. Another process's changes are seen within `refreshEveryMs`.
 */
export interface SqlUsers {
  /** Shared by all processes on the state database, and the same after a restart. */
  readonly loginSecret: Uint8Array
  find(name: string): KnownUser | undefined
  all(): KnownUser[]
  grants(): readonly Grant[]
  /** What a CREATE USER was given instead of a password; null: nobody logs in by one. */
  verifierOf(name: string): string | null
  /** undefined: there is no such user, or there is no more. */
  accessOf(name: string): Promise<SqlAccess | undefined>
  /** Told after each change. */
  onChange(listener: () => void): void
  /** @throws Fault accessDenied, invalidValue (the name is taken) */
  create(caller: Caller, account: SqlAccount): Promise<void>
  /** Everybody may change the own password. @throws Fault accessDenied, invalidValue (no such user) */
  alter(caller: Caller, name: string, changes: Partial<Omit<SqlAccount, "name">>): Promise<void>
  /** With what it was granted. False: there is none. @throws Fault accessDenied, invalidValue */
  drop(caller: Caller, name: string): Promise<boolean>
  /** @throws Fault accessDenied, invalidValue (no such grantee) */
  grant(caller: Caller, grants: readonly Grant[]): Promise<void>
  /** @throws Fault accessDenied, invalidValue (a wider grant would leave the right standing) */
  revoke(caller: Caller, grants: readonly Grant[]): Promise<void>
  /** Every grant on a database that was dropped. Repeatable. */
  forgetDatabase(database: string): Promise<void>
  stop(): void
}

export interface SqlUsersOptions {
  store: SqlUserStore
  configured: readonly SqlUser[]
  /** The databases a partner may load into now. Default: none. */
  databasesOfPartner?: (partner: string) => Promise<Iterable<string>>
  /** Told when what is known could not be brought up to date; it is kept. */
  onRefreshError: (error: unknown) => void
  refreshEveryMs?: number
  /** Where changes are recorded. Default: nowhere. */
  audit?: { store: AuditStore; log: AuditLog }
}

function requireSuperuser(caller: Caller, what: string): void {
  if (caller.role === "admin") return
  throw new Fault("accessDenied", `User "${caller.name}" is no administrator and may not ${what}.`)
}

const usersAtMost = 10_000
const grantsAtMost = 100_000

function partnerOf(role: Role | undefined): string | undefined {
  return role?.startsWith("partner:") ? role.slice("partner:".length) : undefined
}

function configuredUser({ name, role }: SqlUser): KnownUser {
  const isSuperuser = role === "admin"
  return { name, role, isSuperuser, canCreateDatabases: isSuperuser, validUntil: null }
}

function madeUser({ verifier: _kept, ...account }: SqlAccount): KnownUser {
  return { ...account, role: undefined }
}

/** What the audit trail may know: that the password changed, not to what. */
function withoutVerifier({ verifier, ...rest }: Partial<SqlAccount>): object {
  if (verifier === undefined) return rest
  return { ...rest, password: verifier === null ? "disabled" : "set" }
}

function aboutGrants(grants: readonly Grant[]): { resource: string; parameters: object } {
  const scopes = [...new Set(grants.map(scopeName))].join(", ")
  return {
    resource: scopes,
    parameters: { grants: grants.map((one) => `${one.privilege} on ${scopeName(one)}: ${one.grantee}`) },
  }
}

/** Reads what is known. Rejects when the state database cannot be asked. */
export async function openSqlUsers(options: SqlUsersOptions): Promise<SqlUsers> {
  const { store, databasesOfPartner = async () => [] } = options
  const configured = new Map(options.configured.map((user) => [user.name, configuredUser(user)]))
  const listeners: (() => void)[] = []
  let accounts = new Map<string, SqlAccount>()
  let grants: Grant[] = []
  let known = ""

  /** One at a time: an older answer must not replace a newer one. */
  const inTurn = newSerialQueue()
  const refresh = () => inTurn(read)

  async function read(): Promise<void> {
    const [users, granted] = await Promise.all([store.all(), store.grants()])
    const seen = JSON.stringify([users, granted])
    if (seen === known) return
    known = seen
    accounts = new Map(users.map((one) => [one.name, one]))
    grants = granted
    for (const listener of listeners) listener()
  }

  function find(name: string): KnownUser | undefined {
    const made = accounts.get(name)
    return configured.get(name) ?? (made && madeUser(made))
  }

  function requireMade(name: string): void {
    if (configured.has(name)) {
      throw new Fault(
        "invalidValue",
        `User "${name}" is one of the configuration: change it in millrace.yaml.`,
      )
    }
  }

  function requireName(name: string): void {
    requireMade(name)
    if (name === "" || name === everyone || name.startsWith("pg_") || Buffer.byteLength(name) > 127) {
      throw new Fault(
        "invalidValue",
        `"${name}" cannot be a user's name: use up to 127 bytes, not public, not pg_….`,
      )
    }
  }

  /** Every attempt has its entry in the trail, a refused one too. */
  async function recorded<T>(
    caller: Caller,
    operation: string,
    what: { resource: string; parameters: object },
    run: () => Promise<T>,
  ): Promise<T> {
    if (options.audit === undefined) return run()
    const call: AuditedCall = {
      requestId: randomUUID(),
      door: "sql",
      operation,
      accessKeyId: caller.name,
      policy: caller.role,
      address: caller.address,
      ...what,
    }
    return audited(options.audit, call, run, () => undefined)
  }

  async function changing<T>(change: () => Promise<T>): Promise<T> {
    const result = await change()
    await refresh()
    return result
  }

  async function create(caller: Caller, account: SqlAccount): Promise<void> {
    requireSuperuser(caller, "create users")
    requireName(account.name)
    if (accounts.size >= usersAtMost)
      throw new Fault("quotaExceeded", `There are ${usersAtMost} users already.`)
    const added = await changing(() => store.add(account))
    if (!added) throw new Fault("invalidValue", `User "${account.name}" already exists.`)
  }

  async function alter(
    caller: Caller,
    name: string,
    changes: Partial<Omit<SqlAccount, "name">>,
  ): Promise<void> {
    const onlyPassword = Object.keys(changes).every((key) => key === "verifier")
    if (caller.name !== name || !onlyPassword) requireSuperuser(caller, "change users")
    requireMade(name)
    const found = await changing(() => store.change(name, changes))
    if (!found) throw new Fault("invalidValue", `User "${name}" does not exist.`)
  }

  async function drop(caller: Caller, name: string): Promise<boolean> {
    requireSuperuser(caller, "drop users")
    requireMade(name)
    if (caller.name === name) throw new Fault("invalidValue", "The current user cannot be dropped.")
    return changing(() => store.remove(name))
  }

  async function grant(caller: Caller, wanted: readonly Grant[]): Promise<void> {
    requireSuperuser(caller, "grant")
    const unknown = wanted.find(({ grantee }) => grantee !== everyone && find(grantee) === undefined)
    if (unknown) throw new Fault("invalidValue", `User "${unknown.grantee}" does not exist.`)
    if (grants.length + wanted.length > grantsAtMost) {
      throw new Fault(
        "quotaExceeded",
        `There would be more than ${grantsAtMost} grants: grant on schemas instead.`,
      )
    }
    await changing(() => store.grant(wanted))
  }

  async function revoke(caller: Caller, unwanted: readonly Grant[]): Promise<void> {
    requireSuperuser(caller, "revoke")
    for (const one of unwanted) requireNoWider(one)
    await changing(() => store.revoke(unwanted))
  }

  /** A right that stands after its REVOKE, because the schema's or the database's grant covers it, would deceive. */
  function requireNoWider(unwanted: Grant): void {
    const wider = grants.find(
      (one) =>
        one.grantee === unwanted.grantee &&
        one.privilege === unwanted.privilege &&
        one.database === unwanted.database &&
        (one.schema === ""
          ? unwanted.schema !== ""
          : one.schema === unwanted.schema && one.table === "" && unwanted.table !== ""),
    )
    if (wider) {
      throw new Fault(
        "invalidValue",
        `"${wider.grantee}" has ${wider.privilege.toUpperCase()} on all of ${scopeName(wider)}: revoke that, and grant the single tables instead.`,
      )
    }
  }

  const loginSecret = await store.loginSecret()
  await refresh()
  const refreshing = startPeriodicTask({
    everyMs: options.refreshEveryMs ?? 5_000,
    work: refresh,
    onError: options.onRefreshError,
    keepsAlive: false,
  })

  return {
    loginSecret,
    find,
    all: () => [
      ...configured.values(),
      ...[...accounts.values()].map(madeUser).filter(({ name }) => !configured.has(name)),
    ],
    grants: () => grants,
    verifierOf: (name) => accounts.get(name)?.verifier ?? null,
    accessOf: async (name) => {
      const user = find(name)
      if (!user) return undefined
      const partner = partnerOf(user.role)
      return accessOf(user, grants, partner === undefined ? [] : await databasesOfPartner(partner))
    },
    onChange: (listener) => void listeners.push(listener),
    create: (caller, account) =>
      recorded(caller, "CreateUser", { resource: account.name, parameters: withoutVerifier(account) }, () =>
        create(caller, account),
      ),
    alter: (caller, name, changes) =>
      recorded(caller, "AlterUser", { resource: name, parameters: withoutVerifier(changes) }, () =>
        alter(caller, name, changes),
      ),
    drop: (caller, name) =>
      recorded(caller, "DropUser", { resource: name, parameters: {} }, () => drop(caller, name)),
    grant: (caller, wanted) => recorded(caller, "Grant", aboutGrants(wanted), () => grant(caller, wanted)),
    revoke: (caller, unwanted) =>
      recorded(caller, "Revoke", aboutGrants(unwanted), () => revoke(caller, unwanted)),
    forgetDatabase: (database) => changing(() => store.forgetDatabase(database)),
    stop: () => void refreshing.stop(),
  }
}
