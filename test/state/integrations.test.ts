import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { Fault, type FaultKind } from "../../src/domain/faults.ts"
import type { Integration } from "../../src/domain/integration.ts"
import { anIntegration, destinationsFor, insertInto, storeForTests } from "./integration-fixture.ts"

const target = (name: string) => `arn:aws:redshift-serverless:us-east-1:123456789012:namespace/${name}`

function isFault(kind: FaultKind, words: RegExp = /./): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.kind === kind && words.test(error.message)
}

describe("recording an integration", () => {
  const test = storeForTests()

  it("gives back every member as it was", async () => {
    const given = anIntegration({
      description: "two\u00a0words, “quoted”",
      tags: [{ key: "team", value: "ünï" }],
      additionalEncryptionContext: { a: "b" },
      kmsKeyId: "key",
      status: "active",
      errors: [{ code: "X", message: "y" }],
    })
    const recorded = await insertInto(test.store, given)
    assert.deepEqual(recorded, given)
    assert.deepEqual(await test.store.integrations.byId(given.id), given)
    assert.deepEqual(await test.store.integrations.byArn(given.arn), given)
    assert.deepEqual(await test.store.integrations.byName(given.name), given)
    assert.deepEqual(await test.store.integrations.destinations(given.id), destinationsFor(given))
  })

  it("answers undefined for what is not there", async () => {
    assert.equal(await test.store.integrations.byName("nobody"), undefined)
    assert.equal(await test.store.integrations.byId(anIntegration().id), undefined)
  })

  it("forgets it, its destinations and its tables, and not its neighbour's", async () => {
    const [gone, kept] = [
      await insertInto(test.store, anIntegration()),
      await insertInto(test.store, anIntegration()),
    ]
    await test.store.integrations.remove(gone.id)
    await test.store.integrations.remove(gone.id)
    assert.equal(await test.store.integrations.byId(gone.id), undefined)
    assert.deepEqual(await test.store.integrations.destinations(gone.id), [])
    assert.equal((await test.store.integrations.destinations(kept.id)).length, 1)
  })

  it("is not removed while the source still holds a reading place for it", async () => {
    const { id } = await insertInto(test.store, anIntegration())
    await test.store.pipelines.put({
      integrationId: id,
      sourceDatabase: "shop",
      destinationDatabase: "d",
      sourceHandle: "h",
    })
    await assert.rejects(test.store.integrations.remove(id), /still has pipelines/)
    await test.store.pipelines.remove(id, "shop")
    await test.store.integrations.remove(id)
    assert.equal(await test.store.integrations.byId(id), undefined)
  })
})

describe("integrations that exclude each other", () => {
  const test = storeForTests()
  const refuses = async (first: Integration, second: Integration, kind: FaultKind, words?: RegExp) => {
    await insertInto(test.store, first)
    await assert.rejects(insertInto(test.store, second), isFault(kind, words))
    assert.equal(await test.store.integrations.byId(second.id), undefined)
    assert.deepEqual(await test.store.integrations.destinations(second.id), [])
  }

  it("one name", () =>
    refuses(anIntegration({ name: "twin" }), anIntegration({ name: "twin" }), "integrationExists"))

  it("one source and target", async () => {
    const first = anIntegration({ status: "active" })
    await refuses(
      first,
      anIntegration({ sourceArn: first.sourceArn }),
      "integrationExists",
      new RegExp(first.name),
    )
  })

  it("one source, while the first is being created", async () => {
    const first = anIntegration()
    const second = anIntegration({ sourceArn: first.sourceArn, targetArn: target("second") })
    await refuses(first, second, "conflictingOperation", /being created/)
    await test.store.integrations.setStatus(first.id, "active", [])
    await insertInto(test.store, second)
  })

  it("says that the other is being deleted", async () => {
    const first = anIntegration({ status: "deleting", name: "leaving" })
    await refuses(first, anIntegration({ name: "leaving" }), "conflictingOperation", /being deleted/)
  })

  it("one warehouse database, in any case of letters", async () => {
    const first = anIntegration({ name: "a-b" })
    await refuses(first, anIntegration({ name: "A-B" }), "integrationExists", /a_b/)
    await insertInto(test.store, anIntegration({ name: "a-B", targetArn: target("elsewhere") }))
  })

  it("a warehouse database that people made, in any case of letters", async () => {
    const wanted = anIntegration({ name: "My-Marts" })
    const own = { targetArn: wanted.targetArn, name: "my_marts", owner: "admin" }
    assert.equal(await test.store.ownDatabases.add(own), true)
    assert.equal(await test.store.ownDatabases.add({ ...own, name: "MY_marts" }), false)
    await assert.rejects(
      insertInto(test.store, wanted),
      isFault("integrationExists", /made by CREATE DATABASE/),
    )
    await test.store.ownDatabases.remove(own.targetArn, own.name)
    await insertInto(test.store, wanted)
  })

  it("exactly one of many at once wins, and the others hear why", async () => {
    const wanted = Array.from({ length: 8 }, () => anIntegration({ name: "race" }))
    const results = await Promise.allSettled(wanted.map((one) => insertInto(test.store, one)))
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 1)
    for (const result of results) {
      if (result.status === "rejected")
        assert.ok(isFault("integrationExists")(result.reason), String(result.reason))
    }
  })

  it("exactly one of many at once from one source wins", async () => {
    const { sourceArn } = anIntegration()
    const wanted = ["p", "q", "r"].map((name) => anIntegration({ sourceArn, targetArn: target(name) }))
    const results = await Promise.allSettled(wanted.map((one) => insertInto(test.store, one)))
    assert.deepEqual(results.map((result) => result.status).sort(), ["fulfilled", "rejected", "rejected"])
    for (const result of results) {
      if (result.status === "rejected") assert.ok(isFault("conflictingOperation")(result.reason))
    }
  })
})

describe("quotas", () => {
  const test = storeForTests({ quotas: { perAccount: 4, perTarget: 3, perSource: 2 } })

  it("hold for a source, a target and the account", async () => {
    const { sourceArn } = anIntegration()
    const active = (changes: Partial<Integration>) =>
      insertInto(test.store, anIntegration({ status: "active", ...changes }))
    await active({ sourceArn, targetArn: target("t1") })
    await active({ sourceArn, targetArn: target("t2") })
    await assert.rejects(
      active({ sourceArn, targetArn: target("t3") }),
      isFault("quotaExceeded", /of this source.* 2\./),
    )
    await active({ targetArn: target("t1") })
    const fourth = await active({ targetArn: target("t1") })
    await assert.rejects(
      active({ targetArn: target("t1") }),
      isFault("quotaExceeded", /into this target.* 3\./),
    )
    await assert.rejects(
      active({ targetArn: target("t9") }),
      isFault("quotaExceeded", /in this account.* 4\./),
    )
    await test.store.integrations.remove(fourth.id)
    await active({ targetArn: target("t9") })
  })
})

describe("listing", () => {
  const test = storeForTests()

  it("pages through all exactly once while others are made and removed", async () => {
    const made: Integration[] = []
    // One time for all: only their order of recording can tell them apart.
    const createdAt = new Date("2026-01-01T00:00:00.123Z")
    for (let n = 0; n < 7; n++) made.push(await insertInto(test.store, anIntegration({ createdAt })))
    const first = await test.store.integrations.list({ after: undefined, limit: 3 })
    await test.store.integrations.remove(first[2]?.id ?? "")
    const late = await insertInto(test.store, anIntegration({ createdAt: new Date(0) }))
    const rest = await test.store.integrations.list({ after: first[2], limit: 100 })
    assert.deepEqual(
      [...first, ...rest].map(({ id }) => id),
      [...made, late].map(({ id }) => id),
    )
  })
})

describe("changing", () => {
  const test = storeForTests()

  it("only from the statuses allowed", async () => {
    const { id } = await insertInto(test.store, anIntegration({ description: "old" }))
    assert.equal(await test.store.integrations.updateIf(id, ["active"], { status: "deleting" }), undefined)
    assert.equal((await test.store.integrations.byId(id))?.status, "creating")
    const changed = await test.store.integrations.updateIf(id, ["creating"], {
      description: undefined,
      name: "renamed",
    })
    assert.equal(changed?.name, "renamed")
    assert.equal(changed?.description, undefined)
  })

  it("an empty patch changes nothing but tells the status", async () => {
    const given = await insertInto(test.store, anIntegration())
    assert.deepEqual(await test.store.integrations.updateIf(given.id, ["creating"], {}), given)
    assert.equal(await test.store.integrations.updateIf(given.id, ["active"], {}), undefined)
  })

  it("refuses a name that is taken", async () => {
    const [first, second] = [
      await insertInto(test.store, anIntegration()),
      await insertInto(test.store, anIntegration()),
    ]
    await assert.rejects(
      test.store.integrations.updateIf(second.id, ["creating"], { name: first.name }),
      isFault("integrationExists", new RegExp(first.name)),
    )
  })

  it("of many deletions at once exactly one starts it", async () => {
    const { id } = await insertInto(test.store, anIntegration({ status: "active" }))
    const results = await Promise.all(
      Array.from({ length: 6 }, () =>
        test.store.integrations.updateIf(id, ["active"], { status: "deleting" }),
      ),
    )
    assert.equal(results.filter((result) => result !== undefined).length, 1)
  })

  it("a late report of a pipeline does not bring a deleted one back", async () => {
    const { id } = await insertInto(test.store, anIntegration({ status: "deleting" }))
    assert.equal(await test.store.integrations.setStatus(id, "active", []), false)
    assert.equal((await test.store.integrations.byId(id))?.status, "deleting")
    assert.equal(await test.store.integrations.setStatus(id, "deleting", [{ code: "C", message: "m" }]), true)
    assert.deepEqual((await test.store.integrations.byId(id))?.errors, [{ code: "C", message: "m" }])
  })
})
