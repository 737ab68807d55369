import { audited } from "../../control-plane/audit/audit.ts"
import { Fault } from "../../domain/faults.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"
import type { WireResponse } from "../../wire/http/message.ts"
import { auditedCall } from "../audited-calls.ts"
import type { Door, DoorAnswer, SignedCall } from "../door.ts"
import { type EventSources, eventStream } from "./event-stream.ts"
import { faultStatus } from "./faults.ts"
import { type Operation, type OperationSources, operations } from "./operations.ts"

/** The scope that `millrace status` and its like sign for. */
export const operationsService = "millrace"

/** Millrace's own operations API: JSON over HTTP, signed. docs/wire/operations.md lists what there is. */
export function operationsDoor(sources: DoorSources, log: Log): Door {
  return { service: operationsService, handle: (call) => handle(sources, log, call) }
}

type DoorSources = OperationSources & EventSources

/** The same operations for another door, which has established who calls. */
export interface OperationRunner {
  /** With its entry in the audit trail, as of `door`. @throws Fault */
  run(located: LocatedOperation, call: SignedCall, door: string): Promise<object>
}

export function operationRunner(sources: OperationSources, log: Log): OperationRunner {
  return { run: (located, call, door) => run(sources, log, call, { ...located, door }) }
}

async function handle(sources: DoorSources, log: Log, call: SignedCall): Promise<DoorAnswer> {
  const { request, requestId } = call
  if (request.method === "GET" && request.path === "/events") return await followed(sources, log, call)
  const found = locate(request.method, request.path)
  if (found === undefined) {
    const known = ["GET /events", ...operations.map((one) => `${one.method} ${one.path}`)].join(", ")
    return refused(
      404,
      "notFound",
      `There is no ${request.method} here by that path. There is: ${known}.`,
      call,
    )
  }
  const { operation } = found
  try {
    const output = await run(sources, log, call, { ...found, door: operationsService })
    return { response: json(200, output, requestId), operation: operation.name, code: undefined }
  } catch (error) {
    return failed(log, call, operation.name, error)
  }
}

async function followed(sources: DoorSources, log: Log, call: SignedCall): Promise<DoorAnswer> {
  const operation = "Events"
  const headers = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-amzn-requestid": call.requestId,
  }
  try {
    const stream = await eventStream(sources, call.caller, call.request)
    return { response: { status: 200, headers, body: "", stream }, operation, code: undefined }
  } catch (error) {
    return failed(log, call, operation, error)
  }
}

function failed(log: Log, call: SignedCall, operation: string, error: unknown): DoorAnswer {
  if (error instanceof Fault)
    return refused(faultStatus[error.kind], error.kind, error.message, call, operation)
  const { requestId } = call
  log.error({ requestId, ...errorFields(error) }, "an operation failed")
  const message = `${operation} failed for an internal reason; the log has it as ${requestId}.`
  return refused(500, "internal", message, call, operation)
}

async function run(
  sources: OperationSources,
  log: Log,
  call: SignedCall,
  { operation, identifier, door }: LocatedOperation & { door: string },
): Promise<object> {
  const body = jsonOf(call.request.body)
  const work = (tell?: OperationSources["tell"]) =>
    operation.run({ ...sources, ...(tell && { tell }) }, call.caller, identifier, body)
  if (!operation.changes) return await work()
  const parameters = operation.auditedParameters?.(body) ?? {
    ...(typeof body === "object" ? body : {}),
    integration: identifier,
  }
  const entry = auditedCall(call, door, operation.name, parameters)
  return await audited({ store: sources.store.audit, log }, entry, work, () => undefined)
}

export interface LocatedOperation {
  operation: Operation
  /** Of an integration, percent-decoded; empty where the path has none. */
  identifier: string
}

function locate(method: string, path: string): LocatedOperation | undefined {
  for (const operation of operations) {
    if (operation.method !== method) continue
    const [before = "", after] = operation.path.split("{integration}")
    if (after === undefined) {
      if (path === before) return { operation, identifier: "" }
      continue
    }
    const middle = path.slice(before.length, path.length - after.length)
    const fits = path.length > before.length + after.length && path.startsWith(before) && path.endsWith(after)
    if (fits && !middle.includes("/")) return { operation, identifier: decoded(middle) }
  }
  return undefined
}

/** What is not percent-encoding names nothing that exists, as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** An empty body counts as an empty object. @throws Fault validation */
function jsonOf(body: Uint8Array): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"))
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault("validation", "The body is not JSON.")
    throw error
  }
}

function refused(
  status: number,
  code: string,
  message: string,
  { requestId }: SignedCall,
  operation?: string,
): DoorAnswer {
  return { response: json(status, { code, message }, requestId), operation, code }
}

function json(status: number, body: object, requestId: string): WireResponse {
  const headers = { "content-type": "application/json", "x-amzn-requestid": requestId }
  return { status, headers, body: JSON.stringify(body) }
}
