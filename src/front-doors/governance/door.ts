import { randomUUID } from "node:crypto"
import { audited } from "../../control-plane/audit/audit.ts"
import type { ApiKey } from "../../domain/api-key.ts"
import type { AuditedCall, AuditedChange } from "../../domain/audit.ts"
import { Fault } from "../../domain/faults.ts"
import type { AuditStore } from "../../state/audit.ts"
import type { ApiKeyStore } from "../../state/governance/api-keys.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"
import type { WireRequest, WireResponse } from "../../wire/http/message.ts"
import { isSigned } from "../../wire/sigv4/authorization.ts"
import { newRequestLog } from "../request-log.ts"
import type { Throttle } from "../throttle.ts"
import { answered, faultStatus, refusal } from "./answers.ts"
import { bodyOf } from "./body.ts"
import { exchangedKey, exchangePath, keyOf, tokenAnswer } from "./credentials.ts"
import type { Route, RouteCall } from "./route.ts"
import { type Matched, type RouteTable, routeTable } from "./route-table.ts"
import { asScim } from "./scim/scim-answers.ts"

export interface GovernanceDoorOptions {
  store: { apiKeys: ApiKeyStore; audit: AuditStore }
  /** Beside the exchange of a key for a token, which is always there. */
  routes: readonly Route[]
  /** How many requests a key may make. */
  throttle: Throttle
  log: Log
}

export interface GovernanceDoor {
  /** Whether a request is of this API: not signed, and of a path that begins like one of its routes. */
  covers(request: Pick<WireRequest, "path" | "query" | "headers">): boolean
  /** Never rejects. */
  handle(request: WireRequest): Promise<WireResponse>
  /** The answer to a request whose body is over the limit. */
  tooLarge(request: WireRequest): Promise<WireResponse>
}

/** What is known of a request when it is answered. */
interface Seen {
  response: WireResponse
  operation?: string | undefined
  key?: ApiKey | undefined
}

/** The governance API at the root of the HTTP port: JSON over HTTP, with API keys. docs/governance/api.md */
export function governanceDoor(options: GovernanceDoorOptions): GovernanceDoor {
  const table = routeTable(options.routes)
  const requests = newRequestLog(options.log, "governance request")

  async function logged(request: WireRequest, work: (requestId: string) => Promise<Seen>) {
    const requestId = randomUUID()
    const startedAtMs = performance.now()
    const { response, operation, key } = await answeredAnyway(options.log, requestId, work)
    const ms = Math.round((performance.now() - startedAtMs) * 10) / 10
    const fields = {
      requestId,
      method: request.method,
      operation,
      key: key?.name,
      status: response.status,
      ms,
    }
    requests.answered(fields, key === undefined ? "stranger" : "known")
    const answer = asScim(request.path, response)
    return { ...answer, headers: { ...answer.headers, "x-request-id": requestId } }
  }

  return {
    covers: (request) => !isSigned(request) && (request.path === exchangePath || table.covers(request.path)),
    handle: (request) => logged(request, (requestId) => handle(options, table, { request, requestId })),
    tooLarge: (request) =>
      logged(request, async () => ({ response: refusal(400, "The request's body is larger than 1 MiB.") })),
  }
}

async function answeredAnyway(
  log: Log,
  requestId: string,
  work: (requestId: string) => Promise<Seen>,
): Promise<Seen> {
  try {
    return await work(requestId)
  } catch (error) {
    return { response: failed(log, requestId, error) }
  }
}

interface Incoming {
  request: WireRequest
  requestId: string
}

async function handle(options: GovernanceDoorOptions, table: RouteTable, incoming: Incoming): Promise<Seen> {
  const { request, requestId } = incoming
  const isExchange = request.method === "POST" && request.path === exchangePath
  const { apiKeys } = options.store
  const key = isExchange ? await exchangedKey(apiKeys, request) : await keyOf(apiKeys, request)
  if (key === undefined) return { response: refusal(401, "Missing authentication") }
  const late = await options.throttle.take(`api-key:${key.id}`, Date.now())
  if (late !== undefined) return { response: tooMany(late.waitMs), key }
  if (isExchange)
    return { response: answered(await tokenAnswer(apiKeys, key)), operation: "Authenticate", key }
  const matched = table.match(request.method, request.path)
  if (!("route" in matched)) return { response: notFound(request, matched.methods), key }
  const { operation } = matched.route
  if (!mayCall(key, matched.route))
    return { response: refusal(403, "Insufficient permissions"), operation, key }
  try {
    return { response: await run(options, matched, { ...incoming, key }), operation, key }
  } catch (error) {
    return { response: failed(options.log, requestId, error), operation, key }
  }
}

function mayCall({ permissions }: ApiKey, route: Route): boolean {
  return route.permissions.length === 0 || route.permissions.some((one) => permissions.includes(one))
}

interface Known extends Incoming {
  key: ApiKey
}

async function run(
  { store, log }: GovernanceDoorOptions,
  { route, parameters }: Matched,
  { key, request, requestId }: Known,
): Promise<WireResponse> {
  const call = (tell: RouteCall["tell"]): RouteCall => ({
    key,
    parameters,
    query: new URLSearchParams(request.query),
    body,
    address: request.address,
    requestId,
    tell,
  })
  const body = bodyOf(request)
  if (route.audited === undefined) return answered(await route.run(call(() => undefined)))
  const entry = auditedCall(
    route,
    call(() => undefined),
    route.audited,
  )
  const work = (tell: (change: AuditedChange) => void) => route.run(call(tell))
  return answered(await audited({ store: store.audit, log }, entry, work, ({ resource }) => resource))
}

function auditedCall(
  { operation }: Route,
  call: RouteCall,
  told: NonNullable<Route["audited"]>,
): AuditedCall {
  const { key, requestId, address } = call
  return {
    requestId,
    door: "governance",
    operation,
    accessKeyId: key.name,
    policy: key.permissions.join(" "),
    address,
    ...told(call),
  }
}

function notFound({ method, path }: WireRequest, methods: readonly string[]): WireResponse {
  if (methods.length === 0) return refusal(404, `There is nothing at ${shown(path)}.`)
  const allow = methods.join(", ")
  return refusal(405, `${shown(path)} takes ${allow}, not ${method}.`, { allow })
}

function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** In whole seconds, as the header has it. */
function tooMany(waitMs: number): WireResponse {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000))
  const message = "This API key makes more requests than it may. Try again later."
  return refusal(429, message, { "retry-after": String(seconds) })
}

/** What nobody foresaw is told by the log only: its text may hold anything. */
function failed(log: Log, requestId: string, error: unknown): WireResponse {
  if (error instanceof Fault) {
    if (error.detail !== undefined)
      log.warn({ requestId, detail: error.detail }, "request could not be served")
    return refusal(faultStatus[error.kind], error.message)
  }
  log.error({ requestId, ...errorFields(error) }, "request failed")
  return refusal(500, `The request failed for an internal reason; the log has it as ${requestId}.`)
}
