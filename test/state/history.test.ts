import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import type { Activity, TableStateChange } from "../../src/state/history.ts"
import { historyKeptRows } from "../../src/state/history.ts"
import { storeForTests } from "./integration-fixture.ts"

const given = storeForTests()
const integrationId = randomUUID()

const change = (name: string, recordedAt = new Date()): TableStateChange => ({
  integrationId,
  targetDatabase: "shop",
  schema: "public",
  name,
  state: "Failed",
  reason: "it's odd",
  position: "0/1",
  recordedAt,
})

const activity: Activity = {
  integrationId,
  sourceDatabase: "shop",
  targetDatabase: "shop",
  kind: "cdc",
  position: "0/2",
  bytes: 2 ** 40,
  lastCommitAt: new Date(5),
  tables: 3,
  startedAt: new Date(Date.now() - 5),
  endedAt: new Date(),
}

describe("the history of pipelines", () => {
  test("keeps every member, and what is new", async () => {
    const one = change("one")
    await given.store.history.append({ activities: [activity], stateChanges: [one] })
    assert.deepEqual(await given.store.history.activities(), [activity])
    assert.deepEqual(await given.store.history.stateChanges(), [one])
    const weekAgo = new Date(Date.now() - 8 * 86_400_000)
    await given.store.history.append({ activities: [], stateChanges: [change("old", weekAgo)] })
    assert.deepEqual(await given.store.history.stateChanges(), [one])
  })

  test("has a limit", async () => {
    const many = Array.from({ length: historyKeptRows + 5 }, (_, index) => change(`t${index}`))
    await given.store.history.append({ activities: [], stateChanges: many })
    const kept = await given.store.history.stateChanges()
    assert.equal(kept.length, historyKeptRows)
    assert.equal(kept.at(-1)?.name, many.at(-1)?.name)
  })
})
