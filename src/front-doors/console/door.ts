import { randomUUID } from "node:crypto"
import { audited } from "../../control-plane/audit/audit.ts"
import type { StatusReport } from "../../control-plane/pipelines/status.ts"
import type { Role } from "../../domain/configuration.ts"
import { type ConsoleConfiguration, type ConsoleRole, includes } from "../../domain/console/roles.ts"
import { Fault } from "../../domain/faults.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"
import type { WireRequest, WireResponse } from "../../wire/http/message.ts"
import { isSigned } from "../../wire/sigv4/authorization.ts"
import { newRequestLog } from "../request-log.ts"
import type { Throttle } from "../throttle.ts"
import { answered, internalError, Refused, refusalOf } from "./answers.ts"
import { jsonOf } from "./body.ts"
import { type Identity, identityOf } from "./identity.ts"
import { type IntegrationSources, integrationRoutes } from "./integration-routes.ts"
import { eventRoutes } from "./live/event-routes.ts"
import { newStatusFeed } from "./live/status-feed.ts"
import { openApiOf } from "./openapi.ts"
import { type OperationAnswers, operationRoutes } from "./operation-routes.ts"
import { builtConsole } from "./page-files.ts"
import { acceptsPage, consolePages, type Pages } from "./pages.ts"
import { queryRoutes } from "./query/query-routes.ts"
import type { StatementSources } from "./query/statements.ts"
import {
  asSent,
  pathWithin,
  prefixOf,
  requireJson,
  requirePrivate,
  requireSameSite,
  trustedList,
} from "./request-checks.ts"
import { match, type OpenRoute, type Route, type RouteCall } from "./route.ts"
import { openSessionRoutes, type SessionSources, sessionRoutes } from "./session-routes.ts"

export interface ConsoleDoorOptions
  extends Omit<SessionSources, "log">,
    StatementSources,
    IntegrationSources {
  configuration: ConsoleConfiguration
  operations: OperationAnswers
  /** What the event stream tells the changes of. */
  statusReport(): Promise<StatusReport>
  /** How many calls a session or a key may make. */
  throttle: Throttle
  /** Of the built console; default: the package's. */
  folder?: string
  log: Log
}

export interface ConsoleDoor {
  /** Whether a request is the console's: its pages, its API, or `/` in a browser. */
  covers(request: WireRequest): boolean
  /** Never rejects. */
  handle(request: WireRequest): Promise<WireResponse>
  /** The answer to a request whose body is over the limit. */
  tooLarge(request: WireRequest): Promise<WireResponse>
}

const apiPath = "/console/api"

/** The web console on the HTTP port. docs/operating/console.md */
export function consoleDoor(options: ConsoleDoorOptions): ConsoleDoor {
  const { configuration, folder = builtConsole, log } = options
  const open = openSessionRoutes(options)
  const parts: Parts = {
    options,
    pages: consolePages({ folder }),
    open,
    routes: routesOf(options, open),
  }
  const trusted = trustedList(configuration.trustedProxies)
  const requests = newRequestLog(log, "console request")

  const pathOf = (request: WireRequest) =>
    pathWithin(request.path, prefixOf(request, configuration.pathPrefix))

  async function logged(work: (seen: Seen) => Promise<WireResponse>): Promise<WireResponse> {
    const seen: Seen = { requestId: randomUUID() }
    const startedAtMs = performance.now()
    const response = await answeredAnyway(log, seen, work)
    const ms = Math.round((performance.now() - startedAtMs) * 10) / 10
    const { requestId, operation, by } = seen
    requests.answered(
      { requestId, operation, by, status: response.status, ms },
      by === undefined ? "stranger" : "known",
    )
    return { ...response, headers: { ...response.headers, "x-request-id": requestId } }
  }

  return {
    covers(request) {
      const path = pathOf(request)
      if (path === "/console" || path.startsWith("/console/")) return !isSigned(request)
      return path === "/" && request.method === "GET" && acceptsPage(request) && !isSigned(request)
    },
    handle: (request) => logged((seen) => handle(parts, asSent(request, trusted), pathOf(request), seen)),
    tooLarge: () =>
      logged(() => {
        throw new Refused("tooLarge", "The request's body is larger than 1 MiB.")
      }),
  }
}

/** Everything that asks who calls, and the document that describes it. */
function routesOf(options: ConsoleDoorOptions, open: readonly OpenRoute[]): Route[] {
  const feed = newStatusFeed({ report: options.statusReport, log: options.log })
  const routes: Route[] = [
    ...sessionRoutes(options),
    ...eventRoutes({ feed, stillMay: (request) => identityOf(options, request) }),
    ...queryRoutes(options),
    ...integrationRoutes(options),
    ...operationRoutes(options.operations),
  ]
  routes.push({
    operation: "DescribeApi",
    method: "GET",
    path: "/openapi.json",
    least: "viewer",
    changes: false,
    run: async () => ({ body: openApiOf(open, routes) }),
  })
  return routes
}

interface Parts {
  options: ConsoleDoorOptions
  pages: Pages
  open: readonly OpenRoute[]
  routes: readonly Route[]
}

/** What the log says of a request. */
interface Seen {
  requestId: string
  operation?: string
  by?: string
}

async function answeredAnyway(
  log: Log,
  seen: Seen,
  work: (seen: Seen) => Promise<WireResponse>,
): Promise<WireResponse> {
  try {
    return await work(seen)
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal !== undefined) {
      if (error instanceof Fault && error.detail !== undefined)
        log.warn({ requestId: seen.requestId, detail: error.detail }, "request could not be served")
      return refusal
    }
    log.error({ requestId: seen.requestId, ...errorFields(error) }, "request failed")
    return internalError(seen.requestId)
  }
}

async function handle(parts: Parts, request: WireRequest, path: string, seen: Seen): Promise<WireResponse> {
  const { configuration } = parts.options
  requirePrivate(request, configuration)
  if (path !== apiPath && !path.startsWith(`${apiPath}/`)) {
    seen.operation = "Page"
    return await parts.pages({ request, path, prefix: prefixOf(request, configuration.pathPrefix) })
  }
  const below = path.slice(apiPath.length)
  const open = match(parts.open, request.method, below)
  if ("route" in open) return await runOpen(open.route, request, seen)
  return await runRoute(parts, request, below, seen)
}

async function runOpen(route: OpenRoute, request: WireRequest, seen: Seen): Promise<WireResponse> {
  seen.operation = route.operation
  if (route.changes) requireOwnPage(request)
  return answered(await route.run({ request, requestId: seen.requestId, body: jsonOf(request) }))
}

async function runRoute({ options, open, routes }: Parts, request: WireRequest, path: string, seen: Seen) {
  const identity = await identityOf(options, request)
  seen.by = identity.name
  await requireTurn(options.throttle, identity)
  const matched = match(routes, request.method, path)
  if (!("route" in matched)) throw notFound(request, [...matched.methods, ...methodsOf(open, path)])
  const { route, parameters } = matched
  seen.operation = route.operation
  if ((route.changes || route.takesJson === true) && identity.kind === "session") requireOwnPage(request)
  requireRole(route, identity)
  const call: RouteCall = {
    request,
    requestId: seen.requestId,
    identity,
    caller: { name: identity.name, role: serviceRole(route, identity), address: request.address },
    parameters,
    query: new URLSearchParams(request.query),
    body: jsonOf(request),
  }
  return answered(await runAudited(options, route, call))
}

function requireOwnPage(request: WireRequest): void {
  requireSameSite(request)
  requireJson(request)
}

/** @throws Fault accessDenied */
function requireRole({ least, operation }: Route, { name, role, kind }: Identity): void {
  if (role !== undefined && includes(role, least)) return
  const who = kind === "key" ? `The API key ${name}` : name
  throw new Fault(
    "accessDenied",
    `${who} is ${role ?? "nobody"} in the console; ${operation} takes ${article(least)}.`,
  )
}

function article(role: ConsoleRole): string {
  return role === "viewer" ? "a viewer" : `an ${role}`
}

/** Services know administrators and readers: an operator is one of the first where a route is open to operators. */
function serviceRole({ least }: Route, { role }: Identity): Role {
  if (role === "admin" || (role === "operator" && least === "operator")) return "admin"
  return "read-only"
}

async function requireTurn(throttle: Throttle, identity: Identity): Promise<void> {
  const late = await throttle.take(`console ${identity.kind} ${identity.name}`, Date.now())
  if (late === undefined) return
  const seconds = Math.max(1, Math.ceil(late.waitMs / 1_000))
  throw new Refused("tooMany", "These are more calls than one user or key may make: try again later.", {
    headers: { "retry-after": String(seconds) },
  })
}

async function runAudited({ audit, log }: ConsoleDoorOptions, route: Route, call: RouteCall) {
  if (route.audited === undefined) return await route.run(call, () => undefined)
  const entry = {
    requestId: call.requestId,
    door: "console",
    operation: route.operation,
    accessKeyId: call.identity.name,
    policy: call.identity.role ?? "none",
    address: call.request.address,
    ...route.audited(call),
  }
  return await audited(
    { store: audit, log },
    entry,
    (tell) => route.run(call, tell),
    () => undefined,
  )
}

function methodsOf(open: readonly OpenRoute[], path: string): string[] {
  return open.filter((one) => one.path === path).map(({ method }) => method)
}

function notFound({ method, path }: WireRequest, methods: readonly string[]): Refused {
  const shown = path.slice(0, 200)
  if (methods.length === 0) return new Refused("notFound", `There is nothing at ${shown}.`)
  return new Refused("notFound", `${shown} takes ${methods.join(", ")}, not ${method}.`)
}
