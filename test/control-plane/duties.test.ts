import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, it, type TestContext } from "node:test"
import { type DutyName, startDuties } from "../../src/control-plane/duties/duties.ts"
import { type LeaseOwner, leaseMs } from "../../src/state/leases.ts"
import { openStore } from "../../src/state/store.ts"
import { onDatabase } from "../e2e/workload.ts"
import { storeForTests } from "../state/integration-fixture.ts"
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts"
import { waitUntil } from "../support/wait-until.ts"

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const duty: DutyName = "webhook"

describe("duties", () => {
  const test = storeForTests()
  const newOwner = (host: string = randomUUID()): LeaseOwner => ({
    owner: randomUUID(),
    host,
    hostName: "host",
  })

  interface Process {
    owner: string
    proxy: TcpProxy
    isHeld(): boolean
    stop(): Promise<void>
  }

  /** Who works now; nobody may begin while another one works. */
  function stage() {
    const working: string[] = []
    const turns: string[] = []
    const overlaps: string[][] = []
    return {
      working,
      turns,
      overlaps,
      begin(owner: string) {
        if (working.length > 0) overlaps.push([...working, owner])
        working.push(owner)
        turns.push(owner)
        return { stop: async () => void working.splice(working.indexOf(owner), 1) }
      },
    }
  }

  /** A process that reaches the state database by a wire that can be stalled. */
  async function process(
    context: TestContext,
    on: ReturnType<typeof stage>,
    owner = newOwner(),
  ): Promise<Process> {
    const { hostname, port } = new URL(test.url)
    const proxy = await tcpProxy({ host: hostname, port: Number(port) })
    const store = await openStore(proxy.through(test.url))
    const duties = startDuties({ duties: store.duties, owner, log: silent })
    duties.add(duty, () => on.begin(owner.owner))
    context.after(async () => {
      proxy.mend()
      await duties.stop()
      await store.close()
      await proxy.close()
    })
    return { owner: owner.owner, proxy, isHeld: () => duties.isHeld(duty), stop: duties.stop }
  }

  it("of several processes one does it; when it stops, another does at once", async (context) => {
    const on = stage()
    const all = await Promise.all([1, 2, 3].map(() => process(context, on)))
    await waitUntil(() => on.working.length === 1, { what: "one to begin" })
    const first = all.find(({ owner }) => owner === on.working[0])
    assert.deepEqual(
      all.filter((one) => one.isHeld()),
      [first],
    )
    const begunMs = performance.now()
    await waitUntil(() => performance.now() - begunMs > leaseMs + 500, { what: "longer than a lease lasts" })
    assert.deepEqual(on.turns, [first?.owner])
    await first?.stop()
    assert.equal((await test.store.duties.holders()).get(duty) === first?.owner, false)
    await waitUntil(() => on.turns.length === 2, { what: "another to begin" })
    assert.notEqual(on.turns[1], first?.owner)
    assert.deepEqual(on.overlaps, [])
  })

  it("who cannot reach the state database ends before another begins", async (context) => {
    const on = stage()
    const all = await Promise.all([1, 2].map(() => process(context, on)))
    await waitUntil(() => on.working.length === 1, { what: "one to begin" })
    const first = all.find(({ owner }) => owner === on.working[0])
    first?.proxy.stall()
    await waitUntil(() => on.turns.length === 2, { what: "the other to begin" })
    assert.equal(first?.isHeld(), false)
    assert.deepEqual(on.working, [all.find((one) => one !== first)?.owner])
    assert.deepEqual(on.overlaps, [])
  })

  it("of a dead process of the same host is not waited for", async (context) => {
    const on = stage()
    const host = randomUUID()
    const held = await test.store.duties.hold(newOwner(host), [duty])
    assert.deepEqual([...held.keys()], [duty])
    await onDatabase(test.url, (client) =>
      client.query("update millrace.duties set expires_at = clock_timestamp() + interval '1 hour'"),
    )
    const next = await process(context, on, newOwner(host))
    await waitUntil(() => on.working.length === 1, { what: "the next to begin" })
    assert.deepEqual(on.working, [next.owner])
  })
})
