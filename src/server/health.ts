import { Hono } from "hono"
import type { HostPort } from "../domain/configuration.ts"
import { type HttpApp, type HttpEnvironment, healthHttpLimits, serveHttp } from "../wire/http/server.ts"
import { listening } from "./listening.ts"

export interface HealthSources {
  /** Why the server is not ready; undefined: it is. */
  notReady(): Promise<string | undefined>
  metrics: { render(): Promise<string>; contentType: string }
}

/** `/healthz`, `/readyz` and `/metrics`, which ask for no signature. A crowd that asks at once is answered from one look. */
export function healthApp({ notReady, metrics }: HealthSources): HttpApp {
  const problemNow = shared(notReady)
  const metricsNow = shared(() => metrics.render())
  const app: HttpApp = new Hono<HttpEnvironment>()
  app.get("/healthz", (context) => context.text("ok\n"))
  app.get("/readyz", async (context) => {
    const problem = await problemNow()
    return problem === undefined ? context.text("ready\n") : context.text(`not ready: ${problem}\n`, 503)
  })
  app.get("/metrics", async (context) =>
    context.body(await metricsNow(), 200, { "content-type": metrics.contentType }),
  )
  return app
}

/** A listener for health checks and metrics. `at` undefined: none is configured, and none is opened. @throws SetupError */
export async function startHealth(
  { at: listen, key }: { at: HostPort | undefined; key: string },
  app: HttpApp,
  onStop: (close: () => Promise<void>) => void,
): Promise<HostPort | undefined> {
  if (listen === undefined) return undefined
  const server = await listening(listen, key, () => serveHttp(app, listen, healthHttpLimits))
  onStop(() => server.close(0))
  return { host: server.host, port: server.port }
}

/** Who asks while the answer is being made gets the same one. */
function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let making: Promise<T> | undefined
  return () => {
    making ??= make().finally(() => {
      making = undefined
    })
    return making
  }
}
