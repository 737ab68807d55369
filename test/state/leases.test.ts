import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, it } from "node:test"
import pg from "pg"
import { type Lease, LeaseLost, type LeaseOwner, type LeaseRequest } from "../../src/state/leases.ts"
import { openStore } from "../../src/state/store.ts"
import type { TableRecord } from "../../src/state/tables.ts"
import { anIntegration, insertInto, storeForTests } from "./integration-fixture.ts"

const process = (name: string, host = "host"): LeaseOwner => ({ owner: name, host, hostName: `${host}.test` })

const asked = (owner: LeaseOwner, pipeline: string, changes: Partial<LeaseRequest> = {}): LeaseRequest => ({
  ...owner,
  pipeline,
  isPinned: false,
  ...changes,
})

const [one, two] = [process("one"), process("two", "elsewhere")]

describe("leases", () => {
  const test = storeForTests()

  /** As if so much time had passed by the database's clock. */
  async function pass(pipeline: string, ms: number): Promise<void> {
    const client = new pg.Client({ connectionString: test.url })
    await client.connect()
    try {
      await client.query(
        "update millrace.pipeline_leases set expires_at = expires_at - make_interval(secs => $2) where pipeline = $1",
        [pipeline, ms / 1_000],
      )
    } finally {
      await client.end()
    }
  }

  async function taken(owner: LeaseOwner, pipeline: string, changes?: Partial<LeaseRequest>): Promise<Lease> {
    const lease = await test.store.leases.take(asked(owner, pipeline, changes))
    assert.ok(lease)
    return lease
  }

  it("of many takers at once one gets the lease, again and again, each with the next generation", async () => {
    const pipeline = randomUUID()
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(test.url)))
    for (let generation = 1; generation <= 5; generation++) {
      const takers = Array.from({ length: 24 }, (_, at) => ({ at, store: stores[at % stores.length] }))
      const answers = await Promise.all(
        takers.map(({ at, store }) => store?.leases.take(asked(process(`taker ${at}`), pipeline))),
      )
      const winners = answers.filter((answer) => answer !== undefined)
      assert.deepEqual(
        winners.map((lease) => lease.generation),
        [generation],
      )
      await pass(pipeline, 5_000)
    }
    await Promise.all(stores.map((store) => store.close()))
  })

  it("a lease that has not run out is refused to everybody, its owner among them", async () => {
    const pipeline = randomUUID()
    await taken(one, pipeline)
    await pass(pipeline, 3_000)
    assert.equal(await test.store.leases.take(asked(two, pipeline)), undefined)
    assert.equal(await test.store.leases.take(asked(one, pipeline)), undefined)
  })

  it("one that has run out is taken with the next generation, and its owner prolongs it no more", async () => {
    const pipeline = randomUUID()
    const first = await taken(one, pipeline)
    assert.deepEqual(await test.store.leases.renew([first]), [first])
    await pass(pipeline, 5_000)
    assert.deepEqual(await test.store.leases.renew([first]), [], "also while nobody has taken it")
    const second = await taken(two, pipeline)
    assert.deepEqual(second, { pipeline, owner: "two", generation: first.generation + 1 })
    assert.deepEqual(await test.store.leases.renew([first, second]), [second])
  })

  it("a pinned one that nobody took is prolonged after its time, one that was taken is not", async () => {
    const pipeline = randomUUID()
    const first = await taken(one, pipeline, { isPinned: true })
    await pass(pipeline, 60_000)
    assert.deepEqual(await test.store.leases.renew([first]), [first])
    await pass(pipeline, 5_000)
    await taken(process("its successor"), pipeline, { isPinned: true })
    assert.deepEqual(await test.store.leases.renew([first]), [])
  })

  it("prolonging begins anew: time that was left is not added", async () => {
    const pipeline = randomUUID()
    const lease = await taken(one, pipeline)
    for (let n = 0; n < 3; n++) await test.store.leases.renew([lease])
    await pass(pipeline, 5_000)
    assert.ok(await test.store.leases.take(asked(two, pipeline)))
  })

  it("one that was given back can be taken at once; giving back an old one changes nothing", async () => {
    const pipeline = randomUUID()
    const first = await taken(one, pipeline)
    await test.store.leases.release(first)
    const second = await taken(two, pipeline)
    await test.store.leases.release(first)
    await test.store.leases.release({ ...second, owner: "one" })
    assert.deepEqual(await test.store.leases.renew([second]), [second])
  })

  it("a start ends the leases of dead processes of its own host, and no others", async () => {
    const host = randomUUID()
    const [dead, next] = [process("dead", host), process("next", host)]
    const [mine, others, own] = [randomUUID(), randomUUID(), randomUUID()]
    const before = await taken(dead, mine)
    await taken(process("alive", randomUUID()), others)
    await taken(next, own)
    await test.store.leases.endPredecessors(next)
    assert.equal((await taken(next, mine)).generation, before.generation + 1)
    assert.equal(await test.store.leases.take(asked(next, others)), undefined)
    assert.equal(await test.store.leases.take(asked(next, own)), undefined)
  })

  it("a generation that a warehouse knows is passed over, also where there is no lease yet", async () => {
    const [anew, known] = [randomUUID(), randomUUID()]
    assert.equal((await taken(one, anew, { above: 41 })).generation, 42)
    const first = await taken(one, known)
    await test.store.leases.release(first)
    assert.equal((await taken(one, known, { above: 41 })).generation, 42)
    await pass(known, 5_000)
    assert.equal((await taken(two, known, { above: 7 })).generation, 43)
  })

  it("one that is pinned stays with its host, unless the other host has its rows", async () => {
    const pipeline = randomUUID()
    await taken(one, pipeline, { isPinned: true })
    await pass(pipeline, 60_000)
    assert.equal(await test.store.leases.take(asked(two, pipeline, { isPinned: true })), undefined)
    const moved = await taken(two, pipeline, { isPinned: true, isHere: true })
    assert.equal(moved.generation, 2)
    await pass(pipeline, 60_000)
    assert.equal(await test.store.leases.take(asked(one, pipeline, { isPinned: true })), undefined)
    assert.equal((await taken(process("two anew", "elsewhere"), pipeline, { isPinned: true })).generation, 3)
  })

  it("tells whose each pipeline is, and forgets those of an integration that is gone", async () => {
    const { id } = await insertInto(test.store, anIntegration())
    const pipeline = `${id}/shop`
    const owner = { ...one, processId: 4711 }
    const lease = await taken(owner, pipeline, { isPinned: true, file: "/w/shop.duckdb" })
    const record = async () => (await test.store.leases.all()).find((found) => found.pipeline === pipeline)
    const rest = {
      host: "host",
      hostName: "host.test",
      processId: 4711,
      isPinned: true,
      file: "/w/shop.duckdb",
    }
    assert.deepEqual(await record(), { ...lease, ...rest, isExpired: false })
    await pass(pipeline, 5_000)
    assert.deepEqual(await record(), { ...lease, ...rest, isExpired: true })
    await test.store.integrations.remove(id)
    assert.equal(await record(), undefined)
  })

  describe("what an owner writes", () => {
    const tableOf = (integrationId: string, name: string): TableRecord => ({
      integrationId,
      sourceDatabase: "shop",
      tableId: name,
      schema: "public",
      name,
      state: "Synced",
      reason: null,
      keyColumns: [],
      snapshotRows: null,
      verified: null,
      updatedAt: new Date(),
    })

    it("is refused when another has taken the pipeline, and changes nothing", async () => {
      const integration = await insertInto(test.store, anIntegration())
      const { id } = integration
      const pipeline = `${id}/shop`
      const record = {
        integrationId: id,
        sourceDatabase: "shop",
        destinationDatabase: "d",
        sourceHandle: "old",
      }
      const old = await taken(one, pipeline)
      await test.store.pipelines.put(record, old)
      await test.store.tables.replaceAll(id, "shop", [tableOf(id, "a")], old)
      await pass(pipeline, 5_000)
      const now = await taken(two, pipeline)
      const activity = {
        integrationId: id,
        sourceDatabase: "shop",
        targetDatabase: "d",
        kind: "cdc" as const,
        position: null,
        bytes: null,
        lastCommitAt: null,
        tables: 1,
        startedAt: new Date(),
        endedAt: new Date(),
      }
      const health = { status: "active" as const, errors: [], isFilterPending: false }
      const writes: (() => Promise<unknown>)[] = [
        () => test.store.tables.replaceAll(id, "shop", [tableOf(id, "b")], old),
        () => test.store.history.append({ activities: [activity], stateChanges: [] }, old),
        () => test.store.integrations.settle(integration, health, [now, old]),
        () => test.store.pipelines.put({ ...record, sourceHandle: "new" }, old),
        () => test.store.pipelines.remove(id, "shop", old),
      ]
      for (const write of writes) await assert.rejects(write, LeaseLost)
      assert.deepEqual(
        (await test.store.tables.ofIntegration(id)).map(({ name }) => name),
        ["a"],
      )
      assert.deepEqual(await test.store.pipelines.ofIntegration(id), [record])
      assert.equal((await test.store.integrations.byId(id))?.status, "creating")
      assert.ok(!(await test.store.history.activities()).some(({ integrationId }) => integrationId === id))
      await test.store.tables.replaceAll(id, "shop", [tableOf(id, "b")], now)
      assert.equal(await test.store.integrations.settle(integration, health, [now]), true)
    })

    it("lands before the pipeline is taken or is refused, when both come at the same moment", async () => {
      const { id } = await insertInto(test.store, anIntegration())
      const pipeline = `${id}/shop`
      const other = await openStore(test.url)
      let last = await taken(one, pipeline)
      for (let round = 0; round < 20; round++) {
        await test.store.leases.release(last)
        const old = last
        const writing = Array.from({ length: 4 }, (_, at) =>
          test.store.tables.replaceAll(id, "shop", [tableOf(id, `old ${at}`)], old).then(
            () => "written",
            (error: unknown) => {
              assert.ok(error instanceof LeaseLost, String(error))
              return "refused"
            },
          ),
        )
        const taking = other.leases.take(asked(two, pipeline))
        const lease = await taking
        assert.ok(lease)
        await other.tables.replaceAll(id, "shop", [tableOf(id, "new")], lease)
        await Promise.all(writing)
        assert.deepEqual(
          (await test.store.tables.ofIntegration(id)).map(({ name }) => name),
          ["new"],
        )
        last = lease
      }
      await other.close()
    })
  })
})
