import { Hono } from "hono"
import type { StatusSources } from "../../control-plane/pipelines/status.ts"
import type { HostPort } from "../../domain/configuration.ts"
import { eventsPath } from "../../front-doors/events/handler.ts"
import { operationsDoor } from "../../front-doors/operations/door.ts"
import { rdsDoor } from "../../front-doors/rds/door.ts"
import { redshiftDoor } from "../../front-doors/redshift/door.ts"
import { awsRouter } from "../../front-doors/router.ts"
import {
  answerRaw,
  defaultHttpLimits,
  type HttpApp,
  type HttpEnvironment,
  serveHttp,
} from "../../wire/http/server.ts"
import type { RunningCopy } from "../copy.ts"
import { listening } from "../listening.ts"
import type { Base } from "./base.ts"

/** What bucket events are passed on to. */
export type EventTaker = Pick<RunningCopy, "takeEvents" | "eventHandler">

const httpGraceMs = 1_000

/** The role `api`: every door that speaks HTTP. @throws SetupError */
export async function startApiPart(
  { configuration, plane, log, onStop }: Base,
  { health, status, events }: { health: HttpApp; status: StatusSources; events: EventTaker },
): Promise<HostPort> {
  const { region, credentials, throttling, listen, httpLimits } = configuration
  const router = awsRouter({
    region,
    credentials,
    limits: throttling,
    doors: [
      rdsDoor(plane, log),
      redshiftDoor(plane, log),
      operationsDoor({ ...status, takeEvents: events.takeEvents, place: configuration }, log),
    ],
    log,
  })
  const app: HttpApp = new Hono<HttpEnvironment>()
  app.route("/", health)
  app.post(eventsPath, (context) => answerRaw(context, events.eventHandler(router.handle), router.tooLarge))
  app.all("*", (context) => answerRaw(context, router.handle, router.tooLarge))
  const http = await listening(listen.http, "listen.http", () =>
    serveHttp(app, listen.http, { ...defaultHttpLimits, ...httpLimits }),
  )
  onStop(() => http.close(httpGraceMs))
  return { host: http.host, port: http.port }
}
