/** Ways to what policies hide on a PostgreSQL warehouse, tried by a role that signs in and sees one row, with its secret hashed. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import pg from "pg"
import type { PolicyDatabase, WantedPolicies } from "../../src/engines/policy-server.ts"
import { compileSource } from "../../src/governance/compile/compile-source.ts"
import type { Person } from "../../src/governance/model/person.ts"
import type { DataRule, Policy } from "../../src/governance/model/policy.ts"
import type { ColumnKind, GovernedSource } from "../../src/governance/model/source.ts"
import { openPolicyServer } from "../../src/warehouses/postgres/governance/policy-server.ts"
import { testDatabase } from "../support/postgres.ts"
import { fallibleGuesses, waysToPostgresTables } from "./enforcement/ways-around-postgres-views.ts"

/** Stands in every value that the reader must not see: hidden rows, masked columns, the salt. */
const canary = "canary"
const password = "Sesame2024"

const tables = `
  CREATE TABLE vault (id int PRIMARY KEY, secret text, note text, region text, day date, size numeric, payload jsonb);
  INSERT INTO vault VALUES (1, '${canary} one', 'seen', 'north', '2024-02-03', 7, '{"a": 1}');
  INSERT INTO vault SELECT i, '${canary} ' || i, '${canary} note', 'south', '4713-01-01 BC', 'NaN', '{"a": "${canary}"}'
    FROM generate_series(2, 300) AS i;
  CREATE TABLE parts (LIKE vault) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
  INSERT INTO parts SELECT * FROM vault;
  ANALYZE`

const kinds: readonly [name: string, kind: ColumnKind, type: string][] = [
  ["id", "integer", "integer"],
  ["secret", "text", "text"],
  ["note", "text", "text"],
  ["region", "text", "text"],
  ["day", "date", "date"],
  ["size", "decimal", "numeric"],
  ["payload", "other", "jsonb"],
]

function sourceOf(id: number, name: string): GovernedSource {
  return {
    id,
    name,
    table: { database: "shop", schema: "public", name },
    view: { schema: "governed_public", name },
    columns: kinds.map(([column, kind, type]) => ({ name: column, kind, type, tags: [] })),
    tags: [],
    saltId: "salt",
  }
}

const everything = { operator: "any", of: [{ kind: "everything" }] } as const
const rules: DataRule[] = [
  { kind: "rowFilter", filter: { kind: "attribute", column: "region", attribute: "region" } },
  { kind: "mask", columns: [{ kind: "name", name: "secret" }], mask: { kind: "hash" } },
]
const policies: Policy[] = [
  {
    key: "anyone",
    name: "",
    circumstances: everything,
    isStaged: false,
    kind: "subscription",
    rule: { kind: "anyone" },
  },
  { key: "own", name: "", circumstances: everything, isStaged: false, kind: "data", rules },
]

function wanted(version: number, reader: string, region: string): WantedPolicies {
  const person: Person = {
    ...{ id: 1, iamId: "bim", userId: reader, warehouseUser: reader, isDisabled: false },
    groups: new Set(),
    attributes: new Map([["region", new Set([region])]]),
    purposes: new Set(),
    subscriptions: new Set(),
  }
  const sources = [sourceOf(1, "vault"), sourceOf(2, "parts")]
  return {
    version,
    installation: "test",
    people: { kind: "all", people: [person] },
    sources: sources.map((source) => ({
      id: source.id,
      view: source.view,
      table: source.table,
      plan: compileSource({ source, policies }),
    })),
    impersonators: [],
    closed: [{}],
    secrets: new Map([["salt", `${canary} salt`]]),
  }
}

interface Server {
  database: PolicyDatabase
  owner: pg.Client
  reader: pg.Client
  name: string
  /** What the server told beside answers, since it was emptied. */
  notices: string[]
}

async function server(t: TestContext): Promise<Server> {
  const home = await testDatabase()
  const owner = new pg.Client({ connectionString: home.url })
  await owner.connect()
  const name = `reader_${randomBytes(4).toString("hex")}`
  await owner.query(
    `${tables}; CREATE ROLE ${name} LOGIN PASSWORD '${password}'; CREATE SCHEMA own AUTHORIZATION ${name}`,
  )
  const database = await openPolicyServer({ url: home.url, layout: "databases" }).open(home.name)
  assert.deepEqual(await database.apply(wanted(1, name, "north")), [])
  const login = new URL(home.url)
  Object.assign(login, { username: name, password })
  const reader = new pg.Client({ connectionString: login.href })
  await reader.connect()
  const notices: string[] = []
  reader.on("notice", ({ message }) => notices.push(String(message)))
  t.after(async () => {
    await reader.end()
    await database.close()
    await owner.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
    await owner.end()
    await home.drop()
  })
  return { database, owner, reader, name, notices }
}

/** Everything that came back, errors and notices included. */
async function said({ reader, notices }: Server, sql: string): Promise<string> {
  notices.length = 0
  const answers: string[] = []
  const result: unknown = await reader.query(sql).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError)) throw error
    answers.push(JSON.stringify([error.code, error.message, error.detail, error.hint]))
  })
  for (const one of [result].flat()) if (one instanceof pg.Result) answers.push(JSON.stringify(one.rows))
  await reader.query("ROLLBACK; RESET ALL; RESET ROLE").catch(() => undefined)
  return [...answers, ...notices].join("\n")
}

async function everyWay(shared: Server, t: TestContext): Promise<void> {
  let answered = 0
  const tried = waysToPostgresTables.flatMap((template) =>
    template.includes("VIEW")
      ? ["governed_public.vault", "governed_public.parts"].map((view) => template.replaceAll("VIEW", view))
      : ["public.vault", "public.parts", "public.parts_1"].map((table) =>
          template.replaceAll("TABLE_NAME", table),
        ),
  )
  for (const sql of tried) {
    const answer = await said(shared, sql)
    assert.ok(!answer.includes(canary), `${sql}\n${answer.slice(0, 500)}`)
    if (answer.includes("seen")) answered++
  }
  t.diagnostic(`${answered} of ${tried.length} statements show the one row that may be seen`)
  assert.ok(answered > 20)
}

async function guessing(shared: Server): Promise<void> {
  for (const template of fallibleGuesses) {
    const right = await said(shared, template.replaceAll("GUESS", `${canary} note`))
    const wrong = await said(shared, template.replaceAll("GUESS", "nothing like it"))
    assert.equal(right, wrong, template)
  }
}

async function changing(shared: Server): Promise<void> {
  const { database, reader, name } = shared
  const seen = async () =>
    (await reader.query({ name: "kept", text: "SELECT id FROM governed_public.vault" })).rows
  assert.deepEqual(await seen(), [{ id: 1 }])
  await reader.query("CREATE TEMP VIEW before AS SELECT id FROM governed_public.vault")
  await reader.query("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT id FROM governed_public.vault; COMMIT")
  await database.apply(wanted(2, name, "west"))
  assert.deepEqual(await seen(), [])
  assert.deepEqual((await reader.query("SELECT * FROM before")).rows, [])
  // What a cursor WITH HOLD has read is the reader's own copy, as a table would be.
  assert.deepEqual((await reader.query("FETCH ALL FROM c")).rows, [{ id: 1 }])
  await reader.query("CLOSE c; DROP VIEW before")
}

const attacks: readonly [string, (shared: Server, t: TestContext) => Promise<void>][] = [
  ["no form of statement shows a hidden row, a masked value or the salt", everyWay],
  ["an error does not tell whether a hidden value was guessed", guessing],
  ["prepared statements, temporary views and cursors of before follow a change", changing],
]

test("on a PostgreSQL warehouse what policies hide stays hidden", async (t) => {
  const shared = await server(t)
  for (const [name, attack] of attacks) await t.test(name, (one) => attack(shared, one))
})
