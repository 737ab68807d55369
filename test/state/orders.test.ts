import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { Fault } from "../../src/domain/faults.ts"
import type { PipelineKey } from "../../src/state/pipelines/observations.ts"
import type { NewOrder } from "../../src/state/pipelines/orders.ts"
import { waitUntil } from "../support/wait-until.ts"
import { anIntegration, insertInto, storeForTests } from "./integration-fixture.ts"

const aMinuteMs = 60_000

describe("orders", () => {
  const test = storeForTests()
  const orders = () => test.store.orders

  async function aPipeline(): Promise<PipelineKey> {
    const { id, name } = await insertInto(test.store, anIntegration())
    const key = { integrationId: id, sourceDatabase: "shop" }
    await test.store.pipelines.put({
      ...key,
      destinationDatabase: name.replaceAll("-", "_"),
      sourceHandle: `h_${id}`,
    })
    return key
  }

  async function asked(pipeline: PipelineKey, more: Partial<NewOrder> = {}): Promise<string> {
    const order = {
      kind: "resync",
      parameters: { table: "it's" },
      askedBy: "AKID",
      lifetimeMs: aMinuteMs,
    } as const
    const [id] = await orders().ask([{ ...pipeline, ...order, ...more }])
    assert.ok(id)
    return id
  }

  it("are taken once by the owner of the pipeline, and end with what has come of them", async () => {
    const pipeline = await aPipeline()
    const other = await aPipeline()
    const id = await asked(pipeline)
    assert.deepEqual(await orders().take("a", [other]), [])
    const taken = await Promise.all([1, 2, 3].map(() => orders().take("a", [pipeline])))
    assert.deepEqual(
      taken.flat().map((order) => [order.id, order.kind, order.parameters, order.askedBy, order.attempts]),
      [[id, "resync", { table: "it's" }, "AKID", 1]],
    )
    assert.equal(await orders().progress("a", id, { result: { soFar: 1 }, lifetimeMs: aMinuteMs }), true)
    assert.deepEqual((await orders().byId(id))?.result, { soFar: 1 })
    assert.equal(await orders().end("b", id, { state: "done", result: {} }), false)
    assert.equal(await orders().end("a", id, { state: "done", result: { all: 2 } }), true)
    const ended = await orders().byId(id)
    assert.deepEqual([ended?.state, ended?.result, ended?.fault], ["done", { all: 2 }, null])
    assert.equal(
      await orders().end("a", id, { state: "failed", fault: { kind: "internal", message: "" } }),
      false,
    )
  })

  it("that the process did not end which took them are taken by the next, but not for ever", async () => {
    const pipeline = await aPipeline()
    const id = await asked(pipeline)
    for (const owner of ["a", "b", "c"]) {
      const [order] = await orders().take(owner, [pipeline])
      assert.equal(order?.id, id, owner)
    }
    assert.equal(await orders().end("a", id, { state: "done", result: {} }), false)
    assert.deepEqual(await orders().take("d", [pipeline]), [])
    await orders().sweep()
    const given = await orders().byId(id)
    assert.equal(given?.state, "failed")
    assert.match(given?.fault?.message ?? "", /ended 3 times/)
  })

  it("are given back by a process that stops, which does not count", async () => {
    const pipeline = await aPipeline()
    const id = await asked(pipeline)
    for (let round = 0; round < 5; round++) {
      await orders().take("a", [pipeline])
      await orders().release("a")
    }
    assert.equal((await orders().take("a", [pipeline]))[0]?.id, id)
  })

  it("expire when nobody takes them in time, and are not taken then", async () => {
    const pipeline = await aPipeline()
    const id = await asked(pipeline, { lifetimeMs: -1 })
    assert.deepEqual(await orders().take("a", [pipeline]), [])
    await orders().sweep()
    assert.equal((await orders().byId(id))?.state, "expired")
  })

  it("never pile up: so many may wait, and only one verification", async () => {
    const pipeline = await aPipeline()
    const verify = { kind: "verify", parameters: { run: "1" } } as const
    await asked(pipeline, verify)
    await assert.rejects(asked(pipeline, verify), { kind: "conflictingOperation" })
    const settings = {
      ...pipeline,
      kind: "settings",
      parameters: {},
      askedBy: "AKID",
      lifetimeMs: aMinuteMs,
    } as const
    await orders().ask(Array.from({ length: 199 }, () => settings))
    await assert.rejects(
      asked(pipeline),
      (error: unknown) =>
        error instanceof Fault && error.kind === "unavailable" && /200 orders/.test(error.message),
    )
    assert.equal((await orders().latestVerification(pipeline.integrationId)).length, 1)
  })

  it("go with their pipeline, and none can be asked of one that is gone", async () => {
    const pipeline = await aPipeline()
    const id = await asked(pipeline)
    await test.store.pipelines.remove(pipeline.integrationId, pipeline.sourceDatabase)
    assert.equal(await orders().byId(id), undefined)
    await assert.rejects(asked(pipeline), { kind: "integrationInWrongState" })
  })

  it("are told of at once to whoever takes them and whoever asked", async () => {
    const pipeline = await aPipeline()
    const { signals } = test.store
    let told = 0
    signals.onAsked(() => told++)
    await waitUntil(() => told === 1, { what: "the connection to listen" })
    const id = await asked(pipeline)
    await waitUntil(() => told === 2, { what: "the order to be told" })
    const changed = signals.changed(id, aMinuteMs)
    await orders().take("a", [pipeline])
    await orders().end("a", id, { state: "done", result: {} })
    await changed
    await signals.changed(id, 1)
  })
})
