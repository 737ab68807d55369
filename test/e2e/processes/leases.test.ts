import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type { Lease } from "../../../src/state/leases.ts"
import { openStore, type Store } from "../../../src/state/store.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { assertEqualContent, caughtUp } from "../warehouse.ts"
import { onDatabase, startWorkload } from "../workload.ts"

async function streamingPlace(context: TestContext) {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  const store = await openStore(place.stateUrl ?? "")
  atEnd(context, () => store.close())
  return { source, place, running, api, store }
}

async function leaseOf(store: Store) {
  const [lease, ...others] = await store.leases.all()
  assert.ok(lease)
  assert.deepEqual(others, [])
  return lease
}

/** As if the state database had a lease that nobody gave back, or was put back to an earlier time. */
async function setLease(place: Place, assignment: string): Promise<void> {
  await onDatabase(place.stateUrl ?? "", (client) =>
    client.query(`update millrace.pipeline_leases set ${assignment}`),
  )
}

test("killed under load: the next start waits for no lease of the dead process, and goes on exactly", async (context) => {
  const { source, place, running, api, store } = await streamingPlace(context)
  const before = await leaseOf(store)
  const load = startWorkload(context, source.url, 71)
  await waitUntil(() => load.done > 50, { what: "some load" })
  await running.kill9()
  await setLease(place, "expires_at = clock_timestamp() + interval '1 hour'")
  await place.start()
  const after = await waitUntil(
    async () => {
      const lease = await leaseOf(store)
      return lease.owner === before.owner ? undefined : lease
    },
    { what: "the lease to be taken over" },
  )
  await api.becomes("bank", "active")
  assert.equal(after.generation, before.generation + 1)
  assert.equal(after.host, before.host)
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test("stopped: the lease is given back", async (context) => {
  const { running, store } = await streamingPlace(context)
  assert.equal((await leaseOf(store)).isExpired, false)
  const ended = await running.terminate()
  assert.equal(ended.code, 0, ended.output)
  assert.equal((await leaseOf(store)).isExpired, true)
})

test("another owner in the state database: the pipeline ends, and comes back when that one has gone", async (context) => {
  const { source, place, running, store } = await streamingPlace(context)
  const mine = await leaseOf(store)
  const other = { owner: "another", host: mine.host, hostName: "elsewhere" }
  await store.leases.release(mine)
  const taken = (await store.leases.take({ ...other, pipeline: mine.pipeline, isPinned: true })) as Lease
  assert.equal(taken.generation, mine.generation + 1)
  await waitUntil(
    async () => {
      assert.equal((await store.leases.renew([taken])).length, 1)
      return /"phase":"stopped"|lease is lost/.test(running.output())
    },
    { what: "the pipeline to end" },
  )
  await onDatabase(source.url, (client) => client.query("UPDATE accounts SET owner = owner || ' elsewhere'"))
  await store.leases.release(taken)
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
  assert.equal((await leaseOf(store)).generation, taken.generation + 1)
})

test("a state database that was put back to an earlier time: the owner passes over what the warehouse knows", async (context) => {
  const { source, place, running, api, store } = await streamingPlace(context)
  await running.terminate()
  await setLease(place, "generation = 40")
  const second = await place.start()
  await caughtUp(place, source.url, "bank")
  assert.equal((await leaseOf(store)).generation, 41)
  await second.terminate()
  await setLease(place, "generation = 1")
  await onDatabase(source.url, (client) => client.query("UPDATE accounts SET owner = owner || ' later'"))
  await place.start()
  await caughtUp(place, source.url, "bank")
  await api.becomes("bank", "active")
  assert.equal((await leaseOf(store)).generation, 42)
  await assertEqualContent(place, source.url, "bank")
})
