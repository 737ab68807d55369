/** Event streams: what is recorded with the objects, and how it comes to a webhook. */
import assert from "node:assert/strict"
import { describe, type TestContext, test } from "node:test"
import { sql } from "kysely"
import { startDelivery } from "../../../src/profiles/events/delivery/deliver.ts"
import { webhookFor } from "../../../src/profiles/events/delivery/webhooks.ts"
import { expire } from "../../../src/profiles/expiry.ts"
import { mergeProfiles } from "../../../src/profiles/identity/merge/merge-profiles.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { domainWith, ingest, objectType, profileIdOf, profilesForTests } from "../scene.ts"
import { type Receiver, receiver, receiverSecret } from "./receiver.ts"

const visit = objectType("Visit", {
  fields: {
    id: { source: "_source.id" },
    email: { source: "_source.email", target: "_profile.EmailAddress", contentType: "EMAIL_ADDRESS" },
    city: { source: "_source.city", target: "_profile.Address.City" },
  },
  keys: {
    visitId: [{ fieldNames: ["id"], standardIdentifiers: ["UNIQUE"] }],
    _email: [{ fieldNames: ["email"], standardIdentifiers: ["PROFILE"] }],
  },
})

describe("event streams", () => {
  const state = profilesForTests()

  async function streaming(context: TestContext): Promise<{ domain: string; hook: Receiver }> {
    const hook = await receiver(context)
    const domain = await domainWith(state.store, [visit])
    const { number } = (await state.store.read(domain)).domain
    await state.all.profileEvents.streams(number).add({ name: "all", uri: `${hook.url}/all`, tags: {} })
    return { domain, hook }
  }

  function delivering(context: TestContext, hook: Receiver): void {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
    const delivery = startDelivery({
      profiles: state.store,
      outbox: state.all.profileEvents.outbox,
      webhooks: [{ url: hook.url, secret: receiverSecret }],
      held: { isHeld: () => true, generation: () => 1 },
      log,
      firstRetryMs: 20,
    })
    context.after(() => delivery.stop())
  }

  const visits = (domain: string, objects: readonly object[]) =>
    ingest(state.store, { domain, objectType: "Visit" }, objects)

  test("objects and profiles are told as they are made and changed, in order", async (context) => {
    const { domain, hook } = await streaming(context)
    const [made] = await visits(domain, [{ id: "1", email: "ann@x.example", city: "Bonn" }])
    await visits(domain, [{ id: "1", email: "ann@x.example", city: "Ulm" }])
    await visits(domain, [{ id: "1", email: "ann@x.example", city: "Ulm" }])
    delivering(context, hook)
    await waitUntil(() => hook.taken.length === 4 || undefined, { what: "four events" })
    const profile = profileIdOf(made)
    const told = hook.taken.map(({ record }) => [record.EventType, record.ObjectTypeName, record.Object])
    const address = (City: string) => ({
      ProfileId: profile,
      EmailAddress: "ann@x.example",
      Address: { City },
    })
    assert.deepEqual(told, [
      ["CREATED", "Visit", { id: "1", email: "ann@x.example", city: "Bonn" }],
      ["CREATED", "_profile", address("Bonn")],
      ["UPDATED", "Visit", { id: "1", email: "ann@x.example", city: "Ulm" }],
      ["UPDATED", "_profile", address("Ulm")],
    ])
    const { EventId, EventTimestamp, Object: _, ...record } = hook.taken[0]?.record ?? {}
    assert.deepEqual(record, {
      SchemaVersion: 0,
      EventType: "CREATED",
      DomainName: domain,
      ObjectTypeName: "Visit",
      AssociatedProfileId: profile,
      ProfileObjectUniqueKey: "1",
      IsMessageRealTime: true,
    })
    assert.equal(EventId, hook.taken[0]?.id)
    assert.ok(Date.parse(String(EventTimestamp)) > Date.now() - 600_000)
    assert.equal(hook.taken[0]?.path, "/hooks/all")
  })

  test("a merge is told of the profile that stays, and of those that are gone", async (context) => {
    const { domain, hook } = await streaming(context)
    const [main = "", other = ""] = (
      await visits(domain, [
        { id: "1", email: "ann@x.example" },
        { id: "2", email: "anne@x.example", city: "Ulm" },
      ])
    ).map(profileIdOf)
    const resolution = { kind: "main", fieldSources: new Map() } as const
    await state.store.change(domain, async (locked) => {
      await mergeProfiles(locked, [{ main, others: [other], resolution }], "a person")
    })
    delivering(context, hook)
    await waitUntil(() => hook.taken.length === 6 || undefined, { what: "six events" })
    // Events of different profiles come in any order.
    const told = hook.taken
      .map(({ record }) => [record.EventType, record.Object])
      .sort()
      .reverse()
    const email = { EmailAddress: "ann@x.example" }
    const address = { Address: { City: "Ulm" } }
    assert.deepEqual(
      told.filter(([type]) => type === "MERGED" || type === "DELETED"),
      [
        ["MERGED", { ProfileId: main, ...email, ...address }],
        ["DELETED", { ProfileId: other, EmailAddress: "anne@x.example", ...address }],
      ],
    )
  })

  test("what has passed its time is gone, and told", async (context) => {
    const { domain, hook } = await streaming(context)
    const [old, kept] = (
      await visits(domain, [
        { id: "1", email: "ann@x.example" },
        { id: "2", email: "bob@x.example" },
      ])
    ).map(profileIdOf)
    await state.store.change(domain, async ({ transaction, domain: { number } }) => {
      await sql`update millrace.profile_objects set expires_at = now() where domain = ${number} and unique_key = '1'`.execute(
        transaction,
      )
      // One of the two has an object left.
      await sql`update millrace.profiles set expires_at = now() where domain = ${number}`.execute(transaction)
    })
    await expire(state.store, () => true)
    const { domain: counts, profiles, objects, keys, journal } = await state.store.read(domain)
    assert.deepEqual(
      (await profiles.list({ after: undefined, limit: 10 })).map(({ id }) => id),
      [kept],
    )
    const bytes = JSON.stringify({ id: "2", email: "bob@x.example" }).length
    assert.deepEqual([counts.profileCount, counts.objectCount, counts.objectBytes], [1, 1, bytes])
    assert.deepEqual(
      [
        await keys.find([{ name: "_email", value: "ann@x.example" }]),
        (await state.store.domains.withExpired()).includes(domain),
      ],
      [[], false],
    )
    assert.equal((await objects.find(0, ["1"])).length, 0)
    const history = await journal.since("0", 100)
    assert.deepEqual(
      history
        .filter(({ action }) => action === "EXPIRED")
        .map(({ profile, uniqueKey }) => [profile, uniqueKey]),
      [
        [old, "1"],
        [old, undefined],
      ],
    )
    delivering(context, hook)
    await waitUntil(() => hook.taken.length === 6 || undefined, { what: "six events" })
    const gone = hook.taken.filter(({ record }) => record.EventType === "DELETED")
    assert.deepEqual(
      gone.map(({ record }) => [record.ObjectTypeName, record.AssociatedProfileId]),
      [
        ["Visit", old],
        ["_profile", old],
      ],
    )
  })

  test("an event that is refused holds up its profile only, and is given up as a dead letter", async (context) => {
    const { domain, hook } = await streaming(context)
    const of = (record: Record<string, unknown>) => record.Object as { id?: string; email?: string }
    hook.answer = (record) => (of(record).id === "1" ? 400 : 200)
    const [refused, other] = (
      await visits(domain, [
        { id: "1", email: "ann@x.example" },
        { id: "2", email: "bob@x.example" },
      ])
    ).map(profileIdOf)
    delivering(context, hook)
    const told = (profile: string | undefined) =>
      hook.taken.filter(({ record }) => record.AssociatedProfileId === profile).length
    await waitUntil(() => (told(other) === 2 && told(refused) === 1) || undefined, { what: "all but one" })
    // Two of the other profile, five attempts, and the one after them.
    assert.equal(hook.posts, 8)
  })

  test("while the webhook is away nothing is lost and nothing overtakes; it is shown as unhealthy", async (context) => {
    const { domain, hook } = await streaming(context)
    const { number } = (await state.store.read(domain)).domain
    const since = async () => (await state.all.profileEvents.streams(number).find("all"))?.unhealthySince
    hook.answer = () => 503
    const cities = ["a", "b", "c", "d", "e"]
    for (const city of cities) await visits(domain, [{ id: "1", email: "ann@x.example", city }])
    delivering(context, hook)
    await waitUntil(async () => ((await since()) !== undefined && hook.posts > 2) || undefined, {
      what: "unhealthy",
    })
    hook.answer = () => 200
    await waitUntil(() => hook.taken.length === 10 || undefined, { what: "all events" })
    const objects = hook.taken.filter(({ record }) => record.ObjectTypeName === "Visit")
    assert.deepEqual(
      objects.map(({ record }) => (record.Object as { city: string }).city),
      cities,
    )
    await waitUntil(async () => ((await since()) === undefined ? true : undefined), { what: "healthy" })
  })

  test("a trigger fires for the integration that names it, as often as its period allows", async (context) => {
    const hook = await receiver(context)
    const domain = await domainWith(state.store, [visit])
    const { number } = (await state.store.read(domain)).domain
    const attribute = { FieldName: "city", ComparisonOperator: "EQUAL", Values: ["Bonn"] }
    const condition = { LogicalOperator: "ANY", EventTriggerDimensions: [{ ObjectAttributes: [attribute] }] }
    const limits = { Periods: [{ Unit: "HOURS", Value: 1, MaxInvocationsPerProfile: 1 }] }
    const definition = JSON.stringify({ EventTriggerConditions: [condition], EventTriggerLimits: limits })
    const trigger = { name: "bonn", objectType: "Visit", definition, tags: {} }
    await state.all.profileEvents.triggers(number).add(trigger)
    await state.store.change(domain, async ({ transaction }) => {
      await sql`insert into millrace.profile_integrations
        (domain, uri, object_type_names, event_trigger_names, scope, tags, run_wanted)
        values (${number}, ${`${hook.url}/bonn`}, '{}', array['bonn'], 'PROFILE', '{}', false)`.execute(
        transaction,
      )
    })
    await visits(domain, [
      { id: "1", email: "ann@x.example", city: "Ulm" },
      { id: "2", email: "ann@x.example", city: "Bonn" },
      { id: "3", email: "ann@x.example", city: "Bonn" },
    ])
    await visits(domain, [{ id: "4", email: "ann@x.example", city: "Bonn" }])
    await visits(domain, [{ id: "5", email: "bob@x.example", city: "Bonn" }])
    delivering(context, hook)
    await waitUntil(() => hook.taken.length === 2 || undefined, { what: "two events" })
    assert.deepEqual(
      hook.taken
        .map(({ path, record }) => [
          path,
          record.EventType,
          record.EventTriggerName,
          record.ProfileObjectUniqueKey,
        ])
        .sort(),
      [
        ["/hooks/bonn", "TRIGGERED", "bonn", "2"],
        ["/hooks/bonn", "TRIGGERED", "bonn", "5"],
      ],
    )
  })

  test("with the transaction that is rolled back its events are gone", async (context) => {
    const { domain, hook } = await streaming(context)
    const { ingestInto } = await import("../../../src/profiles/ingest/ingest.ts")
    const broken = state.store.change(domain, async (locked) => {
      const batch = { domain, objectType: "Visit", performedBy: "test" }
      await ingestInto(locked, batch, [JSON.stringify({ id: "1", email: "ann@x.example" })])
      throw new Error("broken off")
    })
    await assert.rejects(broken, /broken off/)
    await visits(domain, [{ id: "2", email: "bob@x.example" }])
    delivering(context, hook)
    await waitUntil(() => hook.taken.length === 2 || undefined, { what: "two events" })
    assert.deepEqual(
      hook.taken.map(({ record }) => record.ProfileObjectUniqueKey),
      ["2", undefined],
    )
  })
})

test("only addresses of the configuration are called, and those below them", () => {
  const webhooks = [{ url: "https://hooks.example/in", secret: "sixteen-characters" }]
  const allowed = (uri: string) => webhookFor(webhooks, uri)?.url
  assert.equal(allowed("https://hooks.example/in"), "https://hooks.example/in")
  assert.equal(allowed("https://hooks.example/in/a?b=1"), "https://hooks.example/in/a?b=1")
  for (const other of [
    "https://hooks.example/input",
    "https://hooks.example/in/../admin",
    "https://hooks.example:8443/in",
    "http://hooks.example/in",
    "https://u:p@hooks.example/in",
    "https://hooks.example.evil.example/in",
    "http://169.254.169.254/latest/meta-data",
    "arn:aws:kinesis:us-east-1:123456789012:stream/all",
    "no address",
  ])
    assert.equal(allowed(other), undefined, other)
})
