import { z } from "zod"
import { authenticate, giveToken } from "../../control-plane/governance/api-keys.ts"
import type { ApiKey } from "../../domain/api-key.ts"
import { Fault } from "../../domain/faults.ts"
import type { ApiKeyStore } from "../../state/governance/api-keys.ts"
import { headerValues, type WireRequest } from "../../wire/http/message.ts"
import { bodyOf } from "./body.ts"
import type { RouteAnswer } from "./route.ts"

/** Where a key is exchanged for a bearer token. (Fact) */
export const exchangePath = "/bim/apikey/authenticate"

const exchangeBody = z.object({ apikey: z.string() })

/** The key that a request shows, raw or by a token; `undefined`: none that holds. (Fact: both forms.) @throws Fault unavailable */
export async function keyOf(store: ApiKeyStore, request: WireRequest): Promise<ApiKey | undefined> {
  const [given, ...more] = headerValues(request, "authorization")
  if (given === undefined || more.length > 0) return undefined
  const token = /^Bearer +(\S+) *$/i.exec(given)?.[1]
  if (token !== undefined) return await authenticate(store, { kind: bearerKind(request), secret: token })
  return await authenticate(store, { kind: "key", secret: given.trim() })
}

/** Identity providers can send nothing but a bearer token that lasts: a key. */
function bearerKind({ path }: WireRequest): "key" | "token" {
  return path.startsWith("/scim/v2/") ? "key" : "token"
}

/** The key in the body of an exchange. @throws Fault validation, unavailable */
export async function exchangedKey(store: ApiKeyStore, request: WireRequest): Promise<ApiKey | undefined> {
  const body = exchangeBody.safeParse(bodyOf(request))
  if (!body.success)
    throw new Fault("validation", 'Invalid request payload: /apikey must be a text: {"apikey":"…"}')
  return await authenticate(store, { kind: "key", secret: body.data.apikey })
}

/** (Fact: its members.) */
export async function tokenAnswer(store: ApiKeyStore, key: ApiKey): Promise<RouteAnswer> {
  const { token, expiresAt } = await giveToken(store, key)
  return { kind: "json", body: { authenticated: true, token, tokenExpiration: expiresAt.toISOString() } }
}
