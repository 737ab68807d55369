/** Reading as another person on the SQL port: who may, what is seen, how it ends. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type pg from "pg"
import { insertPerson, patchPerson } from "../../../src/state/governance/people.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { governedWarehouse, ownRegion, subscribe, subscribedOnly } from "./governed-state.ts"

const idsSeen = "SELECT count(*)::int AS n, min(id) AS least FROM people"
const seen = async (client: pg.Client) => {
  const { rows } = await client.query(idsSeen)
  return [rows[0]?.n, rows[0]?.least]
}
const as = (name: string) => `CALL immuta_procedures.impersonate_user('${name}')`
const over = "CALL immuta_procedures.impersonate_user(NULL)"

async function scene(t: TestContext) {
  const warehouse = await governedWarehouse(t)
  const { change, addPolicy, userClient, source, ada } = warehouse
  const person = { iamId: "bim", isDisabled: false, permissions: [], profile: {}, scim: undefined }
  const bob = await change((now) => insertPerson(now, { ...person, userId: "bob", warehouseUser: "bob" }))
  await change((now) => subscribe(now, source.id, ada.id))
  await addPolicy(subscribedOnly)
  const allow = (...permissions: string[]) => change((now) => patchPerson(now, bob.id, { permissions }))
  const [reader, other, first] = [await userClient("bob"), await userClient("bob"), await userClient("ada")]
  await reads(reader, 0, "nothing for bob")
  await reads(first, 1000, "all for ada")
  return { ...warehouse, allow, reader, other }
}

type Scene = Awaited<ReturnType<typeof scene>>

async function reads(client: pg.Client, n: number, what: string): Promise<void> {
  await waitUntil(async () => (await seen(client))[0] === n, { what })
}

const steps: Record<string, (scene: Scene) => Promise<void>> = {
  "without the permission nobody may": async ({ reader }) => {
    for (const statement of [as("ada@example.com"), "SET SESSION AUTHORIZATION ada"])
      await assert.rejects(reader.query(statement), { code: "42501", message: /may not impersonate/ })
  },

  "with it, in this session only, also for what was prepared before": async ({ reader, other, allow }) => {
    await allow("IMPERSONATE_USER")
    const begun = async () =>
      reader.query(as("ada@example.com")).then(
        () => true,
        () => false,
      )
    await waitUntil(begun, { what: "the right" })
    const prepared = { name: "p", text: idsSeen }
    assert.deepEqual(await seen(reader), [1000, 0])
    assert.equal((await reader.query(prepared)).rows[0].n, 1000)
    assert.equal((await seen(other))[0], 0, "another session of the same user")
    await reader.query(over)
    assert.equal((await reader.query(prepared)).rows[0].n, 0)
    await reader.query("SET SESSION AUTHORIZATION 'ada'")
    assert.equal((await seen(reader))[0], 1000)
    await reader.query("RESET SESSION AUTHORIZATION")
    assert.equal((await seen(reader))[0], 0)
    await reader.query("SET SESSION AUTHORIZATION ada")
    await reader.query("DISCARD ALL")
    assert.equal((await seen(reader))[0], 0, "a pool's next user")
  },

  "a cursor shows no rows of two people": async ({ reader }) => {
    await reader.query("BEGIN")
    await reader.query(as("ada"))
    await reader.query("DECLARE c CURSOR FOR SELECT id FROM people ORDER BY id")
    assert.equal((await reader.query("FETCH 2 FROM c")).rowCount, 2)
    await reader.query(over)
    await assert.rejects(reader.query("FETCH 2 FROM c"), { code: "40001" })
    await reader.query("ROLLBACK")
  },

  "nobody unknown, no impersonator, no administrator is impersonated; names are no SQL": async ({
    reader,
  }) => {
    for (const [name, code] of [
      ["nobody", "42704"],
      ["bob", "42501"],
      ["admin", "42704"],
      ["x'') OR true --", "42704"],
      ["", "42704"],
    ] as const)
      await assert.rejects(reader.query(as(name)), { code }, name)
    for (const wrong of ["CALL immuta_procedures.impersonate_user(", "SET SESSION AUTHORIZATION"])
      await assert.rejects(reader.query(wrong), { code: "42601" }, wrong)
    assert.equal((await seen(reader))[0], 0)
  },

  "an administrator sees what the person sees, and changes nothing meanwhile": async ({
    admin,
    addPolicy,
  }) => {
    await admin.query({ name: "a", text: idsSeen })
    await addPolicy(ownRegion)
    await admin.query(as("ada"))
    await reads(admin, 0, "no region")
    await assert.rejects(admin.query({ name: "a", text: idsSeen }), { code: "42501" })
    await assert.rejects(admin.query("CREATE TABLE dev.public.x (a int)"), { code: "42501" })
    await admin.query(over)
    assert.equal((await seen(admin))[0], 1000)
  },

  "what is taken away ends at once; all of it is in the audit trail": async ({ reader, allow, store }) => {
    await reader.query(as("ada"))
    await allow()
    const isRefused = async () =>
      reader.query(as("ada")).then(
        () => false,
        ({ code }) => code === "42501",
      )
    await waitUntil(isRefused, { what: "the end of the right" })
    assert.equal((await seen(reader))[0], 0)
    const entries = await store.audit.list({ since: undefined, limit: 100 })
    const has = (operation: string, key: string, outcome: string) =>
      entries.some((one) => one.operation === operation && one.accessKeyId === key && one.outcome === outcome)
    assert.ok(has("Impersonate", "bob", "ok") && has("Impersonate", "bob", "42501"))
    assert.ok(has("Impersonate", "admin", "ok") && has("EndImpersonation", "admin", "ok"))
    assert.ok(entries.some((one) => one.operation === "Impersonate" && one.resource === "ada"))
  },
}

test("whoever has the right reads as another person, alone and until it ends", async (t) => {
  const one = await scene(t)
  for (const [name, step] of Object.entries(steps)) await t.test(name, () => step(one))
})
