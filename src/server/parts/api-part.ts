import { Hono } from "hono"
import { portCertificate } from "../../configuration/secrets/port-certificate.ts"
import type { Enforcement } from "../../control-plane/governance/data/declarations.ts"
import type { StatusSources } from "../../control-plane/pipelines/status.ts"
import { type Configuration, type HostPort, httpUnencrypted } from "../../domain/configuration.ts"
import { isLoopback } from "../../domain/loopback.ts"
import { cloudControlDoor } from "../../front-doors/cloudcontrol/door.ts"
import type { ConsoleDoor } from "../../front-doors/console/door.ts"
import { customerProfilesDoor } from "../../front-doors/customer-profiles/door.ts"
import {
  bearerOf,
  type EventSink,
  eventsPath,
  handleBearerEvents,
  takeSignedEvents,
} from "../../front-doors/events/handler.ts"
import { type GovernanceDoor, governanceDoor } from "../../front-doors/governance/door.ts"
import { apiKeyRoutes } from "../../front-doors/governance/resources/api-key-routes.ts"
import { resourceRoutes } from "../../front-doors/governance/resources/resource-routes.ts"
import { operationsDoor } from "../../front-doors/operations/door.ts"
import type { OperationSources } from "../../front-doors/operations/operations.ts"
import { rdsDoor } from "../../front-doors/rds/door.ts"
import { redshiftDoor } from "../../front-doors/redshift/door.ts"
import { type AwsRouter, awsRouter } from "../../front-doors/router.ts"
import { newSharedThrottle } from "../../front-doors/shared-throttle.ts"
import type { Throttle } from "../../front-doors/throttle.ts"
import { errorFields } from "../../wire/http/log.ts"
import {
  answerRaw,
  defaultHttpLimits,
  type HttpApp,
  type HttpEnvironment,
  serveHttp,
  type WireHandler,
} from "../../wire/http/server.ts"
import type { HttpTls } from "../../wire/http/tls-or-plain.ts"
import { listening } from "../listening.ts"
import type { Base } from "./base.ts"
import { configurationReport } from "./configuration-report.ts"
import { consolePart, sessionPlane } from "./console-part.ts"
import { governanceRoutes } from "./governance-part.ts"
import { profilePlane } from "./profiles-part.ts"
import { resourcePlane } from "./resources-part.ts"

const httpGraceMs = 1_000

export interface ApiParts {
  health: HttpApp
  status: StatusSources
  /** Takes what events of buckets tell. */
  noticed: EventSink["noticed"]
}

/** The role `api`: every door that speaks HTTP. @throws SetupError */
export async function startApiPart(base: Base, { health, status, noticed }: ApiParts): Promise<HostPort> {
  const { configuration, engines, store, plane, log, onStop } = base
  const { region, credentials, listen, httpLimits } = configuration
  const sink: EventSink = { sources: configuration.sources, sourceEngines: engines.sources, noticed }
  const takeEvents: OperationSources["takeEvents"] = (caller, body) => takeSignedEvents(sink, caller, body)
  const throttle = followingThrottle(base)
  const data = { ...store, enforcement: enforcementOf(base) }
  const operationSources: OperationSources = {
    ...status,
    takeEvents,
    alerts: () => configuration.alerts,
    enforcement: data.enforcement,
    console: sessionPlane(base),
    configurationReport: () => configurationReport(base),
  }
  const resources = resourceRoutes(data)
  const routes = [...resources, ...apiKeyRoutes(store.apiKeys), ...(await governanceRoutes(base))]
  const governance = governanceDoor({ store, routes, throttle, log })
  const router = awsRouter({
    region,
    credentials,
    throttle,
    doors: [
      rdsDoor(plane, log),
      redshiftDoor(plane, log),
      cloudControlDoor(resourcePlane(base), store.audit, log),
      customerProfilesDoor(profilePlane(base), store.audit, log),
      operationsDoor({ ...operationSources, place: configuration }, log),
    ],
    log,
  })
  const pages = consolePart(base, operationSources, throttle)
  const app: HttpApp = new Hono<HttpEnvironment>()
  app.route("/", health)
  const doors = { console: pages, governance, router }
  app.post(eventsPath, (context) => answerRaw(context, eventHandler(sink, router.handle), router.tooLarge))
  app.all("*", (context) => answerRaw(context, chosen(doors, "handle"), chosen(doors, "tooLarge")))
  const limits = { ...defaultHttpLimits, ...httpLimits }
  base.reloads.onApply(() => void Object.assign(limits, configuration.httpLimits))
  const tls = await httpTls(configuration)
  const http = await listening(listen.http, "listen.http", () =>
    serveHttp(app, { ...listen.http, tls }, limits),
  )
  base.reloads.onApply(async () => http.renewTls(await httpTls(configuration)))
  onStop(() => http.close(httpGraceMs))
  return { host: http.host, port: http.port }
}

async function httpTls(configuration: Configuration): Promise<HttpTls> {
  const { cert, key } = await portCertificate(configuration)
  const unencrypted = httpUnencrypted(configuration.listen.tls)
  const isLocal = (address: string | undefined) => address !== undefined && isLoopback(address)
  const mayBePlain = (address: string | undefined) =>
    unencrypted === "anywhere" || (unencrypted === "loopback" && isLocal(address))
  return { cert, key, mayBePlain }
}

/** With the limits of the configuration as it is now; other limits count anew. */
function followingThrottle({ configuration, store, log, reloads }: Base): Throttle {
  const made = () =>
    newSharedThrottle({
      limits: { ...configuration.throttling },
      buckets: store.requestBuckets,
      onAlone: (error) =>
        log.warn(errorFields(error), "the calls of all processes cannot be counted together now"),
    })
  let current = made()
  reloads.onApply(() => {
    current = made()
  })
  return { take: (accessKeyId, nowMs) => current.take(accessKeyId, nowMs) }
}

/** Policies hold where people ask through the SQL port, which shows one warehouse, and where the server applies them itself. */
function enforcementOf({ configuration, engines }: Base): Enforcement {
  const { warehouses } = configuration
  const enforcing = new Set(
    warehouses
      .filter((one) => {
        const { direct, appliesPolicies } = engines.warehouses.of(one)
        return direct === undefined || appliesPolicies === true
      })
      .map(({ arn }) => arn),
  )
  return { enforces: (arn) => enforcing.has(arn), isAnywhere: enforcing.size > 0 }
}

interface Doors {
  console: ConsoleDoor
  governance: GovernanceDoor
  router: AwsRouter
}

/** Signed requests are of the AWS APIs; the others are told apart by their path. */
function chosen({ console: pages, governance, router }: Doors, part: "handle" | "tooLarge"): WireHandler {
  return (request) => {
    if (pages.covers(request)) return pages[part](request)
    return (governance.covers(request) ? governance : router)[part](request)
  }
}

/** Takes events that show a secret, and leaves the others to `signed`. */
function eventHandler(sink: EventSink, signed: WireHandler): WireHandler {
  return async (request) => {
    const bearer = bearerOf(request)
    return bearer === undefined ? signed(request) : handleBearerEvents(sink, request, bearer)
  }
}
