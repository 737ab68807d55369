import { audited } from "../control-plane/audit/audit.ts"
import type { Caller } from "../control-plane/control-plane.ts"
import { Fault } from "../domain/faults.ts"
import type { AuditStore } from "../state/audit.ts"
import { type FaultCode, type WireFault, wireFault } from "../wire/aws-query/fault.ts"
import { type Form, readForm } from "../wire/aws-query/form.ts"
import type { InputOf, OutputOf, QueryOperation, QueryService } from "../wire/aws-query/operation.ts"
import { parseInput } from "../wire/aws-query/parse.ts"
import { faultResponse, type ResponseContext, resultResponse } from "../wire/aws-query/respond.ts"
import { errorFields, type Log } from "../wire/http/log.ts"
import type { WireRequest } from "../wire/http/message.ts"
import { auditedCall, resourceNamed } from "./audited-calls.ts"
import type { Door, DoorAnswer, SignedCall } from "./door.ts"

/** One function per operation; a missing or superfluous one does not compile. */
export type QueryHandlers<Operations> = {
  [Name in keyof Operations]: (
    input: InputOf<Operations[Name]>,
    caller: Caller,
  ) => Promise<OutputOf<Operations[Name]>>
}

export interface QueryDoorOptions<S extends QueryService> {
  /** The service name of the credential scope. */
  name: string
  service: S
  handlers: QueryHandlers<S["operations"]>
  /** The code under which this service sends a fault; `form` is the request it answers. */
  codeOf(fault: Fault, form: Form): FaultCode
  audit: AuditStore
  log: Log
}

type AnyHandler = (input: never, caller: Caller) => Promise<OutputOf<QueryOperation>>

interface Route {
  name: string
  operation: QueryOperation
  handler: AnyHandler
}

/** An awsQuery service as a door. Throws when an operation lacks its handler or a handler its operation. */
export function queryDoor<S extends QueryService>(options: QueryDoorOptions<S>): Door {
  const routes = routesOf(options.service.operations, options.handlers)
  return { service: options.name, handle: (call) => handle(options, routes, call) }
}

function routesOf(
  operations: QueryService["operations"],
  handlers: { readonly [name: string]: AnyHandler },
): Map<string, Route> {
  const orphan = Object.keys(handlers).find((name) => !Object.hasOwn(operations, name))
  if (orphan !== undefined) throw new Error(`the handler ${orphan} has no operation`)
  return new Map(
    Object.entries(operations).map(([name, operation]) => {
      const handler = handlers[name]
      if (handler === undefined) throw new Error(`the operation ${name} has no handler`)
      return [name, { name, operation, handler }]
    }),
  )
}

async function handle<S extends QueryService>(
  options: QueryDoorOptions<S>,
  routes: Map<string, Route>,
  call: SignedCall,
): Promise<DoorAnswer> {
  const context: ResponseContext = { namespace: options.service.namespace, requestId: call.requestId }
  const refuse = (fault: WireFault, operation?: string): DoorAnswer => ({
    response: faultResponse(fault, context),
    operation,
    code: fault.code,
  })
  const located = locate(call.request, options.service.version, routes)
  if ("fault" in located) return refuse(located.fault)
  const { route, form } = located
  const input = parseInput(route.operation.input, form)
  if ("fault" in input) return refuse(input.fault, route.name)
  try {
    // The input was parsed along this operation's own shape, which is what its handler was declared with.
    const parameters: object = input.ok as never
    const run = () => route.handler(input.ok as never, call.caller)
    const output = isReading(route.name)
      ? await run()
      : await audited(
          { store: options.audit, log: options.log },
          auditedCall(call, options.name, route.name, parameters),
          run,
          resourceNamed,
        )
    const response = resultResponse(route.name, route.operation.output, output, context)
    return { response, operation: route.name, code: undefined }
  } catch (error) {
    return refuse(faultOf(error, options, form, call.requestId), route.name)
  }
}

/** AWS names its operations so, without exception in scope. */
function isReading(operation: string): boolean {
  return /^(Describe|Get|List)/.test(operation)
}

function locate(
  request: WireRequest,
  version: string,
  routes: Map<string, Route>,
): { route: Route; form: Form } | { fault: WireFault } {
  if (request.path !== "/") {
    return { fault: wireFault("InvalidAction", "This service answers at the path / only.") }
  }
  if (request.method !== "POST" && request.method !== "GET") {
    return { fault: wireFault("InvalidAction", "This service answers POST and GET only.") }
  }
  const read = readForm(request)
  if ("fault" in read) return read
  const form = read.ok
  const action = form.get("Action")
  if (action === undefined || action === "") {
    return { fault: wireFault("MissingAction", "The request must contain the parameter Action") }
  }
  const route = routes.get(action)
  if (route !== undefined && form.get("Version") === version) return { route, form }
  const asked = `operation ${shown(action)} for version ${shown(form.get("Version") ?? "NO_VERSION_SPECIFIED")}`
  return { fault: wireFault("InvalidAction", `Could not find ${asked}`) }
}

function shown(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text
}

function faultOf<S extends QueryService>(
  error: unknown,
  options: QueryDoorOptions<S>,
  form: Form,
  requestId: string,
): WireFault {
  if (error instanceof Fault) {
    const code = options.codeOf(error, form)
    if (!code.sender) options.log.warn({ requestId, detail: error.detail }, "request could not be served")
    return { ...code, message: error.message }
  }
  options.log.error({ requestId, ...errorFields(error) }, "request failed")
  return wireFault(
    "InternalFailure",
    `The request failed for an internal reason; the log has it as ${requestId}.`,
  )
}
