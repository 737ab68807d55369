import { createHash, randomBytes } from "node:crypto"
import type { ApiKey, Permission } from "../../domain/api-key.ts"
import { Fault } from "../../domain/faults.ts"
import type { ApiKeyStore } from "../../state/governance/api-keys.ts"
import type { Caller } from "../control-plane.ts"
import { requireAdmin } from "../sql-users/roles.ts"
import type { Changed } from "./changes.ts"
import { checkedName } from "./names.ts"

/** Makes secrets of ours known to scanners of source code. */
const keyPrefix = "mlr_"
const tokenPrefix = "mlt_"
/** Guessing one is hopeless, so its digest needs no slow function. */
const secretBytes = 32
const secretForm = /^ml[rt]_[A-Za-z0-9_-]{43}$/
/** 12 hours. */
const tokenLastsSeconds = 43_200

/** As `api-key list` shows it. */
export interface ApiKeyReport {
  name: string
  permissions: readonly Permission[]
  createdAt: Date
  revokedAt: Date | undefined
}

/** Makes a key. Its secret is in this answer and nowhere else. @throws Fault accessDenied, conflictingOperation */
export async function createApiKey(
  store: ApiKeyStore,
  caller: Caller,
  { name, permissions }: { name: string; permissions: readonly Permission[] },
): Promise<ApiKeyReport & { key: string }> {
  requireAdmin(caller, "create API keys")
  const key = newSecret(keyPrefix)
  const added = await store.add({ name, permissions: [...new Set(permissions)], digest: digestOf(key) })
  if (added === "taken") throw nameTaken(name)
  return { ...reportOf(added), key }
}

/** @throws Fault accessDenied */
export async function listApiKeys(store: ApiKeyStore, caller: Caller): Promise<{ keys: ApiKeyReport[] }> {
  requireAdmin(caller, "list API keys")
  return { keys: (await store.all()).map(reportOf) }
}

/** From now on neither the key nor a token given for it is accepted. @throws Fault accessDenied, resourceNotFound */
export async function revokeApiKey(
  store: ApiKeyStore,
  caller: Caller,
  name: string,
): Promise<{ name: string }> {
  requireAdmin(caller, "revoke API keys")
  if (await store.revoke(name)) return { name }
  throw new Fault("resourceNotFound", `There is no API key named ${name} that is not revoked.`)
}

/**
 * Makes a key by a key: with its permissions, or some of them, never with more. The secret is in this answer and nowhere else.
 * @throws Fault validation, accessDenied, conflictingOperation
 */
export async function deriveApiKey(
  store: ApiKeyStore,
  by: ApiKey,
  wanted: { name: string; permissions?: readonly Permission[] | undefined },
): Promise<Changed<{ key: string; id: number; name: string }>> {
  const name = checkedName("API key's name", wanted.name, keyNameLimitBytes)
  const permissions = [...new Set(wanted.permissions ?? by.permissions)]
  const missing = permissions.find((one) => !by.permissions.includes(one))
  if (missing !== undefined)
    throw new Fault("accessDenied", `A key gives no more than it has: this one has no ${missing}.`)
  const key = newSecret(keyPrefix)
  const added = await store.add({ name, permissions, digest: digestOf(key) })
  if (added === "taken") throw nameTaken(name)
  const after = { id: added.id, name, permissions }
  return { output: { key, id: added.id, name }, resource: `api key ${name}`, before: undefined, after }
}

/** (Fact: at most 254 characters.) */
const keyNameLimitBytes = 254

/**
 * Ends a key with its tokens: any key itself, an administrator's every one. How many tokens ended with it.
 * @throws Fault accessDenied, resourceNotFound
 */
export async function endApiKey(store: ApiKeyStore, by: ApiKey, id: number): Promise<Changed<number>> {
  if (id !== by.id && !by.permissions.includes("APPLICATION_ADMIN"))
    throw new Fault("accessDenied", "Insufficient permissions")
  const ended = await store.revokeById(id)
  if (ended === undefined)
    throw new Fault("resourceNotFound", `There is no API key ${id} that is not revoked.`)
  const { key, tokens } = ended
  const before = { id, name: key.name, permissions: key.permissions }
  return { output: tokens, resource: `api key ${key.name}`, before, after: undefined }
}

function nameTaken(name: string): Fault {
  return new Fault(
    "conflictingOperation",
    `There is an API key named ${name}: revoke it, or take another name.`,
  )
}

/** The key behind what a request shows: its secret, or a token. @throws Fault unavailable */
export async function authenticate(
  store: ApiKeyStore,
  shown: { kind: "key" | "token"; secret: string },
): Promise<ApiKey | undefined> {
  if (!secretForm.test(shown.secret)) return undefined
  const digest = digestOf(shown.secret)
  return shown.kind === "key" ? await store.byDigest(digest) : await store.byToken(digest)
}

/** A token for a key, for 12 hours. @throws Fault unavailable */
export async function giveToken(
  store: ApiKeyStore,
  key: ApiKey,
): Promise<{ token: string; expiresAt: Date }> {
  const token = newSecret(tokenPrefix)
  return { token, expiresAt: await store.addToken(key.id, digestOf(token), tokenLastsSeconds) }
}

function newSecret(prefix: string): string {
  return prefix + randomBytes(secretBytes).toString("base64url")
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest()
}

function reportOf({ name, permissions, createdAt, revokedAt }: ApiKey): ApiKeyReport {
  return { name, permissions, createdAt, revokedAt }
}
