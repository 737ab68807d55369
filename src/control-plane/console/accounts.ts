import type { SqlUser } from "../../domain/configuration.ts"
import type { ConsoleRole, ConsoleUser } from "../../domain/console/roles.ts"
import type { SqlUserStore } from "../../state/sql-users.ts"
import { configuredUsers, findUser, newKnownUsers, readUsers } from "../sql-users/known-users.ts"
import type { KnownUser } from "../sql-users/sql-access.ts"

/** An SQL user, as the console knows it. */
export interface ConsoleAccount {
  name: string
  /** `undefined`: the user may not use the console. */
  role: ConsoleRole | undefined
  /** Of a user of the configuration. */
  password: string | undefined
  /** Of a user made by CREATE USER: the SCRAM verifier; `null`: no password opens it, or its time is over. */
  verifier: string | null
}

export interface ConsoleAccounts {
  /** @throws Fault unavailable */
  find(name: string): Promise<ConsoleAccount | undefined>
  /** In whose name a link is made that names nobody: the first administrator. @throws Fault unavailable */
  firstAdministrator(): Promise<ConsoleAccount | undefined>
  /** Every SQL user; those of the configuration first. @throws Fault unavailable */
  list(): Promise<ListedAccount[]>
}

export interface ListedAccount extends Pick<ConsoleAccount, "name" | "role"> {
  /** It is in the configuration; otherwise CREATE USER made it. */
  isConfigured: boolean
}

export interface AccountSources {
  store: Pick<SqlUserStore, "all" | "grants">
  /** May change while the console is used. */
  configured: readonly SqlUser[]
  /** Roles that the configuration gives. */
  assigned: readonly ConsoleUser[]
}

/** What another process changed is seen by then. */
const freshMs = 2_000

/** Read when somebody asks: a console that nobody uses asks the state database nothing. */
export function consoleAccounts({ store, configured, assigned }: AccountSources): ConsoleAccounts {
  const known = newKnownUsers(configured)
  const roles = new Map(assigned.map(({ name, role }) => [name, role]))
  let readAtMs = Number.NEGATIVE_INFINITY
  let reading: Promise<unknown> | undefined

  async function fresh(): Promise<void> {
    known.configured = configuredUsers(configured)
    if (performance.now() - readAtMs < freshMs) return
    const startedMs = performance.now()
    reading ??= readUsers(known, store).finally(() => {
      reading = undefined
    })
    await reading
    readAtMs = startedMs
  }

  function accountOf(user: KnownUser): ConsoleAccount {
    const isOver = user.validUntil !== null && user.validUntil.getTime() <= Date.now()
    const verifier = isOver ? null : (known.accounts.get(user.name)?.verifier ?? null)
    return {
      name: user.name,
      role: roles.get(user.name) ?? roleOf(user),
      password: configured.findLast(({ name }) => name === user.name)?.password,
      verifier,
    }
  }

  async function all(): Promise<ConsoleAccount[]> {
    await fresh()
    const names = new Set([...known.configured.keys(), ...known.accounts.keys()])
    return [...names].flatMap((name) => findUser(known, name) ?? []).map(accountOf)
  }

  return {
    async find(name) {
      await fresh()
      const user = findUser(known, name)
      return user && accountOf(user)
    },
    firstAdministrator: async () => (await all()).find(({ role }) => role === "admin"),
    list: async () =>
      (await all()).map(({ name, role, password }) => ({ name, role, isConfigured: password !== undefined })),
  }
}

/** A user who has only what was granted sees rows, not the installation: the configuration may name a role. */
function roleOf({ isSuperuser, role }: KnownUser): ConsoleRole | undefined {
  if (isSuperuser) return "admin"
  return role === "read-only" ? "viewer" : undefined
}
