/** Policies in a database of a PostgreSQL server: what roles can reach, what hinders a change, and what a probe finds. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import pg from "pg"
import { positionFrom } from "../../../src/domain/position.ts"
import {
  PoliciesAreHeld,
  type PolicyDatabase,
  type WantedPolicies,
} from "../../../src/engines/policy-server.ts"
import { compileSource } from "../../../src/governance/compile/compile-source.ts"
import type { Person } from "../../../src/governance/model/person.ts"
import type { Mask, Policy } from "../../../src/governance/model/policy.ts"
import type { GovernedSource } from "../../../src/governance/model/source.ts"
import type { Destination } from "../../../src/replication/contracts/warehouse.ts"
import { openPolicyServer } from "../../../src/warehouses/postgres/governance/policy-server.ts"
import { openPostgresWarehouse } from "../../../src/warehouses/postgres/warehouse.ts"
import { contractTable, loaded } from "../../contract/warehouse-rows.ts"
import { testDatabase } from "../../support/postgres.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"

const table = contractTable("t")

interface Home {
  destination: Destination
  policies: PolicyDatabase
  /** As a superuser. */
  ask(sql: string): Promise<unknown[][]>
  /** Signed in as a role of the server that is Ada's account. */
  ada: pg.Client
  adaName: string
}

/** Table `t` of destination database `d` is live, with one row; its role for readers may read it. Nothing is governed yet. */
async function home(context: TestContext): Promise<Home> {
  const { url, drop } = await testDatabase()
  const stagingPath = await temporaryFolder("postgres-policies")
  const admin = new pg.Client({ connectionString: url })
  admin.on("error", () => undefined)
  await admin.connect()
  const ask = async (sql: string) => {
    const { rows } = await admin.query<unknown[]>({ text: sql, rowMode: "array" })
    return rows
  }
  const adaName = `ada_${randomBytes(4).toString("hex")}`
  await ask(`CREATE ROLE ${adaName} LOGIN PASSWORD 'Sesame2024'`)
  const login = new URL(url)
  login.username = adaName
  login.password = "Sesame2024"
  const ada = new pg.Client({ connectionString: login.href })
  ada.on("error", () => undefined)
  await ada.connect()
  const warehouse = openPostgresWarehouse({ url, layout: "schemas", stagingPath })
  const destination = await warehouse.open({ database: "d", pipeline: "p", generation: 1 })
  await loaded(destination, table, [[1, "a", "b"]])
  await destination.copies.completeSnapshot([table], positionFrom("1"))
  const policies = await openPolicyServer({ url, layout: "schemas" }).open("d")
  context.after(async () => {
    await policies.close()
    await destination.close()
    await warehouse.close()
    await ada.end()
    await ask(`DROP OWNED BY ${adaName}; DROP ROLE ${adaName}`)
    await admin.end()
    await drop()
    await removeFolder(stagingPath)
  })
  return { destination, policies, ask, ada, adaName }
}

function person(warehouseUser: string, groups: readonly string[] = []): Person {
  return {
    id: 1,
    iamId: "bim",
    userId: warehouseUser,
    warehouseUser,
    isDisabled: false,
    groups: new Set(groups),
    attributes: new Map(),
    purposes: new Set(),
    subscriptions: new Set(),
  }
}

const everything = { operator: "any", of: [{ kind: "everything" }] } as const

function policiesWith(mask: Mask): Policy[] {
  const head = { circumstances: everything, isStaged: false }
  return [
    { ...head, key: "all", name: "all", kind: "subscription", rule: { kind: "anyone" } },
    {
      ...head,
      key: "masked",
      name: "masked",
      kind: "data",
      rules: [
        { kind: "mask", columns: [{ kind: "name", name: "a" }], mask, unless: { kind: "group", name: "hr" } },
      ],
    },
  ]
}

interface Wish {
  version: number
  mask?: Mask
  people?: Person[]
  columns?: readonly string[]
}

/** What readers shall see of `t`: its columns, `a` masked. */
async function wanted(
  policies: PolicyDatabase,
  { version, mask, people = [], columns }: Wish,
): Promise<WantedPolicies> {
  const place = { schema: "public", name: "t" }
  const view = { schema: "governed", name: "t" }
  const [seen] = await policies.tables([place])
  const shown = (seen?.columns ?? []).filter(({ name }) => columns?.includes(name) ?? true)
  const source: GovernedSource = {
    id: 7,
    name: "t",
    table: { database: "d", ...place },
    view,
    columns: shown.map((column) => ({ ...column, tags: [] })),
    tags: [],
    saltId: "salt",
  }
  const plan = compileSource({ source, policies: policiesWith(mask ?? { kind: "constant", value: "?" }) })
  return {
    version,
    installation: "test",
    people: { kind: "all", people },
    sources: [{ id: 7, view, table: place, plan }],
    impersonators: [],
    closed: [place],
    secrets: new Map([["salt", "pepper"]]),
  }
}

async function seenBy(client: pg.Client, statement = 'SELECT * FROM "d.governed".t'): Promise<unknown> {
  return await client.query({ text: statement, rowMode: "array" }).then(
    ({ rows }) => rows,
    ({ code }: { code?: string }) => code,
  )
}

test("a table is closed until it is known that nothing governs it, and again when something does", async (context) => {
  const { destination, policies, ask } = await home(context)
  const mayRead = async (name: string) =>
    (await ask(`SELECT has_table_privilege('millrace_reader', '"d.public".${name}', 'SELECT')`))[0]?.[0]
  assert.equal(await mayRead("t"), false, "not known yet")
  const nothing = { ...(await wanted(policies, { version: 1 })), sources: [], closed: [] }
  await policies.apply(nothing)
  assert.equal(await mayRead("t"), true, "nothing is governed")
  await policies.apply({ ...nothing, version: 2, closed: [{ schema: "public" }] })
  assert.equal(await mayRead("t"), false, "its schema is governed")
  await ask("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
  const later = contractTable("later")
  await loaded(destination, later, [[1, "x", "y"]])
  assert.equal(await mayRead("later"), false, "a table that came since, whatever default privileges say")
  await policies.apply({ ...nothing, version: 3 })
  assert.deepEqual([await mayRead("t"), await mayRead("later")], [true, true], "released")
})

test("a change of people, of masks, of columns and of a table shows at once, and never the table itself", async (context) => {
  const { destination, policies, ask, ada, adaName } = await home(context)
  assert.deepEqual(await policies.apply(await wanted(policies, { version: 1 })), [])
  assert.deepEqual(await seenBy(ada), [], "nobody knows her")
  await policies.apply(await wanted(policies, { version: 2, people: [person(adaName)] }))
  assert.deepEqual(await seenBy(ada), [[1, "?", "b"]])
  await ask(
    'CREATE VIEW "d.public".theirs AS SELECT id, a FROM "d.governed".t; GRANT USAGE ON SCHEMA "d.public" TO PUBLIC; GRANT SELECT ON "d.public".theirs TO PUBLIC',
  )
  const few = { version: 3, columns: ["id", "a"], people: [person(adaName)], mask: { kind: "null" } as const }
  await policies.apply(await wanted(policies, few))
  assert.deepEqual(await seenBy(ada), [[1, null]], "other columns, another mask")
  assert.deepEqual(await seenBy(ada, 'SELECT * FROM "d.public".theirs'), [[1, null]], "a view on the view")
  const inHr = { kind: "changed", people: [person(adaName, ["hr"])], gone: [adaName] } as const
  await policies.apply({ ...(await wanted(policies, { ...few, version: 4 })), people: inHr })
  assert.deepEqual(await seenBy(ada), [[1, "a"]], "exempt by a group")
  await loaded(destination, table, [[2, "x", null]])
  assert.deepEqual(await seenBy(ada), [[2, "x"]], "a fresh copy has taken the table's place")
  assert.equal(await seenBy(ada, 'SELECT * FROM "d.public".t'), "42501")
  await assert.rejects(policies.apply(await wanted(policies, few)), /newer version/)
  assert.deepEqual(await seenBy(ada), [[2, "x"]])
  await policies.apply({ ...(await wanted(policies, few)), version: 5, sources: [] })
  assert.equal(await seenBy(ada), "42P01", "the source is gone")
})

test("a source that cannot be shown has no view, and says why", async (context) => {
  const { policies, ask, ada, adaName } = await home(context)
  const people = [person(adaName)]
  const first = await wanted(policies, { version: 1, people })
  await policies.apply(first)
  assert.equal(((await seenBy(ada)) as unknown[]).length, 1)
  await policies.apply({
    ...first,
    version: 2,
    sources: first.sources.map((one) => ({ ...one, plan: "no" })),
  })
  assert.equal(await seenBy(ada), "42P01")
  await ask('CREATE TABLE "d.governed".t (id int)')
  const [unshown] = await policies.apply({ ...first, version: 3 })
  assert.equal(unshown?.id, 7)
  assert.match(unshown?.problem ?? "", /is not a view/)
  assert.deepEqual(await ask('TABLE "d.governed".t'), [], "somebody's own table is left alone")
})

test("a reader that holds a view hinders its change, and does not go on to see the old one for long", async (context) => {
  const { policies, ada, adaName } = await home(context)
  const people = [person(adaName)]
  await policies.apply(await wanted(policies, { version: 1, people }))
  await ada.query("BEGIN")
  assert.deepEqual(await seenBy(ada), [[1, "?", "b"]])
  const next = await wanted(policies, { version: 2, people, mask: { kind: "null" } })
  await assert.rejects(policies.apply(next), PoliciesAreHeld)
  await policies.closeViews()
  assert.equal(await seenBy(ada), "42501", "also to the transaction that holds it")
  await ada.query("ROLLBACK")
  await policies.apply(next)
  assert.deepEqual(await seenBy(ada), [[1, null, "b"]])
})

test("a probe finds whoever can read past the policies, and what was changed of ours", async (context) => {
  const { policies, ask, ada, adaName } = await home(context)
  const now = await wanted(policies, { version: 1, people: [person(adaName)] })
  await policies.apply(now)
  const leaks = async () => (await policies.probe(now)).leaks
  assert.deepEqual(await policies.probe(now), { leaks: [], changed: [] })
  await ask(`GRANT SELECT ON "d.public".t TO ${adaName}; GRANT SELECT (a) ON "d.public".t TO PUBLIC`)
  const [toAda, toAll] = [
    (await leaks()).find((one) => one.includes(adaName)),
    (await leaks()).filter((one) => !one.includes(adaName)),
  ]
  assert.equal(
    toAda,
    `${adaName} has SELECT on "d.public".t, which is governed: REVOKE SELECT ON "d.public".t FROM ${adaName}`,
  )
  assert.match(toAll.join("\n"), /PUBLIC has SELECT \(a\) on "d.public".t/)
  for (const [mending] of (await leaks()).flatMap((one) => [one.split("governed: ").slice(1)]))
    if (mending) await ask(mending)
  assert.deepEqual(await leaks(), [], "the statements that it named mend it")
  await ask('GRANT USAGE ON SCHEMA "d.public" TO PUBLIC; GRANT SELECT ON "d.public".t TO PUBLIC')
  assert.match((await leaks()).join("\n"), /"d.public"."t" can be read by a role without rights/)
  await ask('REVOKE SELECT ON "d.public".t FROM PUBLIC')
  await ask(
    'CREATE VIEW "d.public".leak AS SELECT * FROM "d.public".t; GRANT SELECT ON "d.public".leak TO PUBLIC',
  )
  assert.match((await leaks()).join("\n"), /^"d.public".leak shows rows of "d.public".t/)
  await ask(`DROP VIEW "d.public".leak; GRANT pg_read_all_data TO ${adaName}`)
  assert.match(
    (await leaks()).join("\n"),
    /is the account of a person and reads every table \(a member of pg_read_all_data\)/,
  )
  await ask(`REVOKE pg_read_all_data FROM ${adaName}`)
  await ask('CREATE OR REPLACE VIEW "d.governed".t AS SELECT id, a, b FROM "d.public".t')
  const changed = await policies.probe(now)
  assert.match(changed.changed.join("\n"), /the view "d.governed".t was changed/)
  assert.match(
    changed.leaks.join("\n"),
    /the view "d.governed"."t" shows rows to somebody whom policies do not know/,
  )
  await policies.apply(now)
  assert.deepEqual(await policies.probe(now), { leaks: [], changed: [] })
  assert.deepEqual(await seenBy(ada), [[1, "?", "b"]])
})

test("who may impersonate sees what another person sees, noted in a transaction that has ended", async (context) => {
  const { policies, ask, ada, adaName } = await home(context)
  const call = (name: string) => `CALL "d.immuta_procedures".impersonate_user(${name})`
  const people = [
    { ...person(adaName), userId: "Ada" },
    { ...person("bob", ["hr"]), id: 2, userId: "Bob" },
    { ...person("eve"), id: 3, userId: "Eve" },
  ]
  const now = await wanted(policies, { version: 1, people })
  await policies.apply(now)
  const refused = async (statement: string, words: RegExp) =>
    await assert.rejects(ada.query(statement), words, statement)
  await refused(call("'Bob'"), /may not impersonate/)
  await policies.apply({ ...now, version: 2, impersonators: [adaName, "eve"] })
  await refused(call("'Eve'"), /User Eve cannot be impersonated/)
  await refused(call("'Nobody'"), /There is no active user Nobody/)
  const events = () =>
    ask(`SELECT session_username, target, action FROM "d.millrace".impersonation_event ORDER BY at`)
  await ada.query("BEGIN")
  await refused(call("'Bob'"), /invalid transaction termination/)
  await ada.query("ROLLBACK; BEGIN")
  await ada.query(
    `SELECT "d.immuta_procedures".begin_impersonation('Bob'), "d.immuta_procedures".confirm_impersonation()`,
  )
  assert.deepEqual(await seenBy(ada), [[1, "?", "b"]], "its note could be taken back still")
  await ada.query("ROLLBACK")
  assert.deepEqual([await seenBy(ada), await events()], [[[1, "?", "b"]], []])

  await ada.query(call("'Bob'"))
  assert.deepEqual(await seenBy(ada), [[1, "a", "b"]])
  await ada.query(call("NULL"))
  assert.deepEqual(await seenBy(ada), [[1, "?", "b"]])
  await ada.query(call("'bob'"))
  assert.deepEqual(await seenBy(ada), [[1, "a", "b"]], "by the account")
  await policies.apply({ ...now, version: 3 })
  assert.deepEqual(await seenBy(ada), [[1, "?", "b"]], "the right is taken away")
  assert.deepEqual(await events(), [
    [adaName, "bob", "start"],
    [adaName, null, "stop"],
    [adaName, "bob", "start"],
  ])
  await refused(`SELECT * FROM "d.millrace".impersonation_event`, /permission denied/)
  assert.deepEqual(await policies.probe(now), { leaks: [], changed: [] })
})
