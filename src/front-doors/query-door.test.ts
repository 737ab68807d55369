import assert from "node:assert/strict"
import { test } from "node:test"
import { Fault, faultKinds } from "../domain/faults.ts"
import type { AuditStore } from "../state/audit.ts"
import type { QueryService } from "../wire/aws-query/operation.ts"
import type { Log } from "../wire/http/log.ts"
import type { SignedCall } from "./door.ts"
import { queryDoor } from "./query-door.ts"
import { clusterNotFound, rdsFaultCode, rdsFaults } from "./rds/faults.ts"

const service = {
  version: "1",
  namespace: "http://example.com/",
  operations: { Do: { input: { kind: "structure", members: {} } } },
} as const satisfies QueryService

const logged: object[] = []
const write = (fields: object) => void logged.push(fields)
const log: Log = { info: write, warn: write, error: write }

const trail: string[] = []
const audit: AuditStore = {
  begin: async ({ door, operation }) => `${door} ${operation}`,
  end: async (id, { outcome }) => void trail.push(`${id}: ${outcome}`),
  list: async () => [],
}

const call: SignedCall = {
  request: {
    method: "POST",
    path: "/",
    query: "Action=Do&Version=1",
    headers: [],
    body: new Uint8Array(),
  },
  caller: { name: "AKID", role: "admin" },
  requestId: "id-1",
}

function throwing(error: unknown) {
  return queryDoor({
    name: "test",
    service,
    handlers: { Do: () => Promise.reject(error) },
    codeOf: (fault) => rdsFaultCode(fault, new Map()),
    audit,
    log,
  })
}

for (const kind of faultKinds) {
  test(`the fault ${kind} travels under its own code, with its message and without its detail`, async () => {
    const { response, code, operation } = await throwing(new Fault(kind, "said <aloud>", "kept back")).handle(
      call,
    )
    assert.equal(code, rdsFaults[kind].code)
    assert.equal(response.status, rdsFaults[kind].status)
    assert.equal(operation, "Do")
    assert.match(response.body, /<Message>said &lt;aloud&gt;<\/Message>/)
    assert.ok(response.body.includes(`<Type>${rdsFaults[kind].sender ? "Sender" : "Receiver"}</Type>`))
    assert.ok(!response.body.includes("kept back"))
  })
}

test("no permanent failure has a code or status that clients retry", () => {
  for (const { code, status, sender } of [...Object.values(rdsFaults), clusterNotFound]) {
    if (!sender) continue
    assert.ok(status >= 400 && status < 500 && status !== 429, code)
    assert.doesNotMatch(code, /Throttl|TooManyRequests|LimitExceededException|SlowDown|RequestTimeout/)
  }
})

test("what is not a Fault is an internal failure, whatever was thrown", async () => {
  for (const thrown of [new Error("secret at line 1"), "text", undefined]) {
    logged.length = 0
    const { response, code } = await throwing(thrown).handle(call)
    assert.equal(response.status, 500)
    assert.equal(code, "InternalFailure")
    assert.ok(!response.body.includes("secret"))
    assert.equal(logged.length, 1)
  }
})

test("an operation without output answers with its request id", async () => {
  const door = queryDoor({
    name: "test",
    service,
    handlers: { Do: async () => ({}) },
    codeOf: () => assert.fail(),
    audit,
    log,
  })
  const { response } = await door.handle(call)
  assert.match(
    response.body,
    /<DoResponse [^>]+><ResponseMetadata><RequestId>id-1<\/RequestId><\/ResponseMetadata>/,
  )
})

test("how a changing call went is in the trail, and no change goes without it", async () => {
  trail.length = 0
  await throwing(new Fault("quotaExceeded", "no")).handle(call)
  await throwing(new Error("secret")).handle(call)
  assert.deepEqual(trail, ["test Do: quotaExceeded", "test Do: internal"])

  let ran = false
  const door = queryDoor({
    name: "test",
    service,
    handlers: {
      Do: async () => {
        ran = true
        return {}
      },
    },
    codeOf: (fault) => rdsFaultCode(fault, new Map()),
    audit: { ...audit, begin: () => Promise.reject(new Fault("unavailable", "the state is away")) },
    log,
  })
  assert.equal((await door.handle(call)).code, "ServiceUnavailable")
  assert.equal(ran, false)
})

test("a door does not start with an operation without handler or a handler without operation", () => {
  const make = (handlers: object) =>
    // The types refuse this already; a door put together otherwise must be refused as well.
    queryDoor({ name: "test", service, handlers: handlers as never, codeOf: () => assert.fail(), audit, log })
  assert.throws(() => make({}), /the operation Do has no handler/)
  assert.throws(
    () => make({ Do: async () => ({}), Undo: async () => ({}) }),
    /the handler Undo has no operation/,
  )
})
