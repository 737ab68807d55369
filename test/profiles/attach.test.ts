/** Which profile an object is attached to, on a real state database. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { NewObjectType } from "../../src/state/profiles/records.ts"
import { allProfiles, domainWith, ingest, objectType, profileIdOf, profilesForTests } from "./scene.ts"

const customer = objectType("Customer", {
  fields: {
    id: { source: "_source.id", target: "_profile.AccountNumber" },
    email: { source: "_source.email", target: "_profile.EmailAddress", contentType: "EMAIL_ADDRESS" },
    name: { source: "_source.name", target: "_profile.FirstName" },
  },
  keys: {
    customerId: [{ fieldNames: ["id"], standardIdentifiers: ["UNIQUE", "PROFILE"] }],
    _email: [{ fieldNames: ["email"], standardIdentifiers: [] }],
  },
})

/** The example of the service's administrator guide. */
const ticket = objectType("Ticket", {
  fields: {
    email: { source: "_source.email", contentType: "EMAIL_ADDRESS" },
    timestamp: { source: "_source.timestamp" },
  },
  keys: {
    _email: [{ fieldNames: ["email"], standardIdentifiers: ["PROFILE", "LOOKUP_ONLY"] }],
    ticketEmail: [{ fieldNames: ["email"], standardIdentifiers: ["PROFILE", "SECONDARY", "NEW_ONLY"] }],
    uniqueTicket: [{ fieldNames: ["email", "timestamp"], standardIdentifiers: ["UNIQUE"] }],
  },
})

describe("the ticket example", () => {
  const state = profilesForTests()
  const opened = (types: readonly NewObjectType[] = [customer, ticket]) => domainWith(state.store, types)

  test("one profile with the address: the ticket is attached to it", async () => {
    const domain = await opened()
    const [known] = await ingest(state.store, { domain, objectType: "Customer" }, [
      { id: "1", email: "Ann@example.com", name: "Ann" },
    ])
    const [first] = await ingest(state.store, { domain, objectType: "Ticket" }, [
      { email: "ann@EXAMPLE.com", timestamp: "1" },
    ])
    assert.equal(first?.kind, "attached")
    assert.equal(profileIdOf(first), profileIdOf(known))
  })

  test("no profile with the address: one is made, and later tickets find it", async () => {
    const domain = await opened()
    const first = await ingest(state.store, { domain, objectType: "Ticket" }, [
      { email: "bob@example.com", timestamp: "1" },
      { email: "bob@example.com", timestamp: "2" },
    ])
    const later = await ingest(state.store, { domain, objectType: "Ticket" }, [
      { email: "bob@example.com", timestamp: "3" },
    ])
    assert.deepEqual(
      [...first, ...later].map(({ kind }) => kind),
      ["created", "attached", "attached"],
    )
    const [profile, ...more] = await allProfiles(state.store, domain)
    assert.deepEqual(more, [])
    assert.equal(profile?.fields.EmailAddress, "bob@example.com")
    assert.equal(profile?.objectCount, 3)
  })

  test("several profiles with the address: the ticket gets one of its own, which later tickets reuse", async () => {
    const domain = await opened()
    const both = await ingest(state.store, { domain, objectType: "Customer" }, [
      { id: "1", email: "carl@example.com" },
      { id: "2", email: "carl@example.com" },
    ])
    const tickets = await ingest(state.store, { domain, objectType: "Ticket" }, [
      { email: "carl@example.com", timestamp: "1" },
    ])
    const later = await ingest(state.store, { domain, objectType: "Ticket" }, [
      { email: "carl@example.com", timestamp: "2" },
    ])
    assert.deepEqual([tickets[0]?.kind, later[0]?.kind], ["created", "attached"])
    assert.equal(profileIdOf(later[0]), profileIdOf(tickets[0]))
    assert.equal(new Set([...both, ...tickets].map(profileIdOf)).size, 3)
  })
})

describe("objects of a type", () => {
  const state = profilesForTests()

  test("are stored once: the same content again changes nothing, other content stands in its place", async () => {
    const domain = await domainWith(state.store, [customer])
    const batch = { domain, objectType: "Customer" }
    const object = { id: "7", email: "d@example.com", name: "Dan" }
    const [made] = await ingest(state.store, batch, [object])
    const [again] = await ingest(state.store, batch, [object])
    const [changed] = await ingest(state.store, batch, [{ ...object, email: "dan@example.com" }])
    assert.deepEqual([made?.kind, again?.kind, changed?.kind], ["created", "unchanged", "replaced"])
    assert.equal(profileIdOf(changed), profileIdOf(made))
    const { keys, domain: record } = await state.store.read(domain)
    const withKey = async (value: string) =>
      await keys.search([[{ name: "_email", value }]], { after: undefined, limit: 10 })
    assert.deepEqual(await withKey("d@example.com"), [])
    assert.deepEqual(await withKey("dan@example.com"), [profileIdOf(made)])
    assert.deepEqual([record.profileCount, record.objectCount], [1, 1])
  })

  test("without a value for the unique key, or that are no JSON objects, are dead letters with a reason", async () => {
    const domain = await domainWith(state.store, [customer])
    const outcomes = await ingest(state.store, { domain, objectType: "Customer" }, [
      { name: "Eve" },
      [1],
      { id: "1" },
    ])
    assert.deepEqual(
      outcomes.map((one) => (one.kind === "rejected" ? one.rejection.reason : one.kind)),
      ["noUniqueKey", "notJson", "created"],
    )
  })

  test("of a type that makes no profiles wait as dead letters when nobody has their keys", async () => {
    const domain = await domainWith(state.store, [{ ...ticket, allowProfileCreation: false }])
    const [outcome] = await ingest(state.store, { domain, objectType: "Ticket" }, [
      { email: "f@x.com", timestamp: "1" },
    ])
    assert.equal(outcome?.kind === "rejected" && outcome.rejection.reason, "noProfile")
    assert.deepEqual(await allProfiles(state.store, domain), [])
  })

  test("in one batch come to the same as in batches of one", async () => {
    const records = Array.from({ length: 60 }, (_, at) => ({
      id: String(at % 25),
      email: `p${(at * 7) % 11}@example.com`,
      name: `n${at}`,
    }))
    const tickets = records.map(({ email }, at) => ({ email, timestamp: String(at) }))
    const shapes: string[] = []
    for (const size of [1, 13, 60]) {
      const domain = await domainWith(state.store, [customer, ticket])
      for (let at = 0; at < 60; at += size) {
        await ingest(state.store, { domain, objectType: "Customer" }, records.slice(at, at + size))
      }
      for (let at = 0; at < 60; at += size)
        await ingest(state.store, { domain, objectType: "Ticket" }, tickets.slice(at, at + size))
      const found = await allProfiles(state.store, domain)
      shapes.push(
        JSON.stringify(
          found
            .map(({ fields, objectCount, objectBytes }) => [fields, objectCount, objectBytes])
            .map((one) => JSON.stringify(one))
            .sort(),
        ),
      )
    }
    assert.deepEqual([shapes[1], shapes[2]], [shapes[0], shapes[0]])
  })
})
