import type { z } from "zod"
import type { Caller } from "../../control-plane/control-plane.ts"
import type { AuditedChange } from "../../domain/audit.ts"
import type { ConsoleRole } from "../../domain/console/roles.ts"
import type { WireRequest } from "../../wire/http/message.ts"
import type { RouteAnswer } from "./answers.ts"
import type { Identity } from "./identity.ts"

/** A request of the console's API, by whoever may make it. */
export interface RouteCall {
  request: WireRequest
  requestId: string
  identity: Identity
  /** For services: with the role that the route's least role stands for. */
  caller: Caller
  /** The decoded segments that the route's path names. */
  parameters: ReadonlyMap<string, string>
  query: URLSearchParams
  /** What the JSON says; `{}` where there is no body. Not checked. */
  body: unknown
}

interface RouteHead {
  /** For the log and the audit trail, like `EndSession`. */
  operation: string
  method: "GET" | "POST" | "PUT" | "DELETE"
  /** Below `/console/api`; segments in braces match any one segment, percent-decoded. */
  path: string
  /** Whether it changes anything: then it takes JSON of the same site only. */
  changes: boolean
  /** It changes nothing by itself, and takes JSON of the same site only all the same. */
  takesJson?: boolean
  /** Of the body, for the document that describes the API. */
  body?: z.ZodType
}

/** One row of the table of the console's API. */
export interface Route extends RouteHead {
  least: ConsoleRole
  /** Of a route that changes something and has no entry in the audit trail by itself: what is kept of the call, without secrets. */
  audited?: (call: RouteCall) => { resource: string | undefined; parameters: object }
  /** @throws Fault, Refused */
  run(call: RouteCall, tell: (change: AuditedChange) => void): Promise<RouteAnswer>
}

/** One that does not ask who calls: it finds that out. */
export interface OpenRoute extends RouteHead {
  run(call: Pick<RouteCall, "request" | "requestId" | "body">): Promise<RouteAnswer>
}

export function parameter({ parameters }: Pick<RouteCall, "parameters">, name: string): string {
  const value = parameters.get(name)
  if (value === undefined) throw new Error(`the route's path has no {${name}}`)
  return value
}

export interface Matched<R> {
  route: R
  parameters: ReadonlyMap<string, string>
}

/** The route of a path, and which methods the path takes otherwise. */
export function match<R extends RouteHead>(
  routes: readonly R[],
  method: string,
  path: string,
): Matched<R> | { methods: readonly string[] } {
  const fitting = routes.flatMap((route) => {
    const parameters = parametersOf(route.path, path)
    return parameters === undefined ? [] : [{ route, parameters }]
  })
  return (
    fitting.find(({ route }) => route.method === method) ?? {
      methods: fitting.map(({ route }) => route.method),
    }
  )
}

function parametersOf(pattern: string, path: string): Map<string, string> | undefined {
  const [wanted, given] = [pattern.split("/"), path.split("/")]
  if (wanted.length !== given.length) return undefined
  const found = new Map<string, string>()
  for (const [at, part] of wanted.entries()) {
    const segment = given[at] ?? ""
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name === undefined ? part !== segment : segment === "") return undefined
    if (name !== undefined) found.set(name, decoded(segment))
  }
  return found
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
