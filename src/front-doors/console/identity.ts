import { type ConsoleSession, type SessionPlane, sessionOf } from "../../control-plane/console/sessions.ts"
import { authenticate } from "../../control-plane/governance/api-keys.ts"
import type { ApiKey } from "../../domain/api-key.ts"
import type { ConsoleRole } from "../../domain/console/roles.ts"
import type { ApiKeyStore } from "../../state/governance/api-keys.ts"
import { headerValues, type WireRequest } from "../../wire/http/message.ts"
import { Refused } from "./answers.ts"
import { isSecure } from "./request-checks.ts"

/** Who calls: a person's browser, or a script. */
export type Identity =
  | { kind: "session"; name: string; role: ConsoleRole; session: ConsoleSession }
  | { kind: "key"; name: string; role: ConsoleRole | undefined }

export interface IdentitySources extends SessionPlane {
  apiKeys: ApiKeyStore
}

/** A browser takes the first name over TLS only, and from this host only. */
const cookieNames = { secure: "__Host-millrace", plain: "millrace_session" } as const

/** @throws Refused signedOut; Fault unavailable */
export async function identityOf(sources: IdentitySources, request: WireRequest): Promise<Identity> {
  const given = headerValues(request, "authorization")
  if (given.length > 0) return await keyIdentity(sources.apiKeys, given)
  const token = sessionToken(request)
  const session = token === undefined ? undefined : await sessionOf(sources, token)
  if (session === undefined)
    throw new Refused("signedOut", "Nobody is signed in, or the session has ended.", {
      remedy: "Sign in with an SQL user's password, or by a link from `millrace console-link`.",
    })
  return { kind: "session", name: session.user, role: session.role, session }
}

async function keyIdentity(store: ApiKeyStore, given: readonly string[]): Promise<Identity> {
  const secret = /^Bearer +(\S{1,500}) *$/i.exec(given[0] ?? "")?.[1]
  const key =
    secret === undefined || given.length > 1
      ? undefined
      : ((await authenticate(store, { kind: "key", secret })) ??
        (await authenticate(store, { kind: "token", secret })))
  if (key === undefined)
    throw new Refused("signedOut", "The Authorization header holds no API key that is valid.", {
      remedy: "Make one: millrace api-key create --name N --permission APPLICATION_ADMIN",
    })
  return { kind: "key", name: key.name, role: roleOf(key) }
}

/** Keys of the governance API have permissions of its own: two of them mean something here. */
function roleOf({ permissions }: ApiKey): ConsoleRole | undefined {
  if (permissions.includes("APPLICATION_ADMIN")) return "admin"
  return permissions.includes("AUDIT") ? "viewer" : undefined
}

export function sessionToken(request: WireRequest): string | undefined {
  const wanted = isSecure(request) ? cookieNames.secure : cookieNames.plain
  for (const header of headerValues(request, "cookie"))
    for (const part of header.split(";")) {
      const equals = part.indexOf("=")
      if (equals > 0 && part.slice(0, equals).trim() === wanted) return part.slice(equals + 1).trim()
    }
  return undefined
}

/** `Set-Cookie` of a session; without a token, what has the browser forget it. */
export function sessionCookie(request: WireRequest, begun?: { token: string; expiresAt: Date }): string {
  const secure = isSecure(request)
  const name = secure ? cookieNames.secure : cookieNames.plain
  const seconds =
    begun === undefined ? 0 : Math.max(0, Math.floor((begun.expiresAt.getTime() - Date.now()) / 1_000))
  const parts = [
    `${name}=${begun?.token ?? ""}`,
    "Path=/",
    `Max-Age=${seconds}`,
    "HttpOnly",
    "SameSite=Strict",
  ]
  return [...parts, ...(secure ? ["Secure"] : [])].join("; ")
}
