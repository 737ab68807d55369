import { audited } from "../control-plane/audit/audit.ts"
import type { Caller } from "../control-plane/control-plane.ts"
import type { AuditStore } from "../state/audit.ts"
import { type JsonFault, jsonFaultResponse } from "../wire/aws-json/fault.ts"
import { jsonText } from "../wire/aws-json/json-values.ts"
import { errorFields, type Log } from "../wire/http/log.ts"
import { readRestInput } from "../wire/rest-json/input.ts"
import type { RestInputOf, RestOperations, RestOutputOf } from "../wire/rest-json/operation.ts"
import { type Routes, routesOf } from "../wire/rest-json/route.ts"
import type { ShapeValue } from "../wire/shapes/shape.ts"
import { auditedCall } from "./audited-calls.ts"
import type { Door, DoorAnswer, SignedCall } from "./door.ts"

/** One function for each operation; a missing or superfluous one does not compile. */
export type RestHandlers<Operations> = {
  [Name in keyof Operations]: (
    input: RestInputOf<Operations[Name]>,
    caller: Caller,
  ) => Promise<RestOutputOf<Operations[Name]>>
}

export interface RestDoorOptions<Operations extends RestOperations> {
  /** The service name of the credential scope. */
  name: string
  /** For people: `Customer Profiles`. */
  title: string
  operations: Operations
  handlers: RestHandlers<Operations>
  /** Operations that have no entry in the audit trail. */
  unaudited: readonly (keyof Operations & string)[]
  /** How this service sends an error; undefined: nobody foresaw it. */
  faultOf(error: unknown): JsonFault | undefined
  /** The code of an input that its shape does not allow. */
  invalidInput: string
  /** What the audit trail keeps of an input. */
  auditedParameters(input: object): { resource: string | undefined; parameters: object }
  audit: AuditStore
  log: Log
}

type AnyHandler = (input: never, caller: Caller) => Promise<{ [member: string]: ShapeValue | undefined }>

interface AnyDoor extends Omit<RestDoorOptions<RestOperations>, "handlers"> {
  handlers: { readonly [name: string]: AnyHandler }
  routes: Routes
}

/** A restJson1 service as a door. */
export function restDoor<Operations extends RestOperations>(options: RestDoorOptions<Operations>): Door {
  const handlers: { readonly [name: string]: AnyHandler } = options.handlers
  const door = { ...options, handlers, routes: routesOf(options.operations) }
  return { service: options.name, handle: (call) => handle(door, call) }
}

async function handle(door: AnyDoor, call: SignedCall): Promise<DoorAnswer> {
  const refuse = (fault: JsonFault, operation?: string): DoorAnswer => ({
    response: jsonFaultResponse("restJson1", fault, call.requestId),
    operation,
    code: fault.code,
  })
  const located = door.routes.locate(call.request)
  if (located === undefined) return refuse(unknownOperation(door, call))
  const { name } = located
  const input = readRestInput(located, call.request)
  if ("fault" in input) return refuse({ ...input.fault, code: door.invalidInput }, name)
  try {
    // Read along this operation's own shape, which is what its handler was declared with.
    const handler = door.handlers[name]
    const output = await audit(door, call, { operation: name, input: input.ok as object }, async () => {
      if (handler === undefined) throw new Error(`the operation ${name} has no handler`)
      return await handler(input.ok as never, call.caller)
    })
    const headers = { "content-type": "application/json", "x-amzn-requestid": call.requestId }
    return { response: { status: 200, headers, body: jsonText(output) }, operation: name, code: undefined }
  } catch (error) {
    return refuse(faultOf(door, call, error), name)
  }
}

async function audit<T extends object>(
  door: AnyDoor,
  call: SignedCall,
  { operation, input }: { operation: string; input: object },
  run: () => Promise<T>,
): Promise<T> {
  if (door.unaudited.includes(operation)) return await run()
  const { resource, parameters } = door.auditedParameters(input)
  const entry = { ...auditedCall(call, door.name, operation, parameters), resource }
  return await audited({ store: door.audit, log: door.log }, entry, run, () => undefined)
}

function unknownOperation({ title, operations }: AnyDoor, { request }: SignedCall): JsonFault {
  const served = Object.keys(operations).sort().join(", ")
  const message = `${title} has no operation at ${request.method} on this path in this version of Millrace. It has: ${served}.`
  return { code: "UnknownOperationException", status: 404, message }
}

function faultOf(door: AnyDoor, { requestId }: SignedCall, error: unknown): JsonFault {
  const fault = door.faultOf(error)
  if (fault === undefined) door.log.error({ requestId, ...errorFields(error) }, "request failed")
  else if (fault.status >= 500)
    door.log.warn({ requestId, ...errorFields(error) }, "request could not be served")
  const message = `The request failed for an internal reason; the log has it as ${requestId}.`
  return fault ?? { code: "InternalServerException", status: 500, message }
}
