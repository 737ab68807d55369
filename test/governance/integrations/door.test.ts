/** The governance API's door over HTTP, with keys in a real state database. */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { Hono } from "hono"
import { createApiKey, listApiKeys, revokeApiKey } from "../../../src/control-plane/governance/api-keys.ts"
import type { Permission } from "../../../src/domain/api-key.ts"
import { Fault } from "../../../src/domain/faults.ts"
import { governanceDoor } from "../../../src/front-doors/governance/door.ts"
import { parameter, type Route } from "../../../src/front-doors/governance/route.ts"
import { newThrottle } from "../../../src/front-doors/throttle.ts"
import { answerRaw, type HttpEnvironment, type HttpServer, serveHttp } from "../../../src/wire/http/server.ts"
import { storeForTests } from "../../state/integration-fixture.ts"
import { rowsOf } from "./state-rows.ts"

const admin = { name: "AKID", role: "admin" } as const
const burst = 30

const routes: readonly Route[] = [
  {
    operation: "GetThing",
    method: "GET",
    path: "/thing/{name}",
    permissions: [],
    audited: undefined,
    run: async (call) => ({ kind: "json", body: { name: parameter(call, "name"), by: call.key.name } }),
  },
  {
    operation: "PutThing",
    method: "PUT",
    path: "/thing/{name}",
    permissions: ["GOVERNANCE", "APPLICATION_ADMIN"],
    audited: (call) => ({ resource: parameter(call, "name"), parameters: { name: parameter(call, "name") } }),
    async run(call) {
      const name = parameter(call, "name")
      if (name === "refused") throw new Fault("checksFailed", "Validation failed: it is refused")
      if (name === "broken") throw new Error("the driver's text holds hunter2")
      call.tell({ before: undefined, after: { name, body: call.body as object } })
      return { kind: "text", body: "put", resource: `thing ${name}` }
    },
  },
]

describe("the governance API's door", () => {
  const state = storeForTests()
  const logged: string[] = []
  let server: HttpServer

  before(async () => {
    const line = (fields: object, text: string) => void logged.push(JSON.stringify({ ...fields, text }))
    const log = { info: line, warn: line, error: line }
    const throttle = newThrottle({ perSecond: 0.001, burst })
    const door = governanceDoor({ store: state.store, routes, throttle, log })
    const app = new Hono<HttpEnvironment>()
    app.all("*", (context) =>
      answerRaw(
        context,
        async (request) =>
          door.covers(request) ? door.handle(request) : { status: 418, headers: {}, body: "elsewhere" },
        door.tooLarge,
      ),
    )
    server = await serveHttp(app, { host: "127.0.0.1", port: 0 })
  })
  after(() => server.close(0))

  const newKey = async (name: string, ...permissions: Permission[]) =>
    (await createApiKey(state.store.apiKeys, admin, { name, permissions })).key

  async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }

  const envelope = (statusCode: number, error: string, message: string) => ({ statusCode, error, message })

  test("a raw key and a token given for it are accepted, anything else is 401", async () => {
    const key = await newKey("reader", "AUDIT")
    assert.deepEqual((await ask("GET", "/thing/a%20b", { authorization: key })).body, {
      name: "a b",
      by: "reader",
    })
    const exchanged = await ask(
      "POST",
      "/bim/apikey/authenticate",
      { "content-type": "application/json" },
      JSON.stringify({ apikey: key }),
    )
    assert.equal(exchanged.status, 200)
    assert.deepEqual(Object.keys(exchanged.body), ["authenticated", "token", "tokenExpiration"])
    assert.equal(exchanged.body.authenticated, true)
    assert.ok(new Date(exchanged.body.tokenExpiration).getTime() > Date.now())
    const bearer = { authorization: `Bearer ${exchanged.body.token}` }
    assert.equal((await ask("GET", "/thing/x", bearer)).status, 200)

    const missing = envelope(401, "Unauthorized", "Missing authentication")
    for (const authorization of [
      undefined,
      "",
      `Bearer ${key}`,
      exchanged.body.token,
      `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`,
      `Basic ${key}`,
      `${key} x`,
    ])
      assert.deepEqual(
        (await ask("GET", "/thing/x", authorization === undefined ? {} : { authorization })).body,
        missing,
        authorization,
      )
    const wrong = await ask("POST", "/bim/apikey/authenticate", {}, '{"apikey":"mlr_x"}')
    assert.deepEqual(wrong.body, missing)
    assert.equal((await ask("POST", "/bim/apikey/authenticate", {}, '{"apikey":7}')).status, 400)
  })

  test("a token ends at its time, and with its key", async () => {
    const key = await newKey("short", "AUDIT")
    const { store } = state
    const token = async () =>
      (await ask("POST", "/bim/apikey/authenticate", {}, JSON.stringify({ apikey: key }))).body.token
    const [first, second] = [await token(), await token()]
    await rowsOf(state.url, "update millrace.api_tokens set expires_at = clock_timestamp()")
    assert.equal((await ask("GET", "/thing/x", { authorization: `Bearer ${first}` })).status, 401)
    assert.equal((await ask("GET", "/thing/x", { authorization: `Bearer ${second}` })).status, 401)
    const third = { authorization: `Bearer ${await token()}` }
    assert.equal((await ask("GET", "/thing/x", third)).status, 200)
    await revokeApiKey(store.apiKeys, admin, "short")
    for (const headers of [third, { authorization: key }])
      assert.equal((await ask("GET", "/thing/x", headers)).status, 401)
    // The name is free again.
    await newKey("short", "AUDIT")
    await assert.rejects(newKey("short", "AUDIT"), (error) => error instanceof Fault)
    const { keys } = await listApiKeys(store.apiKeys, admin)
    assert.deepEqual(
      keys.filter(({ name }) => name === "short").map(({ revokedAt }) => revokedAt === undefined),
      [false, true],
    )
  })

  test("no secret is in the state database, in the log or in the audit trail", async () => {
    const key = await newKey("secretive", "GOVERNANCE")
    const answer = await ask("POST", "/bim/apikey/authenticate", {}, JSON.stringify({ apikey: key }))
    await ask("PUT", "/thing/broken", { authorization: key }, '{"a":1}')
    const kept =
      JSON.stringify(await rowsOf(state.url, "select * from millrace.api_keys")) +
      JSON.stringify(await rowsOf(state.url, "select * from millrace.api_tokens")) +
      JSON.stringify(await rowsOf(state.url, "select * from millrace.audit")) +
      logged.join("\n")
    for (const secret of [key, answer.body.token]) assert.ok(!kept.includes(secret))
    assert.ok(!logged.some((line) => line.includes('"status":500') && line.includes("hunter2")))
  })

  test("permissions decide, before the body is read", async () => {
    const [weak, strong] = [await newKey("weak", "AUDIT"), await newKey("strong", "APPLICATION_ADMIN")]
    assert.deepEqual(
      (await ask("PUT", "/thing/a", { authorization: weak }, "{not json")).body,
      envelope(403, "Forbidden", "Insufficient permissions"),
    )
    assert.deepEqual(
      (await ask("PUT", "/thing/a", { authorization: strong }, "{not json")).body,
      envelope(
        400,
        "Bad Request",
        "The body is not JSON. If it is YAML, send it with content-type application/yaml.",
      ),
    )
  })

  test("what a change was is in the audit trail; a refused call left nothing but that it was", async () => {
    const key = await newKey("changer", "GOVERNANCE")
    const headers = { authorization: key, "content-type": "text/yaml" }
    assert.equal((await ask("PUT", "/thing/a", headers, "colour: green")).body, "put")
    const refused = await ask("PUT", "/thing/refused", headers)
    assert.deepEqual(refused.body, envelope(422, "Unprocessable Entity", "Validation failed: it is refused"))
    const broken = await ask("PUT", "/thing/broken", headers)
    assert.equal(broken.status, 500)
    assert.ok(!JSON.stringify(broken.body).includes("hunter2"))
    const entries = (await state.store.audit.list({ since: undefined, limit: 100 })).filter(
      ({ accessKeyId }) => accessKeyId === "changer",
    )
    assert.deepEqual(
      entries.map(({ door, operation, resource, outcome, before, after }) => [
        door,
        operation,
        resource,
        outcome,
        before,
        after,
      ]),
      [
        ["governance", "PutThing", "thing a", "ok", undefined, { name: "a", body: { colour: "green" } }],
        ["governance", "PutThing", "refused", "checksFailed", undefined, undefined],
        ["governance", "PutThing", "broken", "internal", undefined, undefined],
      ],
    )
    assert.ok(entries.every(({ address }) => address === "127.0.0.1"))
  })

  test("paths and methods that are not there are told so in the envelope", async () => {
    const key = await newKey("lost", "AUDIT")
    const none = await ask("GET", "/thing/a/b", { authorization: key })
    assert.deepEqual(none.body, envelope(404, "Not Found", "There is nothing at /thing/a/b."))
    const other = await ask("DELETE", "/thing/a", { authorization: key })
    assert.equal(other.status, 405)
    assert.equal(other.headers.get("allow"), "GET, PUT")
    const signed = { authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/rds/aws4_request" }
    assert.equal((await ask("GET", "/thing/a", signed)).status, 418)
    assert.equal((await ask("GET", "/other", { authorization: key })).status, 418)
    const large = await ask("PUT", "/thing/a", { authorization: key }, "x".repeat(1024 * 1024 + 1))
    assert.deepEqual([large.status, large.body.error], [400, "Bad Request"])
  })

  test("each key has a rate limit of its own", async () => {
    const [greedy, modest] = [await newKey("greedy", "AUDIT"), await newKey("modest", "AUDIT")]
    for (let call = 0; call < burst; call++)
      assert.equal((await ask("GET", "/thing/x", { authorization: greedy })).status, 200)
    const late = await ask("GET", "/thing/x", { authorization: greedy })
    assert.deepEqual([late.status, late.body.error], [429, "Too Many Requests"])
    assert.ok(Number(late.headers.get("retry-after")) >= 1)
    assert.equal((await ask("GET", "/thing/x", { authorization: modest })).status, 200)
  })
})
