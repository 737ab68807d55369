import { randomUUID } from "node:crypto"
import type { Credential } from "../domain/configuration.ts"
import { errorFields, type Log } from "../wire/http/log.ts"
import type { WireRequest, WireResponse } from "../wire/http/message.ts"
import { claimedService } from "../wire/sigv4/authorization.ts"
import { verifySignature } from "../wire/sigv4/verify.ts"
import type { Door, DoorAnswer } from "./door.ts"
import { type Refusals, refusalsFor } from "./refusals.ts"
import { newRequestLog, type RequestLog } from "./request-log.ts"
import type { Throttle } from "./throttle.ts"

export interface AwsRouterOptions {
  region: string
  /** Read at each request: they may change while it serves. */
  credentials: readonly Credential[]
  doors: readonly Door[]
  /** How many requests a key may make; without it, as many as it likes. */
  throttle?: Throttle
  log: Log
  /** Milliseconds since 1970; the system's clock unless a test has another. */
  now?: () => number
}

export interface AwsRouter {
  /** Answers any request; never rejects. */
  handle(request: WireRequest): Promise<WireResponse>
  /** The answer to a request whose body is over the limit. */
  tooLarge(request: WireRequest): Promise<WireResponse>
}

/** The services that clients may sign for; those without a door are told so in their own protocol. */
const services = ["rds", "redshift", "cloudcontrolapi", "profile", "millrace"] as const

/** All AWS services behind one port: checks the signature, then hands the call to the door its scope names. */
export function awsRouter(options: AwsRouterOptions): AwsRouter {
  const doors = new Map(options.doors.map((door) => [door.service, door]))
  const places: Places = { doors, throttle: options.throttle }
  const log = newRequestLog(options.log, "aws request", options.now)
  return {
    handle: (request) => logged(log, request, (requestId) => route(options, places, request, requestId)),
    tooLarge: (request) =>
      logged(log, request, async (requestId) => refused(refusalsFor(request).tooLarge(requestId))),
  }
}

interface Places {
  doors: ReadonlyMap<string, Door>
  throttle: Throttle | undefined
}

interface RouteResult extends DoorAnswer {
  /** Only keys that exist: what stands in the place of an unknown one may be a secret pasted there by mistake. */
  keyId: string | undefined
}

async function route(
  options: AwsRouterOptions,
  { doors, throttle }: Places,
  request: WireRequest,
  requestId: string,
): Promise<RouteResult> {
  const refusals = refusalsFor(request)
  const nowMs = (options.now ?? Date.now)()
  const credentialOf = (accessKeyId: string) =>
    options.credentials.findLast((one) => one.accessKeyId === accessKeyId)
  const verified = verifySignature(request, {
    region: options.region,
    services,
    nowMs,
    secretOf: (accessKeyId) => credentialOf(accessKeyId)?.secretAccessKey,
  })
  if ("error" in verified) return refused(refusals.signature(verified.error, requestId))
  const credential = credentialOf(verified.ok.accessKeyId)
  if (credential === undefined) throw new Error("a verified key has no credential")
  const late = await throttle?.take(credential.accessKeyId, nowMs)
  if (late !== undefined) return refused(refusals.throttled(late.waitMs, requestId), credential.accessKeyId)
  const door = doors.get(verified.ok.service)
  if (door === undefined) {
    return refused(refusals.notServed(verified.ok.service, requestId), credential.accessKeyId)
  }
  const caller = { name: credential.accessKeyId, role: credential.role }
  const answer = await door.handle({ request, caller, requestId })
  return { ...answer, keyId: credential.accessKeyId }
}

function refused(refusal: ReturnType<Refusals["tooLarge"]>, keyId?: string): RouteResult {
  return { response: refusal.response, code: refusal.code, operation: undefined, keyId }
}

async function logged(
  { log, answered }: RequestLog,
  request: WireRequest,
  answer: (requestId: string) => Promise<RouteResult>,
): Promise<WireResponse> {
  const requestId = randomUUID()
  const startedAtMs = performance.now()
  const { response, operation, code, keyId } = await answeredAnyway(log, request, requestId, answer)
  const ms = Math.round((performance.now() - startedAtMs) * 10) / 10
  const service = services.find((name) => name === claimedService(request))
  const fields = { requestId, service, operation, keyId, status: response.status, code, ms }
  answered(fields, keyId === undefined ? "stranger" : "known")
  return response
}

async function answeredAnyway(
  log: Log,
  request: WireRequest,
  requestId: string,
  answer: (requestId: string) => Promise<RouteResult>,
): Promise<RouteResult> {
  try {
    return await answer(requestId)
  } catch (error) {
    log.error({ requestId, ...errorFields(error) }, "request failed")
    return refused(refusalsFor(request).internal(requestId))
  }
}
