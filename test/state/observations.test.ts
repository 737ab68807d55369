import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { ChangedPipeline, Heartbeat } from "../../src/state/pipelines/observations.ts"
import type {
  ObservedTable,
  PipelineFacts,
  RetentionFacts,
} from "../../src/state/pipelines/observed-facts.ts"
import { anIntegration, insertInto, storeForTests } from "./integration-fixture.ts"

const facts: PipelineFacts = {
  phase: "streaming",
  problem: null,
  isStreaming: true,
  lagMs: 0,
  lagP50Ms: 2.5,
  lagP99Ms: null,
  position: "0/1",
  receivedAtMs: 5,
  appliedAtMs: 4,
  totals: { changes: 2 ** 40, transactions: 1, batches: 1, stagedBytes: 9, copiedRows: 3, remediedTables: 0 },
  batchDurations: { counts: [1, 0], sumSeconds: 0.001 },
  retention: null,
  latestRetention: null,
  relief: null,
}

function aTable(id: string, changes: Partial<ObservedTable> = {}): ObservedTable {
  return {
    id,
    schema: "public",
    name: `it's "${id}"`,
    state: "Synced",
    reason: null,
    keyColumns: ["id"],
    copiedRows: 3,
    estimatedRows: 3,
    changes: 0,
    lagMs: null,
    verified: null,
    keepsVersions: false,
    updatedAt: new Date(0).toISOString(),
    ...changes,
  }
}

describe("observations", () => {
  const test = storeForTests()

  async function aPipeline(): Promise<string> {
    const { id } = await insertInto(test.store, anIntegration())
    const [destination] = await test.store.integrations.destinations(id)
    await test.store.pipelines.put({
      integrationId: id,
      sourceDatabase: destination?.sourceDatabase ?? "",
      destinationDatabase: destination?.destinationDatabase ?? "",
      sourceHandle: `h_${id}`,
    })
    return id
  }

  async function changedOf(
    integrationId: string,
    more: Partial<ChangedPipeline> = {},
  ): Promise<ChangedPipeline> {
    const [record] = await test.store.pipelines.ofIntegration(integrationId)
    const sourceDatabase = record?.sourceDatabase ?? ""
    const nothing = { changedTables: [], goneTables: [], isWhole: false }
    return { integrationId, sourceDatabase, generation: 0, facts, ...nothing, ...more }
  }

  async function seen(integrationId: string) {
    const [one] = (await test.store.observations.all()).filter((one) => one.integrationId === integrationId)
    return one
  }

  const beat = (owner: string, sequence: number, more: Partial<Heartbeat> = {}) =>
    test.store.observations.beat({ owner, sequence, changed: [], ended: [], ...more })

  it("keeps what was written until its owner writes something else, table by table", async () => {
    const id = await aPipeline()
    const changedTables = [aTable("1"), aTable("2", { reason: "NUL \0 and half a pair \ud800" })]
    assert.equal(
      await beat("a", 0, { changed: [await changedOf(id, { changedTables, isWhole: true })] }),
      true,
    )
    const first = await seen(id)
    assert.deepEqual(first?.seen?.facts, facts)
    assert.deepEqual(first?.seen?.tables, [
      aTable("1"),
      aTable("2", { reason: "NUL \ufffd and half a pair \ufffd" }),
    ])
    const next = await changedOf(id, {
      facts: { ...facts, lagMs: 7 },
      changedTables: [aTable("3")],
      goneTables: ["1", "2"],
    })
    assert.equal(await beat("a", 1, { changed: [next] }), true)
    const second = await seen(id)
    assert.equal(second?.seen?.facts.lagMs, 7)
    assert.deepEqual(second?.seen?.tables, [aTable("3")])
    assert.ok(first !== undefined && first.silentMs < 60_000)
  })

  it("refuses a heartbeat that does not follow the one recorded, with all that came with it", async () => {
    const id = await aPipeline()
    assert.equal(await beat("b", 0), true)
    assert.equal(await beat("b", 2), false)
    assert.equal(await beat("b", 2, { changed: [await changedOf(id)] }), false)
    assert.equal((await seen(id))?.seen, undefined)
    assert.equal(await beat("never introduced", 1), false)
  })

  it("takes nothing from an owner of an older generation, and forgets what does not run any more", async () => {
    const id = await aPipeline()
    await beat("newer", 0, { changed: [await changedOf(id, { generation: 2 })] })
    const stale = { ...facts, phase: "waiting" as const }
    const late = await changedOf(id, { generation: 1, facts: stale, changedTables: [aTable("1")] })
    assert.equal(await beat("older", 0, { changed: [late] }), true)
    assert.equal((await seen(id))?.seen?.facts.phase, "streaming")
    assert.deepEqual((await seen(id))?.seen?.tables, [])
    await beat("older", 1, { ended: [late] })
    assert.notEqual((await seen(id))?.seen, undefined)
    await beat("newer", 1, { ended: [late] })
    assert.equal((await seen(id))?.seen, undefined)
  })

  it("keeps as known last what an owner told that has ended, and of that what the next one cannot know yet", async () => {
    const id = await aPipeline()
    const latestRetention = { retainedBytes: 7, at: new Date(0).toISOString() } as RetentionFacts
    const told = { facts: { ...facts, latestRetention }, changedTables: [aTable("1")], generation: 1 }
    await beat("first", 0, { changed: [await changedOf(id, told)] })
    await beat("first", 1, { ended: [await changedOf(id)] })
    const ended = await seen(id)
    assert.deepEqual([ended?.seen, ended?.last], [undefined, { facts: told.facts, tables: [aTable("1")] }])
    const silentFor = async () => (await test.store.observations.silent(-1)).get(id) ?? 0
    assert.ok((await silentFor()) < 60_000)
    const begun = { ...facts, appliedAtMs: null, phase: "waiting" as const }
    for (const isWhole of [true, false]) {
      await beat("next", isWhole ? 0 : 1, {
        changed: [await changedOf(id, { facts: begun, generation: 2, isWhole })],
      })
      const now = (await seen(id))?.seen
      assert.deepEqual(now?.facts, { ...begun, appliedAtMs: facts.appliedAtMs, latestRetention })
      assert.deepEqual(now.tables, [])
    }
    const later = await changedOf(id, { facts: { ...facts, appliedAtMs: 9 }, generation: 2 })
    await beat("next", 2, { changed: [later] })
    assert.equal((await seen(id))?.seen?.facts.appliedAtMs, 9)
  })

  it("takes what changed in many pipelines at once, of each by its own generation", async () => {
    const [mine, taken, gone] = [await aPipeline(), await aPipeline(), await aPipeline()]
    const before = await Promise.all([mine, taken, gone].map((id) => changedOf(id, { generation: 1 })))
    assert.equal(await beat("many", 0, { changed: before }), true)
    await beat("taker", 0, { changed: [await changedOf(taken, { generation: 2 })] })
    await test.store.pipelines.remove(gone, before[2]?.sourceDatabase ?? "")
    const told = before.map((one) => {
      return { ...one, facts: { ...facts, lagMs: 9 }, changedTables: [aTable("1"), aTable("2")] }
    })
    assert.equal(await beat("many", 1, { changed: told }), true)
    assert.equal((await seen(mine))?.seen?.facts.lagMs, 9)
    assert.deepEqual((await seen(mine))?.seen?.tables, [aTable("1"), aTable("2")])
    assert.deepEqual((await seen(taken))?.seen?.facts, facts)
    assert.deepEqual((await seen(taken))?.seen?.tables, [])
    assert.equal(await seen(gone), undefined)
    const again = { ...before[0], changedTables: [aTable("2", { changes: 4 })] } as ChangedPipeline
    assert.equal(await beat("many", 2, { changed: [again] }), true)
    assert.deepEqual((await seen(mine))?.seen?.tables, [aTable("1"), aTable("2", { changes: 4 })])
    assert.equal(await beat("many", 2, { changed: told }), false, "out of step")
  })

  it("drops what is written for a pipeline that is gone", async () => {
    const id = await aPipeline()
    const changed = await changedOf(id, { changedTables: [aTable("1")], isWhole: true })
    await test.store.pipelines.remove(id, changed.sourceDatabase)
    assert.equal(await beat("c", 0, { changed: [changed] }), true)
    assert.equal(await seen(id), undefined)
  })

  it("tells for how long nobody has reported, unless the pipeline is not wanted any more", async () => {
    const id = await aPipeline()
    const silentMs = async () => (await test.store.observations.silent(-1)).get(id)
    assert.ok(((await silentMs()) ?? -1) >= 0)
    assert.equal((await test.store.observations.silent(60_000)).has(id), false)
    await test.store.integrations.setStatus(id, "active", [])
    await test.store.integrations.setStatus(id, "deleting", [])
    assert.equal(await silentMs(), undefined)
    assert.equal((await seen(id))?.isWanted, false)
  })

  it("forgets with the next launch what was seen of the run before", async () => {
    const id = await aPipeline()
    await beat("d", 0, { changed: [await changedOf(id)] })
    assert.notEqual((await seen(id))?.seen, undefined)
    const [record] = await test.store.pipelines.ofIntegration(id)
    assert.ok(record)
    await test.store.pipelines.put(record)
    assert.equal((await seen(id))?.seen, undefined)
    await beat("d", 1, { changed: [await changedOf(id)] })
    assert.equal((await seen(id))?.seen?.facts.phase, "streaming")
  })
})
