import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type { IntegrationReport, StatusReport } from "../../../control-plane/pipelines/status.ts"
import { type FeedEvent, newStatusFeed, type StatusFeed } from "./status-feed.ts"

function integration(id: string, status = "active"): IntegrationReport {
  return { id, arn: `arn:${id}`, name: id, status, errors: [], waiting: [], pipelines: [] }
}

function statusOf(...integrations: IntegrationReport[]): StatusReport {
  return { integrations, unopenedDatabases: [], unobservedWarehouses: [], directWarehouses: [], engine: null }
}

/** A feed on a status that the test sets. */
function feedOn(status: StatusReport, keptBytes = 1_000_000) {
  const place = { status, looks: 0 }
  const feed = newStatusFeed({
    report: async () => {
      place.looks++
      return structuredClone(place.status)
    },
    log: { info: () => assert.fail("a look failed") },
    lookEveryMs: 1,
    aliveEveryMs: 20,
    keptBytes,
  })
  return { place, feed }
}

function follower(context: TestContext, feed: StatusFeed, lastId?: string) {
  const ending = new AbortController()
  const events = feed.follow(lastId, ending.signal)
  const leave = async () => {
    ending.abort()
    await events.return(undefined)
  }
  context.after(leave)
  const next = async (): Promise<FeedEvent> => {
    const { value } = await events.next()
    return value ?? assert.fail("the stream has ended")
  }
  const nextStatus = async () => {
    for (;;) {
      const event = await next()
      if (event.name === "status")
        return { id: event.id, ...(JSON.parse(event.data) as Partial<StatusReport> & { whole?: boolean }) }
    }
  }
  return { next, nextStatus, leave }
}

/** A look has been made, and a further one begun. */
async function looked(place: { looks: number }): Promise<void> {
  const before = place.looks
  while (place.looks < before + 2) await new Promise(setImmediate)
}

test("a follower is told what changed, and nothing that did not", async (context) => {
  const { place, feed } = feedOn(statusOf(integration("a"), integration("b")))
  const one = follower(context, feed)
  assert.equal((await one.next()).name, "alive")
  await looked(place)
  place.status = statusOf(integration("a"), integration("b", "failed"), integration("c"))
  const { id: _first, ...first } = await one.nextStatus()
  assert.deepEqual(first, { integrations: [integration("b", "failed"), integration("c")], removed: [] })
  place.status = statusOf(integration("b", "failed"), integration("c"))
  const { id: _second, ...second } = await one.nextStatus()
  assert.deepEqual(second, { integrations: [], removed: ["a"] })
})

test("who comes back is told what it missed, and everything where that is not known any more", async (context) => {
  const { place, feed } = feedOn(statusOf(integration("a")))
  const stays = follower(context, feed)
  const goes = follower(context, feed)
  await stays.next()
  const { id } = await goes.next()
  await goes.leave()
  await looked(place)
  place.status = statusOf(integration("a", "failed"))
  await stays.nextStatus()
  const back = follower(context, feed, id)
  assert.deepEqual((await back.nextStatus()).integrations, [integration("a", "failed")])
  for (const unknown of ["0123-7", "x", `${id.split("-")[0]}-999999`]) {
    const { id: _id, ...whole } = await follower(context, feed, unknown).nextStatus()
    assert.deepEqual(whole, { whole: true, removed: [], ...place.status })
  }
})

test("of changes only so many bytes are kept: a follower that was slow is told everything", async (context) => {
  const { place, feed } = feedOn(statusOf(integration("a")), 1_000)
  const [slow, quick] = [follower(context, feed), follower(context, feed)]
  await slow.next()
  await quick.next()
  await looked(place)
  for (let at = 0; at < 4; at++) {
    place.status = statusOf({ ...integration("a"), name: `${at}${"x".repeat(400)}` })
    await quick.nextStatus()
  }
  const told = await slow.nextStatus()
  assert.equal(told.whole, true)
})

test("nobody looks when nobody follows, and an event's number is not told again for another state", async (context) => {
  const { place, feed } = feedOn(statusOf(integration("a")))
  const one = follower(context, feed)
  const { id } = await one.next()
  await looked(place)
  await one.leave()
  const { looks } = place
  for (let at = 0; at < 50; at++) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.ok(place.looks <= looks + 1)
  place.status = statusOf(integration("a", "failed"))
  const back = await follower(context, feed, id).nextStatus()
  assert.equal(back.whole, true)
})
