/** Names of tables, columns, schemas and accounts that would end a block of the server's language, if it were quoted by dollar signs. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import type { Column, TableSchema } from "../../../src/domain/table.ts"
import { scriptText } from "../../../src/governance/setup/scripts.ts"
import { connect } from "../../../src/warehouses/postgres/client.ts"
import { openPolicyServer } from "../../../src/warehouses/postgres/governance/policy-server.ts"
import { namesOf } from "../../../src/warehouses/postgres/naming.ts"
import { makeSchema } from "../../../src/warehouses/postgres/render/grants.ts"
import { addKey, dropKey } from "../../../src/warehouses/postgres/render/keys.ts"
import { closeAll } from "../../../src/warehouses/postgres/render/versioned-tables.ts"
import { testDatabase } from "../../support/postgres.ts"

async function scene(t: TestContext) {
  const home = await testDatabase()
  const session = await connect(home.url)
  const role = `taken_${randomBytes(4).toString("hex")}`
  const isTaken = async () =>
    (await session.rows(`SELECT 1 FROM pg_roles WHERE rolname = '${role}'`)).length > 0
  t.after(async () => {
    if (await isTaken()) await session.run(`DROP ROLE ${role}`)
    await session.close()
    await home.drop()
  })
  return { home, session, isTaken, hostile: (tag: string) => `x$${tag}$;create role ${role};--` }
}

test("a replicated table's names are names in every block", async (t) => {
  const { session, isTaken, hostile } = await scene(t)
  const name = hostile("millrace")
  const names = namesOf({ connectTo: undefined, prefix: "" })
  const column: Column = { name, type: { kind: "int32" }, sourceType: "int" }
  const table: TableSchema = { id: "1", schema: name, name, columns: [column], key: [0] }
  const live = names.live(table)
  const quoted = `"${name}"`
  const statements = [
    ...makeSchema(names, name),
    `CREATE TABLE ${live} (${quoted} integer NOT NULL, _record_is_active boolean)`,
    ...addKey(live, table, false),
    dropKey(live),
    closeAll(names, table, new Date(0)),
  ]
  for (const statement of statements)
    await session.run(statement).catch((error: unknown) => assert.fail(`${statement}: ${String(error)}`))
  assert.equal(await isTaken(), false)
})

test("a governed table's and its view's names are names to the probe", async (t) => {
  const { home, isTaken, hostile } = await scene(t)
  const database = await openPolicyServer({ url: home.url, layout: "databases" }).open(home.name)
  const name = hostile("millrace")
  const place = { schema: "public", name }
  await database.probe({ sources: [{ id: 1, view: place, table: place, plan: "none" }] })
  await database.close()
  assert.equal(await isTaken(), false)
})

test("an account's name is a name in every script", async (t) => {
  const { home, session, isTaken, hostile } = await scene(t)
  const plan = {
    dialect: "postgres",
    database: home.name,
    initialDatabase: home.name,
    systemUser: hostile("body"),
    impersonationRole: undefined,
    fingerprint: "sha256:1",
  } as const
  const place = { host: "db.example", port: 5432 }
  const run = (kind: "create" | "cleanup") => session.run(scriptText(plan, { kind }, place))
  await session.run(scriptText(plan, { kind: "initial-create", password: "none" }, place))
  await run("create")
  await run("cleanup")
  assert.equal(await isTaken(), false)
})
