import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, it, type TestContext } from "node:test"
import { type LeaseKeeper, newLeaseKeeper } from "../../src/control-plane/reconciler/lease-keeper.ts"
import { type Lease, type LeaseOwner, leaseMs } from "../../src/state/leases.ts"
import { openStore, type Store } from "../../src/state/store.ts"
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts"
import { waitUntil } from "../support/wait-until.ts"
import { storeForTests } from "./integration-fixture.ts"

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const newOwner = (host: string = randomUUID()): LeaseOwner => ({
  owner: randomUUID(),
  host,
  hostName: "host.test",
})

describe("the leases of a process", () => {
  const test = storeForTests()

  interface Process {
    keeper: LeaseKeeper
    lost: { lease: Lease; atMs: number }[]
    proxy: TcpProxy
  }

  /** A process that reaches the state database by a wire that can be stalled. */
  async function process(context: TestContext, owner = newOwner()): Promise<Process> {
    const { hostname, port } = new URL(test.url)
    const proxy = await tcpProxy({ host: hostname, port: Number(port) })
    const store = await openStore(proxy.through(test.url))
    const lost: Process["lost"] = []
    const keeper = newLeaseKeeper({
      leases: store.leases,
      owner,
      log: silent,
      onLost: (lease) => lost.push({ lease, atMs: performance.now() }),
    })
    context.after(async () => {
      proxy.mend()
      await keeper.stop()
      await store.close()
      await proxy.close()
    })
    return { keeper, lost, proxy }
  }

  const takeFrom = (store: Store, pipeline: string) =>
    store.leases.take({ ...newOwner(), pipeline, isPinned: false })

  it("are prolonged, so that nobody else gets them, and can be taken at once when the process stops", async (context) => {
    const { keeper, lost } = await process(context)
    const pipeline = randomUUID()
    assert.ok(await keeper.take({ pipeline, isPinned: false }))
    const begunMs = performance.now()
    const taken: (Lease | undefined)[] = []
    await waitUntil(
      async () => {
        taken.push(await takeFrom(test.store, pipeline))
        return performance.now() - begunMs > leaseMs + 500
      },
      { what: "the lease to be held longer than it lasts" },
    )
    assert.deepEqual(
      taken.filter((lease) => lease !== undefined),
      [],
    )
    await keeper.stop()
    assert.ok(await takeFrom(test.store, pipeline))
    assert.deepEqual(lost, [])
  })

  it("when the state database stalls, the process ends what it owns before anybody else can", async (context) => {
    const { keeper, lost, proxy } = await process(context)
    const pipelines = [randomUUID(), randomUUID()]
    for (const pipeline of pipelines) assert.ok(await keeper.take({ pipeline, isPinned: false }))
    proxy.stall()
    // Each is asked for all the time: the owner must have been told before another one gets it.
    const toldBefore = await Promise.all(
      pipelines.map(async (pipeline) => {
        await waitUntil(() => takeFrom(test.store, pipeline), { what: "the lease to run out" })
        return lost.some((one) => one.lease.pipeline === pipeline)
      }),
    )
    assert.deepEqual(toldBefore, [true, true])
    assert.equal(lost.length, 2)
    assert.deepEqual(
      pipelines.map((pipeline) => keeper.held(pipeline)),
      [undefined, undefined],
    )
  })

  it("a pinned one outlasts a state database that stalls, and is prolonged when it is back", async (context) => {
    const { keeper, lost, proxy } = await process(context)
    const pipeline = randomUUID()
    const lease = await keeper.take({ pipeline, isPinned: true })
    proxy.stall()
    const isExpired = async () =>
      (await test.store.leases.all()).find((one) => one.pipeline === pipeline)?.isExpired
    await waitUntil(async () => (await isExpired()) === true, { what: "the lease to run out" })
    proxy.mend()
    await waitUntil(async () => (await isExpired()) === false, { what: "the lease to be prolonged" })
    assert.deepEqual(lost, [])
    assert.deepEqual(keeper.held(pipeline), lease)
  })

  it("a process that finds another owner is told, also of a pinned pipeline", async (context) => {
    const { keeper, lost } = await process(context)
    const pipeline = randomUUID()
    const lease = await keeper.take({ pipeline, isPinned: true })
    assert.ok(lease)
    await test.store.leases.release(lease)
    const moved = { ...newOwner(), pipeline, isPinned: true, isHere: true }
    assert.ok(await test.store.leases.take(moved))
    await waitUntil(() => lost.length > 0, { what: "the loss to be told" })
    assert.deepEqual(
      lost.map((one) => one.lease),
      [lease],
    )
    assert.equal(await keeper.take({ pipeline, isPinned: true }), undefined)
  })

  it("a start takes what a dead process of the same host had, at once", async (context) => {
    const [dead, next] = [newOwner("same host"), newOwner("same host")]
    const pipeline = randomUUID()
    const before = await test.store.leases.take({ ...dead, pipeline, isPinned: true })
    const { keeper } = await process(context, next)
    const lease = await keeper.take({ pipeline, isPinned: true })
    assert.equal(lease?.generation, (before?.generation ?? 0) + 1)
  })
})
