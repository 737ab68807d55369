/** The users of the SQL port and their grants as they were last read, of the configuration and of the state database. */
import type { Role, SqlUser } from "../../domain/configuration.ts"
import type { Grant, SqlAccount } from "../../domain/sql-access.ts"
import type { SqlUserStore } from "../../state/sql-users.ts"
import { accessOf, type KnownUser, type SqlAccess } from "./sql-access.ts"

export interface KnownUsers {
  /** By name, as `accounts`. Of two of one name the configured one counts. */
  configured: ReadonlyMap<string, KnownUser>
  accounts: ReadonlyMap<string, SqlAccount>
  grants: readonly Grant[]
  /** Accounts and grants as text: what was read last is told from what is read next by it. */
  seen: string
}

export function newKnownUsers(configured: readonly SqlUser[]): KnownUsers {
  return {
    configured: configuredUsers(configured),
    accounts: new Map(),
    grants: [],
    seen: "",
  }
}

export function configuredUsers(configured: readonly SqlUser[]): ReadonlyMap<string, KnownUser> {
  return new Map(configured.map((user) => [user.name, configuredUser(user)]))
}

/** Takes over what the state database has. `changed`: that was something new. */
export async function readUsers(
  known: KnownUsers,
  store: Pick<SqlUserStore, "all" | "grants">,
): Promise<"changed" | "same"> {
  const [accounts, grants] = await Promise.all([store.all(), store.grants()])
  const seen = JSON.stringify([accounts, grants])
  if (seen === known.seen) return "same"
  known.seen = seen
  known.accounts = new Map(accounts.map((one) => [one.name, one]))
  known.grants = grants
  return "changed"
}

export function findUser({ configured, accounts }: KnownUsers, name: string): KnownUser | undefined {
  const made = accounts.get(name)
  return configured.get(name) ?? (made && madeUser(made))
}

export function allUsers({ configured, accounts }: KnownUsers): KnownUser[] {
  const made = [...accounts.values()].map(madeUser).filter(({ name }) => !configured.has(name))
  return [...configured.values(), ...made]
}

/** `undefined`: there is no such user. `databasesOf`: into which a partner may load now. */
export async function accessOfUser(
  known: KnownUsers,
  name: string,
  databasesOf: (partner: string) => Promise<Iterable<string>>,
): Promise<SqlAccess | undefined> {
  const user = findUser(known, name)
  if (!user) return undefined
  const partner = partnerOf(user.role)
  return accessOf(user, known.grants, partner === undefined ? [] : await databasesOf(partner))
}

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
