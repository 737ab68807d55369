import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { Fault } from "../../src/domain/faults.ts"
import { anIntegration, insertInto, storeForTests } from "./integration-fixture.ts"

describe("tags in the state database", () => {
  const state = storeForTests()

  test("an integration's go with it, and none come after it", async () => {
    const { arn, id } = await insertInto(state.store, anIntegration())
    await state.store.tags.change(arn, (tags) => [...tags, { key: "k", value: "v" }])
    assert.deepEqual(await state.store.tags.of(arn), [{ key: "k", value: "v" }])
    await state.store.integrations.remove(id)
    assert.deepEqual(await state.store.tags.of(arn), [])
    const late = state.store.tags.change(arn, () => [{ key: "late", value: "" }])
    await assert.rejects(late, (error) => error instanceof Fault && error.kind === "integrationNotFound")
    assert.deepEqual(await state.store.tags.of(arn), [])
  })

  test("of changes at once none is lost, and one that throws changes nothing", async () => {
    const arn = "arn:aws:redshift:us-east-1:123456789012:cluster:a"
    const add = (key: string) => state.store.tags.change(arn, (tags) => [...tags, { key, value: "" }])
    await Promise.all(Array.from({ length: 20 }, (_, at) => add(`k${at}`)))
    assert.equal((await state.store.tags.of(arn)).length, 20)
    const failing = state.store.tags.change(arn, () => {
      throw new Error("no")
    })
    await assert.rejects(failing, /no/)
    assert.equal((await state.store.tags.of(arn)).length, 20)
  })
})
