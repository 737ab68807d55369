import assert from "node:assert/strict"
import { test } from "node:test"
import { Sha256 } from "@aws-crypto/sha256-js"
import { SignatureV4 } from "@smithy/signature-v4"
import type { WireRequest } from "../wire/http/message.ts"
import type { Door } from "./door.ts"
import { awsRouter } from "./router.ts"

const nowMs = Date.parse("2026-03-04T05:06:07Z")
const credentials = [
  { accessKeyId: "AKIDONE", secretAccessKey: "one", role: "admin" as const },
  { accessKeyId: "AKIDTWO", secretAccessKey: "two", role: "read-only" as const },
]

async function signed(service: string, key = 0, headers: Record<string, string> = {}): Promise<WireRequest> {
  const signer = new SignatureV4({
    service,
    region: "us-east-1",
    credentials: credentials[key] ?? assert.fail("no such key"),
    sha256: Sha256,
  })
  const { headers: all } = await signer.sign(
    {
      method: "POST",
      protocol: "http:",
      hostname: "h",
      path: "/",
      query: {},
      headers: { host: "h", ...headers },
    },
    { signingDate: new Date(nowMs) },
  )
  return { method: "POST", path: "/", query: "", headers: Object.entries(all), body: new Uint8Array() }
}

function routerWith(handle: Door["handle"]) {
  const lines: object[] = []
  const write = (fields: object) => void lines.push(fields)
  const log = { info: write, warn: write, error: write }
  const doors = [{ service: "rds", handle }]
  return { lines, router: awsRouter({ region: "us-east-1", credentials, doors, log, now: () => nowMs }) }
}

test("a door is told who calls, with that key's role", async () => {
  for (const [key, { accessKeyId, role }] of credentials.entries()) {
    const { router } = routerWith(async ({ caller }) => ({
      response: { status: 200, headers: {}, body: JSON.stringify(caller) },
      operation: "Do",
      code: undefined,
    }))
    const answer = await router.handle(await signed("rds", key))
    assert.deepEqual(JSON.parse(answer.body), { name: accessKeyId, role })
  }
})

test("a door that fails is answered for, without the reason, and logged with it", async () => {
  const { router, lines } = routerWith(() => Promise.reject(new Error("the reason")))
  const answer = await router.handle(await signed("rds"))
  assert.equal(answer.status, 500)
  assert.match(answer.body, /<Code>InternalFailure<\/Code>/)
  assert.ok(!answer.body.includes("the reason"))
  assert.ok(JSON.stringify(lines).includes("the reason"))
})

test("what comes unsigned, or too large, is refused in the protocol that the request looks like", async () => {
  const { router } = routerWith(() => assert.fail("no door may see this"))
  const bare: WireRequest = { method: "POST", path: "/", query: "", headers: [], body: new Uint8Array() }
  const json: WireRequest = { ...bare, headers: [["X-Amz-Target", "CloudApiService.GetResource"]] }
  const rest: WireRequest = { ...bare, path: "/domains/d/integrations" }
  assert.match((await router.handle(bare)).body, /<Code>MissingAuthenticationToken<\/Code>/)
  assert.match((await router.tooLarge(bare)).body, /<Code>RequestEntityTooLarge<\/Code>/)
  const expected: [WireRequest, number, string][] = [
    [json, 400, "application/x-amz-json-1.0"],
    [rest, 403, "application/json"],
  ]
  for (const [request, status, type] of expected) {
    const refused = await router.handle(request)
    assert.equal(refused.status, status)
    assert.equal(refused.headers["content-type"], type)
    assert.equal(refused.headers["x-amzn-errortype"], "MissingAuthenticationTokenException")
    assert.equal((await router.tooLarge(request)).status, 413)
  }
})

test("the services without a door are named as such, to signed requests only", async () => {
  const { router } = routerWith(() => assert.fail("no door may see this"))
  assert.match((await router.handle(await signed("redshift"))).body, /<Code>UnsupportedOperation<\/Code>/)
  assert.equal((await router.handle(await signed("cloudcontrolapi"))).status, 405)
  assert.equal((await router.handle(await signed("profile"))).status, 404)
  assert.match((await router.handle(await signed("s3"))).body, /<Code>SignatureDoesNotMatch<\/Code>/)
})

test("a flood of requests that no key signed does not fill the log: what has no line is counted", async () => {
  const { router, lines } = routerWith(async () => ({
    response: { status: 200, headers: {}, body: "" },
    operation: "Do",
    code: undefined,
  }))
  const unsigned = { method: "POST", path: "/", query: "", headers: [], body: new Uint8Array() }
  for (let sent = 0; sent < 1_000; sent++) assert.notEqual((await router.handle(unsigned)).status, 200)
  assert.equal(lines.length, 200)
  await router.handle(await signed("rds"))
  assert.deepEqual(
    lines.slice(200).map((line) => ({ unlogged: 0, ...line }).unlogged),
    [800],
  )
})
