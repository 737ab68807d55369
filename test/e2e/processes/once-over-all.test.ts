/** Two processes, each with a data folder of its own, over one state database: what is done once is done by one of them. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { openStore, type Store } from "../../../src/state/store.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { follow, type Hook, hook, webhookSecret } from "../event-receivers.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"

interface Scene {
  /** The first has the pipelines, whose rows are in its files. */
  places: [Place, Place]
  receiver: Hook
  store: Store
  sourceDatabase: string
}

async function scene(context: TestContext): Promise<Scene> {
  const { url, name } = await bank(context)
  const sources = [{ arn: sourceArn, url }]
  const receiver = await hook(context)
  const first = await newPlace(context, { sources })
  const second = await newPlace(context, { sources, state: { url: first.stateUrl ?? "" } })
  for (const place of [first, second])
    await place.configure((configuration) => {
      configuration.events = { webhook: receiver.url, secret: webhookSecret }
    })
  const store = await openStore(first.stateUrl ?? "")
  atEnd(context, () => store.close())
  return { places: [first, second], receiver, store, sourceDatabase: name }
}

async function holder(store: Store, duty: string): Promise<string | undefined> {
  return (await store.duties.holders()).get(duty)
}

/**
 * Everything recorded has been posted, in order, and that is noted. Nothing is posted twice but what was on its way when its
 * process was frozen or killed: one event for each of these `interruptions` at most, with the same id.
 */
async function postedOnce({ receiver, store }: Scene, interruptions: number): Promise<void> {
  const events = await store.events.after(0n, 1_000)
  const recorded = events.map(({ uid }) => uid)
  const posted = () => [...new Set(receiver.taken.map(({ id }) => id))]
  await waitUntil(() => posted().length >= recorded.length, { what: "all events to be posted" })
  const newest = events.at(-1)?.id ?? 0n
  await waitUntil(async () => (await store.events.told("webhook")) >= newest, { what: "that to be noted" })
  const { length } = receiver.taken
  const once = posted()
  assert.deepEqual(once.slice(0, recorded.length), recorded)
  assert.ok(length - once.length <= interruptions, `${length - once.length} events came twice`)
}

test("two processes post each event once; while one is frozen or killed, the other goes on within seconds", async (context) => {
  const all = await scene(context)
  const [first, second] = all.places
  const frozen = await first.start()
  const api = apiOf(first)
  await api.create("bank", `include: ${all.sourceDatabase}.public.*`)
  await api.becomes("bank", "active")
  const other = await second.start()
  const before = await waitUntil(() => holder(all.store, "webhook"), { what: "a holder" })
  const followed = await follow(context, second)
  const elsewhere = apiOf(second)
  await elsewhere.rename("bank", "shore")
  await postedOnce(all, 0)

  frozen.child.kill("SIGSTOP")
  await elsewhere.rename("shore", "strand")
  await postedOnce(all, 1)
  const after = await holder(all.store, "webhook")
  assert.ok(after !== undefined && after !== before)
  frozen.child.kill("SIGCONT")
  for (const [from, to] of [
    ["strand", "coast"],
    ["coast", "beach"],
  ] as const)
    await elsewhere.rename(from, to)
  await postedOnce(all, 1)

  await other.kill9()
  await api.rename("beach", "cliff")
  await postedOnce(all, 2)
  assert.equal(await holder(all.store, "webhook"), before)
  assert.ok(followed.events.length >= 4, "a process that posts nothing can be followed")
})

test("an integration that another process took the call for starts at once: its owner looks when told, not when its time has come", async (context) => {
  const { url, name } = await bank(context)
  const sources = [{ arn: sourceArn, url }]
  const first = await newPlace(context, { sources })
  const second = await newPlace(context, { sources, state: { url: first.stateUrl ?? "" } })
  const entry = join(import.meta.dirname, "..", "..", "crash", "child.ts")
  // By itself it would look again in an hour.
  await first.start({ MILLRACE_TEST_ENTRY: entry, MILLRACE_TEST_TURN_MS: String(3_600_000) })
  await second.startRoles("api")
  const api = apiOf(second)
  for (const integration of ["bank", "shore"]) {
    await api.create(integration, `include: ${name}.public.*`)
    await api.becomes(integration, "active")
    await api.delete(integration)
    await api.gone(integration)
  }
})

test("two processes: of many that create at once, as many integrations are made as the quota allows, and one of a name", async (context) => {
  const at = (database: number) => `arn:aws:rds:us-east-1:123456789012:db:shop-${database}`
  const many = Array.from({ length: 24 }, (_, index) => index)
  const sources = many.map((one) => ({ arn: at(one), url: "postgres://nobody@127.0.0.1:1/none" }))
  const first = await newPlace(context, { sources })
  const second = await newPlace(context, { sources, state: { url: first.stateUrl ?? "" } })
  for (const place of [first, second])
    await place.configure((configuration) => {
      configuration.quotas = { per_account: 9, per_warehouse: 20, per_source: 1 }
    })
  await Promise.all([first, second].map((place) => place.startRoles("api")))
  const apis = [apiOf(first), apiOf(second)]
  const create = (index: number, name: string) =>
    apis[index % 2]?.create(name, "include: shop.public.*", at(index)).then(
      () => "made",
      (error: Error) => error.name,
    )
  const same = await Promise.all(many.slice(0, 8).map((index) => create(index, "same")))
  assert.deepEqual(same.sort(), [...Array(7).fill("IntegrationAlreadyExistsFault"), "made"])
  const outcomes = await Promise.all(many.slice(8).map((index) => create(index, `i-${index}`)))
  assert.equal(outcomes.filter((outcome) => outcome === "made").length, 8, outcomes.join())
  assert.equal(outcomes.filter((outcome) => outcome === "IntegrationQuotaExceededFault").length, 8)
  assert.equal((await apis[0]?.all())?.length, 9)
})
