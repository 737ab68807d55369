import { randomUUID } from "node:crypto"
import { startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { AuditedCall } from "../../domain/audit.ts"
import type { SqlUser } from "../../domain/configuration.ts"
import { Fault } from "../../domain/faults.ts"
import { type Grant, type SqlAccount, scopeName } from "../../domain/sql-access.ts"
import type { AuditStore } from "../../state/audit.ts"
import type { SqlUserStore } from "../../state/sql-users.ts"
import { type AuditLog, audited } from "../audit/audit.ts"
import type { Caller } from "../control-plane.ts"
import {
  accessOfUser,
  allUsers,
  configuredUsers,
  findUser,
  type KnownUsers,
  newKnownUsers,
  readUsers,
} from "./known-users.ts"
import type { KnownUser, SqlAccess } from "./sql-access.ts"
import {
  type AccountChanges,
  requireAlterable,
  requireCreatable,
  requireDroppable,
  requireGrantable,
  requireRevocable,
} from "./user-rules.ts"

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
  alter(caller: Caller, name: string, changes: AccountChanges): Promise<void>
  /** With what it was granted. False: there is none. @throws Fault accessDenied, invalidValue */
  drop(caller: Caller, name: string): Promise<boolean>
  /** @throws Fault accessDenied, invalidValue (no such grantee) */
  grant(caller: Caller, grants: readonly Grant[]): Promise<void>
  /** @throws Fault accessDenied, invalidValue (a wider grant would leave the right standing) */
  revoke(caller: Caller, grants: readonly Grant[]): Promise<void>
  /** Every grant on a database that was dropped. Repeatable. */
  forgetDatabase(database: string): Promise<void>
  /** Takes over what the list of configured users has become. */
  configuredAnew(): void
  stop(): void
}

export interface SqlUsersOptions {
  store: SqlUserStore
  /** May change: see `configuredAnew`. */
  configured: readonly SqlUser[]
  /** The databases a partner may load into now. Default: none. */
  databasesOfPartner?: (partner: string) => Promise<Iterable<string>>
  /** Told when what is known could not be brought up to date; it is kept. */
  onRefreshError: (error: unknown) => void
  refreshEveryMs?: number
  /** Where changes are recorded. Default: nowhere. */
  audit?: { store: AuditStore; log: AuditLog }
}

/** What changes of users and grants need. */
interface Changing {
  readonly store: SqlUserStore
  readonly known: KnownUsers
  readonly audit: SqlUsersOptions["audit"]
  /** Reads again what is known. */
  refresh(): Promise<void>
}

/** Reads what is known. Rejects when the state database cannot be asked. */
export async function openSqlUsers(options: SqlUsersOptions): Promise<SqlUsers> {
  const { store, audit, databasesOfPartner = async () => [] } = options
  const known = newKnownUsers(options.configured)
  const listeners: (() => void)[] = []
  /** One at a time: an older answer must not replace a newer one. */
  const inTurn = newSerialQueue()
  const refresh = () =>
    inTurn(async () => {
      if ((await readUsers(known, store)) === "changed") for (const listener of listeners) listener()
    })
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
    find: (name) => findUser(known, name),
    all: () => allUsers(known),
    grants: () => known.grants,
    verifierOf: (name) => known.accounts.get(name)?.verifier ?? null,
    accessOf: (name) => accessOfUser(known, name, databasesOfPartner),
    onChange: (listener) => void listeners.push(listener),
    ...changesOf({ store, known, audit, refresh }),
    configuredAnew() {
      known.configured = configuredUsers(options.configured)
      for (const listener of listeners) listener()
    },
    stop: () => void refreshing.stop(),
  }
}

type UserChanges = Pick<SqlUsers, "create" | "alter" | "drop" | "grant" | "revoke" | "forgetDatabase">

/** Each change, refused ones too, with its entry in the trail; what is known is read again before it is answered. */
function changesOf(changing: Changing): UserChanges {
  const { store, known, refresh } = changing
  const changed = async <T>(change: Promise<T>): Promise<T> => {
    const result = await change
    await refresh()
    return result
  }
  return {
    create: (caller, account) =>
      recorded(changing, caller, aboutUser("CreateUser", account.name, account), async () => {
        requireCreatable(caller, known, account.name)
        const added = await changed(store.add(account))
        if (!added) throw new Fault("invalidValue", `User "${account.name}" already exists.`)
      }),
    alter: (caller, name, changes) =>
      recorded(changing, caller, aboutUser("AlterUser", name, changes), async () => {
        requireAlterable(caller, known, name, changes)
        const found = await changed(store.change(name, changes))
        if (!found) throw new Fault("invalidValue", `User "${name}" does not exist.`)
      }),
    drop: (caller, name) =>
      recorded(changing, caller, aboutUser("DropUser", name, {}), async () => {
        requireDroppable(caller, known, name)
        return changed(store.remove(name))
      }),
    grant: (caller, wanted) =>
      recorded(changing, caller, aboutGrants("Grant", wanted), async () => {
        requireGrantable(caller, known, wanted)
        await changed(store.grant(wanted))
      }),
    revoke: (caller, unwanted) =>
      recorded(changing, caller, aboutGrants("Revoke", unwanted), async () => {
        requireRevocable(caller, known, unwanted)
        await changed(store.revoke(unwanted))
      }),
    forgetDatabase: (database) => changed(store.forgetDatabase(database)),
  }
}

type Recorded = Pick<AuditedCall, "operation" | "parameters"> & { resource: string }

async function recorded<T>(
  { audit }: Changing,
  caller: Caller,
  about: Recorded,
  run: () => Promise<T>,
): Promise<T> {
  if (audit === undefined) return run()
  const call: AuditedCall = {
    requestId: randomUUID(),
    door: "sql",
    accessKeyId: caller.name,
    policy: caller.role,
    address: caller.address,
    ...about,
  }
  return audited(audit, call, run, () => undefined)
}

/** What the audit trail may know: that the password changed, not to what. */
function aboutUser(operation: string, resource: string, changes: Partial<SqlAccount>): Recorded {
  const { verifier, ...rest } = changes
  const password = verifier === null ? "disabled" : "set"
  return { operation, resource, parameters: verifier === undefined ? rest : { ...rest, password } }
}

function aboutGrants(operation: string, grants: readonly Grant[]): Recorded {
  const resource = [...new Set(grants.map(scopeName))].join(", ")
  const texts = grants.map((one) => `${one.privilege} on ${scopeName(one)}: ${one.grantee}`)
  return { operation, resource, parameters: { grants: texts } }
}
