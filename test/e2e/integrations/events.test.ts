import assert from "node:assert/strict"
import { test } from "node:test"
import { waitUntil } from "../../support/wait-until.ts"
import { type Envelope, follow, hook, webhookSecret } from "../event-receivers.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { onDatabase } from "../workload.ts"

const numbers = (events: readonly Envelope[]) => events.map(({ detail }) => detail.eventId.split("-").at(-1))

test("an integration's life as events, told as they come and again after an id; only to those who may", async (context) => {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.start()
  assert.equal((await fetch(`http://127.0.0.1:${place.httpPort}/events`)).status, 403)
  const live = await follow(context, place)
  const api = apiOf(place)
  const arn = await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  await api.filter("bank", `include: ${name}.public.*, exclude: ${name}.public.journal`)
  await api.becomes("bank", "active")
  await api.rename("bank", "shore")
  await onDatabase(url, (client) => client.query('CREATE TABLE "ACCOUNTS" (id int PRIMARY KEY)'))
  await api.becomes("shore", "needs_attention")
  await onDatabase(url, (client) => client.query('DROP TABLE "ACCOUNTS"'))
  await api.filter("shore", `include: ${name}.public.sentinel`)
  await api.becomes("shore", "active")
  await api.delete("shore")
  await api.gone("shore")
  const expected = ["0000", "0016", "0017", "0016", "0017", "0005", "0016", "0017", "0002", "0001"]
  await waitUntil(() => live.events.length >= expected.length, { what: "all events" })
  assert.deepEqual(numbers(live.events), expected)
  assert.match(live.events[5]?.detail.message ?? "", /ACCOUNTS/)
  assert.ok(live.events.every(({ resources }) => resources[0] === arn))
  const again = await follow(context, place, live.ids[3])
  await waitUntil(() => again.events.length >= expected.length - 4, { what: "the later events" })
  assert.deepEqual(again.events, live.events.slice(4))
})

test("a webhook is told everything in order, signed, though it fails and Millrace is killed", async (context) => {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  const receiver = await hook(context)
  await place.configure((configuration) => {
    configuration.events = { webhook: receiver.url, secret: webhookSecret }
  })
  const first = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await waitUntil(() => receiver.taken.length === 1, { what: "the first event" })
  receiver.status = 503
  await api.rename("bank", "shore")
  await waitUntil(() => receiver.posts >= 3, { what: "a second try" })
  await first.kill9()
  receiver.status = 200
  await place.start()
  await api.delete("shore")
  await waitUntil(() => receiver.taken.length >= 5, { what: "all events" })
  assert.deepEqual(numbers(receiver.taken), ["0000", "0016", "0017", "0002", "0001"])
  assert.equal(new Set(receiver.taken.map(({ id }) => id)).size, 5)
  assert.ok(!place.output().includes(webhookSecret))
})
