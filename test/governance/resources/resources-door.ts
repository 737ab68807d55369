import { after, before } from "node:test"
import { Hono } from "hono"
import { createApiKey } from "../../../src/control-plane/governance/api-keys.ts"
import type { Permission } from "../../../src/domain/api-key.ts"
import { governanceDoor } from "../../../src/front-doors/governance/door.ts"
import { resourceRoutes } from "../../../src/front-doors/governance/resources/resource-routes.ts"
import { newThrottle } from "../../../src/front-doors/throttle.ts"
import type { Store } from "../../../src/state/store.ts"
import { answerRaw, type HttpEnvironment, type HttpServer, serveHttp } from "../../../src/wire/http/server.ts"
import { storeForTests } from "../../state/integration-fixture.ts"

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers by their names.
  body: any
}

export interface ResourcesDoor {
  readonly store: Store
  /** A key of this name; what it asks. `path` begins with a slash. */
  as(name: string, ...permissions: Permission[]): Promise<Ask>
  withKey(name: string, ...permissions: Permission[]): Promise<{ ask: Ask; key: string; origin: string }>
}

type Ask = (request: string, body?: unknown) => Promise<Answer>

/** The ARN of a warehouse that people ask directly. */
export const warehouseWithoutPolicies = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/direct"

/** The governance API with the routes of its resources over HTTP, on a state database of its own, for the tests of one file. */
export function resourcesDoor(): ResourcesDoor {
  const state = storeForTests()
  const enforcement = { enforces: (arn: string) => arn !== warehouseWithoutPolicies, isAnywhere: true }
  let server: HttpServer | undefined
  before(async () => {
    const log = { info: () => undefined, warn: () => undefined, error: console.error }
    const throttle = newThrottle({ perSecond: 1_000, burst: 10_000 })
    const door = governanceDoor({
      store: state.store,
      routes: resourceRoutes({ ...state.store, enforcement }),
      throttle,
      log,
    })
    const app = new Hono<HttpEnvironment>()
    app.all("*", (context) => answerRaw(context, door.handle, door.tooLarge))
    server = await serveHttp(app, { host: "127.0.0.1", port: 0 })
  })
  after(() => server?.close(0))
  async function withKey(name: string, ...permissions: Permission[]) {
    const admin = { name: "AKID", role: "admin" } as const
    const { key } = await createApiKey(state.store.apiKeys, admin, { name, permissions })
    const origin = `http://127.0.0.1:${server?.port}`
    const ask: Ask = (request, body) => asked(origin, key, request, body)
    return { ask, key, origin }
  }
  return {
    get store() {
      return state.store
    },
    as: async (name, ...permissions) => (await withKey(name, ...permissions)).ask,
    withKey,
  }
}

/** `request`: `PUT /path`. */
async function asked(origin: string, key: string, request: string, body: unknown): Promise<Answer> {
  const [method = "GET", path = ""] = request.split(" ")
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      authorization: key,
      accept: "application/json; version=2",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) }
}
