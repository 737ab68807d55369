import { createHash, randomBytes } from "node:crypto"
import { type ConsoleRole, includes, lesserRole } from "../../domain/console/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { ConsoleSessionStore, SessionRecord } from "../../state/console/sessions.ts"
import type { Caller } from "../control-plane.ts"
import { requireAdmin } from "../sql-users/roles.ts"
import type { ConsoleAccounts } from "./accounts.ts"

const tokenBytes = 32
const tokenForm = /^[A-Za-z0-9_-]{43}$/
/** 12 hours: a working day. */
const sessionLastsSeconds = 43_200
const linkLastsSeconds = 600

export interface ConsoleSession {
  id: string
  user: string
  role: ConsoleRole
  expiresAt: Date
}

export interface SessionPlane {
  sessions: ConsoleSessionStore
  accounts: ConsoleAccounts
}

/** A session that has just begun, with the secret that its holder shows from now on. */
export interface BegunSession {
  token: string
  session: ConsoleSession
}

/** Begins a session of a user whose password is proven. @throws Fault accessDenied, unavailable */
export async function beginSession(
  { sessions }: SessionPlane,
  who: { user: string; role: ConsoleRole | undefined; address: string | undefined },
): Promise<BegunSession> {
  const { user, role, address } = who
  if (role === undefined)
    throw new Fault(
      "accessDenied",
      `The user ${user} has no role in the console: an administrator gives one by console.users in millrace.yaml.`,
    )
  const token = newToken()
  const made = await sessions.add({
    digest: digestOf(token),
    user,
    role,
    address,
    lastsSeconds: sessionLastsSeconds,
  })
  return { token, session: { id: made.id, user, role, expiresAt: made.expiresAt } }
}

/** @returns undefined: the link was used, has expired, or never was. @throws Fault accessDenied, unavailable */
export async function beginByLink(
  plane: SessionPlane,
  link: string,
  address: string | undefined,
): Promise<BegunSession | undefined> {
  const taken = tokenForm.test(link) ? await plane.sessions.takeLink(digestOf(link)) : undefined
  if (taken === undefined) return undefined
  const role = await roleNow(plane.accounts, taken)
  return role === undefined ? undefined : await beginSession(plane, { user: taken.user, role, address })
}

/** The session of a token, with the rights that its user has now; `undefined`: it has none. @throws Fault unavailable */
export async function sessionOf(plane: SessionPlane, token: string): Promise<ConsoleSession | undefined> {
  if (!tokenForm.test(token)) return undefined
  const found = await plane.sessions.byDigest(digestOf(token))
  const role = found && (await roleNow(plane.accounts, found))
  return found && role && { id: found.id, user: found.user, role, expiresAt: found.expiresAt }
}

/** All sessions to an administrator, their own to others. */
export async function listSessions(
  { sessions }: SessionPlane,
  own: ConsoleSession,
): Promise<(SessionRecord & { isOwn: boolean })[]> {
  const found = await sessions.list(own.role === "admin" ? undefined : own.user)
  return found.map((one) => ({ ...one, isOwn: one.id === own.id }))
}

const idForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** @throws Fault resourceNotFound: also for another's session, of which only administrators learn */
export async function endSession(
  { sessions }: SessionPlane,
  own: ConsoleSession,
  id: string,
): Promise<SessionRecord> {
  const ended = idForm.test(id)
    ? await sessions.remove(id, own.role === "admin" ? undefined : own.user)
    : undefined
  if (ended === undefined) throw new Fault("resourceNotFound", "There is no such session, or it has ended.")
  return ended
}

export interface ConsoleLink {
  user: string
  role: ConsoleRole
  /** The secret: in this answer and nowhere else. */
  link: string
  expiresAt: Date
}

/** Makes a link by which one browser signs in once. @throws Fault accessDenied, invalidValue, unavailable */
export async function createLink(
  { sessions, accounts }: SessionPlane,
  caller: Caller,
  wanted: { user?: string | undefined; role?: ConsoleRole | undefined },
): Promise<ConsoleLink> {
  requireAdmin(caller, "make links to the console")
  const account =
    wanted.user === undefined ? await accounts.firstAdministrator() : await accounts.find(wanted.user)
  if (account?.role === undefined) throw noAccount(wanted.user)
  if (wanted.role !== undefined && !includes(account.role, wanted.role))
    throw new Fault(
      "invalidValue",
      `The user ${account.name} is ${account.role}, which is less than ${wanted.role}.`,
    )
  const role = wanted.role ?? account.role
  const link = newToken()
  const expiresAt = await sessions.addLink({
    digest: digestOf(link),
    user: account.name,
    role,
    lastsSeconds: linkLastsSeconds,
  })
  return { user: account.name, role, link, expiresAt }
}

export interface ConsoleUserReport {
  name: string
  /** Null: the user may not sign in to the console. */
  role: ConsoleRole | null
  isConfigured: boolean
}

/** The SQL users, and as what each may use the console. @throws Fault accessDenied, unavailable */
export async function listUsers(
  { accounts }: SessionPlane,
  caller: Caller,
): Promise<{ users: ConsoleUserReport[] }> {
  requireAdmin(caller, "list users")
  return { users: (await accounts.list()).map((one) => ({ ...one, role: one.role ?? null })) }
}

function noAccount(user: string | undefined): Fault {
  return user === undefined
    ? new Fault("invalidValue", "No SQL user is an administrator: name the user of the link.")
    : new Fault("invalidValue", `There is no SQL user ${user} with a role in the console.`)
}

async function roleNow(
  accounts: ConsoleAccounts,
  { user, role }: { user: string; role: ConsoleRole },
): Promise<ConsoleRole | undefined> {
  const now = (await accounts.find(user))?.role
  return now && lesserRole(now, role)
}

function newToken(): string {
  return randomBytes(tokenBytes).toString("base64url")
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest()
}
