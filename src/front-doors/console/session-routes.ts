import { randomUUID } from "node:crypto"
import { z } from "zod"
import { type AuditLog, audited } from "../../control-plane/audit/audit.ts"
import {
  type BegunSession,
  beginByLink,
  beginSession,
  type ConsoleSession,
  endSession,
  listSessions,
} from "../../control-plane/console/sessions.ts"
import { Fault } from "../../domain/faults.ts"
import type { AuditStore } from "../../state/audit.ts"
import type { GuessStore } from "../../state/console/guesses.ts"
import type { WireRequest } from "../../wire/http/message.ts"
import { Refused, type RouteAnswer } from "./answers.ts"
import { bodyOf } from "./body.ts"
import { type IdentitySources, identityOf, sessionCookie } from "./identity.ts"
import { newLockOut } from "./lock-out.ts"
import { isPassword } from "./password.ts"
import { type OpenRoute, parameter, type Route, type RouteCall } from "./route.ts"

export interface SessionSources extends IdentitySources {
  audit: AuditStore
  /** Of all processes. */
  guesses: GuessStore
  log: AuditLog
  /** Of the logins of the SQL port: see `isPassword`. */
  loginSecret(): Promise<Uint8Array>
}

export const signInBody = z.union([
  z.strictObject({ user: z.string().min(1).max(200), password: z.string().max(1_024) }),
  z.strictObject({ link: z.string().min(1).max(200) }),
])

/** Sign-in and sign-out, and who is signed in: open to everybody. */
export function openSessionRoutes(sources: SessionSources): OpenRoute[] {
  const signIn = newSignIn(sources)
  return [
    {
      operation: "SignIn",
      method: "POST",
      path: "/session",
      changes: true,
      body: signInBody,
      run: async ({ request, body }) => {
        const { token, session } = await signIn(request, bodyOf(signInBody, body))
        const { expiresAt } = session
        return {
          body: shown(session),
          headers: { "set-cookie": sessionCookie(request, { token, expiresAt }) },
        }
      },
    },
    {
      operation: "DescribeSession",
      method: "GET",
      path: "/session",
      changes: false,
      run: async ({ request }) => ({ body: shown(requireSession(await identityOf(sources, request))) }),
    },
    {
      operation: "SignOut",
      method: "DELETE",
      path: "/session",
      changes: true,
      run: async ({ request, requestId }) => await signOut(sources, request, requestId),
    },
  ]
}

/** Who else is signed in, and the end of it. */
export function sessionRoutes(sources: SessionSources): Route[] {
  return [
    {
      operation: "ListSessions",
      method: "GET",
      path: "/sessions",
      least: "viewer",
      changes: false,
      run: async ({ identity }) => {
        const sessions = await listSessions(sources, requireSession(identity))
        return {
          body: {
            sessions: sessions.map(({ id, user, role, address, createdAt, expiresAt, isOwn }) => ({
              ...{ id, user, role, createdAt, expiresAt, isOwn },
              ...(address !== undefined && { address }),
            })),
          },
        }
      },
    },
    {
      operation: "EndSession",
      method: "DELETE",
      path: "/sessions/{id}",
      least: "viewer",
      changes: true,
      audited: (call) => ({ resource: parameter(call, "id"), parameters: {} }),
      run: async (call, tell) => {
        const ended = await endSession(sources, requireSession(call.identity), parameter(call, "id"))
        tell({ before: { user: ended.user, role: ended.role }, after: undefined })
        return { body: { id: ended.id } }
      },
    },
  ]
}

/** @throws Fault unsupported: a key has no session */
function requireSession(identity: RouteCall["identity"]): ConsoleSession {
  if (identity.kind === "session") return identity.session
  throw new Fault("unsupported", "An API key has no session: sign in as a user.")
}

function shown({ user, role, expiresAt }: ConsoleSession): object {
  return { user, role, expiresAt }
}

type SignIn = (request: WireRequest, given: z.output<typeof signInBody>) => Promise<BegunSession>

/** Each sign-in, refused ones too, has its entry in the audit trail. */
function newSignIn(sources: SessionSources): SignIn {
  const lockOut = newLockOut(sources.guesses)
  const byPassword = async (request: WireRequest, given: { user: string; password: string }) => {
    const { user: name, password } = given
    const { address } = request
    const attempt = await lockOut.begin(name, address)
    if (attempt.waitMs !== undefined) throw tooMany(attempt.waitMs)
    const [account, secret] = await Promise.all([sources.accounts.find(name), sources.loginSecret()])
    if (!isPassword(account, { name, password, secret })) {
      if (attempt.isLast) throw tooMany(attempt.leftMs)
      throw new Refused("notSignedIn", "The user or the password is wrong.")
    }
    await lockOut.right(name, address)
    return await beginSession(sources, { user: name, role: account?.role, address })
  }
  return (request, given) =>
    "link" in given
      ? recorded(sources, { request, operation: "SignInByLink", user: "(link)" }, () =>
          byLink(sources, request, given.link),
        )
      : recorded(sources, { request, operation: "SignIn", user: given.user }, () =>
          byPassword(request, given),
        )
}

async function byLink(
  sources: SessionSources,
  { address }: WireRequest,
  link: string,
): Promise<BegunSession> {
  const begun = await beginByLink(sources, link, address)
  if (begun !== undefined) return begun
  throw new Refused("notSignedIn", "This link has been used, or it has expired.", {
    remedy: "Make another one: millrace console-link",
  })
}

async function signOut(
  sources: SessionSources,
  request: WireRequest,
  requestId: string,
): Promise<RouteAnswer> {
  const identity = await identityOf(sources, request)
  const session = requireSession(identity)
  await recorded(sources, { request, operation: "SignOut", user: session.user, requestId }, () =>
    endSession(sources, session, session.id),
  )
  return { body: {}, headers: { "set-cookie": sessionCookie(request) } }
}

interface Recorded {
  request: WireRequest
  operation: string
  user: string
  requestId?: string
}

async function recorded<T>(
  { audit, log }: SessionSources,
  { request, operation, user, requestId = randomUUID() }: Recorded,
  run: () => Promise<T>,
): Promise<T> {
  const entry = {
    requestId,
    door: "console",
    operation,
    accessKeyId: user,
    policy: "",
    address: request.address,
    resource: user,
    parameters: {},
  }
  return await audited({ store: audit, log, outcomeOf }, entry, run, () => undefined)
}

function outcomeOf(error: unknown): string {
  if (error instanceof Refused) return error.code
  return error instanceof Fault ? error.kind : "internal"
}

function tooMany(waitMs: number): Refused {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000))
  return new Refused(
    "tooMany",
    `Too many wrong passwords of this user from there: try again in ${seconds} s.`,
    {
      remedy: "A link from `millrace console-link` signs in at once.",
      headers: { "retry-after": String(seconds) },
    },
  )
}
