/** What the state database tells those who enforce policies: facts of one version, and what changed since. */
import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { addAttribute, removeAttribute } from "../../../src/state/governance/attributes.ts"
import { addMember, insertGroup, patchGroup, removeGroup } from "../../../src/state/governance/groups.ts"
import { insertPerson, patchPerson, removePerson } from "../../../src/state/governance/people.ts"
import {
  acknowledge,
  addSources,
  insertProject,
  patchProject,
  setPurposes,
} from "../../../src/state/governance/projects.ts"
import { insertPurpose } from "../../../src/state/governance/purposes.ts"
import { insertRule, unlistedTables } from "../../../src/state/governance/source-rules.ts"
import { insertSource, removeSource } from "../../../src/state/governance/sources.ts"
import { patchSubscription, putSubscription } from "../../../src/state/governance/subscriptions.ts"
import { addTags, putTags } from "../../../src/state/governance/tags.ts"
import type { Change } from "../../../src/state/governance/transactions.ts"
import { onServer } from "../../support/postgres/standby.ts"
import { anIntegration, insertInto, storeForTests } from "../integration-fixture.ts"

describe("facts of governance", () => {
  const test = storeForTests()
  let made = 0
  const change = <T>(run: (change: Change) => Promise<T>) => test.store.governance.change(run)

  const person = (userId = `user${++made}`) =>
    change((one) =>
      insertPerson(one, {
        iamId: "bim",
        userId,
        warehouseUser: userId.toLowerCase(),
        isDisabled: false,
        permissions: [],
        profile: {},
        scim: undefined,
      }),
    )
  const group = (name = `group${++made}`) =>
    change((one) =>
      insertGroup(one, {
        iamId: "bim",
        name,
        gid: undefined,
        email: undefined,
        description: undefined,
        scim: undefined,
      }),
    )
  const source = (name = `table${++made}`) =>
    change((one) =>
      insertSource(one, {
        name,
        table: { database: "shop", schema: "public", name },
        view: { schema: "governed_public", name },
        createdBy: "test",
      }),
    )
  const factsOf = async (id: number) => {
    const { people } = await test.store.governance.facts()
    const found = people.find((one) => one.id === id)
    assert.ok(found)
    return found
  }
  const changedSince = async (version: number) => {
    const { people, removed } = await test.store.governance.people(version)
    return { changed: people.map(({ id }) => id), removed }
  }

  /** A project with a purpose and one of two sources, both of which the person is subscribed to. */
  function fraudProject(personId: number, { inside, outside }: { inside: number; outside: number }) {
    return change(async (now) => {
      const purpose = await insertPurpose(
        now,
        {
          name: "Fraud.Cards",
          acknowledgement: undefined,
          description: undefined,
          showsAcknowledgement: true,
        },
        "test",
      )
      const project = await insertProject(
        now,
        {
          key: "fraud",
          name: "fraud",
          isOpen: true,
          description: undefined,
          documentation: undefined,
          tags: [],
          allowsMaskedJoins: false,
          subscriptionPolicy: undefined,
        },
        "test",
      )
      await setPurposes(now, project.id, [purpose.id])
      await addSources(now, project.id, [inside], "test")
      for (const id of [inside, outside]) {
        await putSubscription(now, {
          model: { kind: "source", id },
          subscriber: { kind: "person", id: personId },
          state: "subscribed",
          required: [],
          createdBy: "test",
        })
      }
      return { purpose: purpose.id, project: project.id }
    })
  }

  it("a person has the attributes and subscriptions of the groups, too; names of objects' members are names like others", async () => {
    const [one, other] = [await person("__proto__"), await person()]
    const hr = await group("constructor")
    const table = await source()
    await change(async (now) => {
      await addMember(now, hr.id, one.id)
      await addAttribute(now, { kind: "group", id: hr.id }, { name: "__proto__", value: "toString" })
      await addAttribute(now, { kind: "person", id: one.id }, { name: "__proto__", value: "own" })
      await putSubscription(now, {
        model: { kind: "source", id: table.id },
        subscriber: { kind: "group", id: hr.id },
        state: "subscribed",
        required: [],
        createdBy: "test",
      })
    })
    const facts = await factsOf(one.id)
    assert.deepEqual([...facts.groups], ["constructor"])
    assert.deepEqual([...(facts.attributes.get("__proto__") ?? [])].sort(), ["own", "toString"])
    assert.deepEqual([...facts.subscriptions], [table.id])
    assert.deepEqual((await factsOf(other.id)).subscriptions, new Set())
    assert.deepEqual(await test.store.governance.personOf("__PROTO__"), facts)
    assert.equal(await test.store.governance.personOf("nobody"), undefined)
  })

  it("each change raises the version once and names exactly the people whose facts it changes", async () => {
    const [one, other, third] = [await person(), await person(), await person()]
    const team = await group()
    const table = await source()
    const expectChanged = async (ids: number[], run: (now: Change) => Promise<unknown>) => {
      const before = await test.store.governance.version()
      await change(run)
      assert.equal(await test.store.governance.version(), before + 1)
      assert.deepEqual(await changedSince(before), { changed: ids, removed: [] })
    }
    const subscriber = { kind: "group", id: team.id } as const
    const model = { kind: "source", id: table.id } as const
    await expectChanged([one.id], (now) => addMember(now, team.id, one.id))
    await expectChanged([other.id], (now) => addMember(now, team.id, other.id))
    await expectChanged([one.id, other.id], (now) => patchGroup(now, team.id, { name: "renamed" }))
    await expectChanged([one.id, other.id], (now) =>
      addAttribute(now, { kind: "group", id: team.id }, { name: "country", value: "CH" }),
    )
    await expectChanged([third.id], (now) =>
      removeAttribute(now, { kind: "person", id: third.id }, { name: "country", value: undefined }),
    )
    await expectChanged([one.id, other.id], (now) =>
      putSubscription(now, { model, subscriber, state: "owner", required: [], createdBy: "test" }),
    )
    await expectChanged([one.id, other.id], (now) => removeSource(now, table.id))
    await expectChanged([one.id, other.id], (now) => removeGroup(now, team.id))
    const before = await test.store.governance.version()
    await change((now) => removePerson(now, third.id))
    assert.deepEqual(await changedSince(before), { changed: [], removed: [third.id] })
  })

  it("a change that fails leaves the version and everything else as it was", async () => {
    const before = await test.store.governance.version()
    const one = await person()
    const failing = change(async (now) => {
      await addAttribute(now, { kind: "person", id: one.id }, { name: "a", value: "b" })
      throw new Error("no")
    })
    await assert.rejects(failing, { message: "no" })
    assert.equal(await test.store.governance.version(), before + 1)
    assert.equal((await factsOf(one.id)).attributes.size, 0)
  })

  it("a subscription shows nothing from the moment its time is over, and its end is a change", async () => {
    const one = await person()
    const table = await source()
    const subscription = await change((now) =>
      putSubscription(now, {
        model: { kind: "source", id: table.id },
        subscriber: { kind: "person", id: one.id },
        state: "subscribed",
        required: [],
        expiresAt: new Date(Date.now() + 3_600_000),
        createdBy: "test",
      }),
    )
    assert.deepEqual((await factsOf(one.id)).subscriptions, new Set([table.id]))
    const before = await test.store.governance.version()
    // By the state database's clock, and without raising the version: as time does it.
    await onServer(
      test.url,
      `update millrace.subscriptions set expires_at = now() - interval '1 s' where id = ${subscription.id}`,
    )
    assert.deepEqual((await test.store.governance.personOf(one.warehouseUser))?.subscriptions, new Set())
    assert.equal(await test.store.governance.version(), before + 1)
    assert.deepEqual(await changedSince(before), { changed: [one.id], removed: [] })
    assert.equal(await test.store.governance.version(), before + 1)
  })

  it("pending, denied and expired subscriptions show nothing", async () => {
    const one = await person()
    const table = await source()
    const put = (state: "pending" | "subscribed") =>
      change((now) =>
        putSubscription(now, {
          model: { kind: "source", id: table.id },
          subscriber: { kind: "person", id: one.id },
          state,
          required: [],
          createdBy: "test",
        }),
      )
    const { id } = await put("pending")
    assert.equal((await factsOf(one.id)).subscriptions.size, 0)
    for (const state of ["subscribed", "denied", "expert", "expired", "owner"] as const) {
      await change((now) => patchSubscription(now, id, { state }))
      const seen = (await factsOf(one.id)).subscriptions.size
      assert.equal(seen, ["denied", "expired"].includes(state) ? 0 : 1, state)
    }
  })

  it("purposes are those that a member of an open project agreed to and works for now; then only its sources are subscribed", async () => {
    const one = await person()
    const [inside, outside] = [await source(), await source()]
    const ids = await fraudProject(one.id, { inside: inside.id, outside: outside.id })
    const shown = async () => {
      const facts = await factsOf(one.id)
      return { purposes: [...facts.purposes], subscriptions: [...facts.subscriptions].sort() }
    }
    const both = [inside.id, outside.id].sort()
    await change((now) => acknowledge(now, { projectId: ids.project, personId: one.id }, [ids.purpose]))
    assert.deepEqual(await shown(), { purposes: [], subscriptions: both })
    await change((now) => patchPerson(now, one.id, { currentProject: ids.project }))
    assert.deepEqual(await shown(), { purposes: [], subscriptions: [inside.id] }, "not a member")
    await change((now) =>
      putSubscription(now, {
        model: { kind: "project", id: ids.project },
        subscriber: { kind: "person", id: one.id },
        state: "subscribed",
        required: [],
        createdBy: "test",
      }),
    )
    assert.deepEqual(await shown(), { purposes: ["Fraud.Cards"], subscriptions: [inside.id] })
    const before = await test.store.governance.version()
    await change((now) => patchProject(now, ids.project, { isOpen: false }))
    assert.deepEqual((await changedSince(before)).changed, [one.id])
    assert.deepEqual((await shown()).purposes, [])
    await change((now) => patchPerson(now, one.id, { currentProject: undefined }))
    assert.deepEqual(await shown(), { purposes: [], subscriptions: both })
  })

  it("a tag waits for its column; the same columns again are no change", async () => {
    const table = await source()
    await change(async (now) => {
      const [pii, ssn] = await putTags(now, ["PII", "PII.SSN"], "test")
      await addTags(now, { sourceId: table.id }, [pii?.id ?? 0])
      await addTags(now, { sourceId: table.id, column: "ssn" }, [ssn?.id ?? 0])
    })
    const columns = [
      { name: "id", kind: "integer", type: "bigint" },
      { name: "ssn", kind: "text", type: "varchar(11)" },
    ] as const
    const before = await test.store.governance.version()
    assert.equal(await test.store.governance.recordColumns(table.id, columns), true)
    assert.equal(await test.store.governance.recordColumns(table.id, columns), false)
    assert.equal(await test.store.governance.version(), before + 1)
    const { sources } = await test.store.governance.facts()
    const found = sources.find(({ id }) => id === table.id)
    assert.deepEqual(found?.tags, ["PII"])
    assert.deepEqual(found?.columns, [
      { ...columns[0], tags: [] },
      { ...columns[1], tags: ["PII.SSN"] },
    ])
    assert.ok((await test.store.governance.salts()).get(table.saltId)?.length === 32)
  })

  it("changes of several callers at once are made one after another, and each is counted", async () => {
    const before = await test.store.governance.version()
    await Promise.all(Array.from({ length: 20 }, () => person()))
    assert.equal(await test.store.governance.version(), before + 20)
    assert.equal((await changedSince(before)).changed.length, 20)
  })

  it("a rule finds the tables that its database has and no source lists", async () => {
    const integration = await insertInto(test.store, anIntegration())
    const database = integration.name.replaceAll("-", "_")
    const replicated = {
      integrationId: integration.id,
      sourceDatabase: "shop",
      schema: "public",
      state: "Synced" as const,
      reason: null,
      keyColumns: [],
      snapshotRows: null,
      verified: null,
      updatedAt: new Date(),
    }
    await test.store.tables.set({ ...replicated, tableId: "1", name: "orders" })
    await test.store.tables.set({ ...replicated, tableId: "2", name: "items" })
    const rule = await change((now) =>
      insertRule(
        now,
        {
          connectionKey: "shop",
          integrationName: integration.name,
          database,
          schema: undefined,
          formats: { source: "<schema>.<tablename>", viewSchema: "governed_<schema>", view: "<tablename>" },
          tags: [],
          owners: [],
        },
        "test",
      ),
    )
    await change((now) =>
      insertSource(now, {
        name: "orders of the rule",
        table: { database, schema: "public", name: "orders" },
        view: { schema: "governed", name: "orders" },
        ruleId: rule.id,
        createdBy: "test",
      }),
    )
    const found = await test.store.governance.read(unlistedTables)
    assert.deepEqual(
      found.map(({ rule: { id }, schema, name }) => ({ id, schema, name })),
      [{ id: rule.id, schema: "public", name: "items" }],
    )
    assert.deepEqual(
      (await test.store.governance.facts()).rules.map(({ database: name }) => name),
      [database],
    )
  })
})
