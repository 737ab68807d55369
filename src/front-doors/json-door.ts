import { audited } from "../control-plane/audit/audit.ts"
import type { Caller } from "../control-plane/control-plane.ts"
import type { AuditStore } from "../state/audit.ts"
import { type JsonFault, jsonFaultResponse } from "../wire/aws-json/fault.ts"
import { jsonText, readJsonInput } from "../wire/aws-json/json-values.ts"
import type { JsonInputOf, JsonOperation, JsonOutputOf, JsonService } from "../wire/aws-json/operation.ts"
import { errorFields, type Log } from "../wire/http/log.ts"
import { headerValue, type WireRequest } from "../wire/http/message.ts"
import type { ShapeValue } from "../wire/shapes/shape.ts"
import { auditedCall } from "./audited-calls.ts"
import type { Door, DoorAnswer, SignedCall } from "./door.ts"

/** One function for each operation; a missing or superfluous one does not compile. */
export type JsonHandlers<Operations> = {
  [Name in keyof Operations]: (
    input: JsonInputOf<Operations[Name]>,
    caller: Caller,
  ) => Promise<JsonOutputOf<Operations[Name]>>
}

export interface JsonDoorOptions<S extends JsonService> {
  /** The service name of the credential scope. */
  name: string
  service: S
  handlers: JsonHandlers<S["operations"]>
  /** Operations that change nothing: they have no entry in the audit trail. */
  reading: readonly (keyof S["operations"] & string)[]
  /** How this service sends an error; undefined: nobody foresaw it. */
  faultOf(error: unknown): JsonFault | undefined
  /** What the audit trail keeps of an input. */
  auditedParameters(input: object): { resource: string | undefined; parameters: object }
  /** In a word, for the audit trail. */
  outcomeOf(error: unknown): string
  /** What the output names, for the audit trail. */
  resourceOf(output: object): string | undefined
  audit: AuditStore
  log: Log
}

type AnyHandler = (input: never, caller: Caller) => Promise<{ [member: string]: ShapeValue | undefined }>

const protocol = "awsJson1.0"

/** An awsJson1_0 service as a door. */
export function jsonDoor<S extends JsonService>(options: JsonDoorOptions<S>): Door {
  const handlers: { readonly [name: string]: AnyHandler } = options.handlers
  return { service: options.name, handle: (call) => handle({ ...options, handlers }, call) }
}

interface AnyDoor extends Omit<JsonDoorOptions<JsonService>, "handlers"> {
  handlers: { readonly [name: string]: AnyHandler }
}

async function handle(options: AnyDoor, call: SignedCall): Promise<DoorAnswer> {
  const refuse = (fault: JsonFault, operation?: string): DoorAnswer => ({
    response: jsonFaultResponse(protocol, fault, call.requestId),
    operation,
    code: fault.code,
  })
  const located = locate(options.service, call.request)
  if ("fault" in located) return refuse(located.fault)
  const { name, operation } = located
  const input = readJsonInput(operation.input, call.request.body)
  if ("fault" in input) return refuse(input.fault, name)
  try {
    // Read along this operation's own shape, which is what its handler was declared with.
    const handler = options.handlers[name]
    const output = await audit(options, call, { operation: name, input: input.ok as object }, async () => {
      if (handler === undefined) throw new Error(`the operation ${name} has no handler`)
      return await handler(input.ok as never, call.caller)
    })
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": call.requestId }
    return { response: { status: 200, headers, body: jsonText(output) }, operation: name, code: undefined }
  } catch (error) {
    return refuse(faultOf(options, call, error), name)
  }
}

async function audit<T extends object>(
  options: AnyDoor,
  call: SignedCall,
  { operation, input }: { operation: string; input: object },
  run: () => Promise<T>,
): Promise<T> {
  if (options.reading.includes(operation)) return await run()
  const { resource, parameters } = options.auditedParameters(input)
  const entry = { ...auditedCall(call, options.name, operation, parameters), resource }
  const parts = { store: options.audit, log: options.log, outcomeOf: options.outcomeOf }
  return await audited(parts, entry, run, options.resourceOf)
}

function locate(
  service: JsonService,
  request: WireRequest,
): { name: string; operation: JsonOperation } | { fault: JsonFault } {
  if (request.path !== "/" || request.method !== "POST")
    return { fault: unknown("This service answers POST at the path / only.") }
  const [target = "", name = "", ...more] = (headerValue(request, "x-amz-target") ?? "").split(".")
  const operation = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined
  if (operation === undefined || target !== service.target || more.length > 0)
    return { fault: unknown(`X-Amz-Target names no operation of ${service.target}.`) }
  return { name, operation }
}

function unknown(message: string): JsonFault {
  return { code: "UnknownOperationException", status: 404, message }
}

function faultOf(options: AnyDoor, { requestId }: SignedCall, error: unknown): JsonFault {
  const fault = options.faultOf(error)
  if (fault === undefined) options.log.error({ requestId, ...errorFields(error) }, "request failed")
  else if (fault.status >= 500)
    options.log.warn({ requestId, ...errorFields(error) }, "request could not be served")
  const message = `The request failed for an internal reason; the log has it as ${requestId}.`
  return fault ?? { code: "HandlerInternalFailureException", status: 502, message }
}
