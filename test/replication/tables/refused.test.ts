import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const neighbour = ["CREATE TABLE neighbour (id int PRIMARY KEY)", "INSERT INTO neighbour VALUES (1)"]

/** The neighbour of a table in trouble goes on as if nothing were. */
async function assertNeighbourGoesOn(pipeline: TestPipeline, url: string): Promise<void> {
  await runSql(url, "INSERT INTO neighbour SELECT coalesce(max(id), 0) + 1 FROM neighbour")
  assert.deepEqual(await pipeline.differences(["public.neighbour"]), [])
  assert.deepEqual(pipeline.reports.problems, [])
}

const refusals: { name: string; table: string; statements: string[]; reason: RegExp }[] = [
  {
    name: "no key and the default identity",
    table: "public.keyless",
    statements: ["CREATE TABLE keyless (v int)"],
    reason: /no primary key.*REPLICA IDENTITY FULL/,
  },
  {
    name: "unlogged",
    table: "public.unlogged",
    statements: ["CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY)"],
    reason: /unlogged.*SET LOGGED/,
  },
  {
    name: "no identity at all",
    table: "public.nothing",
    statements: ["CREATE TABLE nothing (id int PRIMARY KEY)", "ALTER TABLE nothing REPLICA IDENTITY NOTHING"],
    reason: /REPLICA IDENTITY DEFAULT/,
  },
  {
    name: "a key that is checked late",
    table: "public.late",
    statements: ["CREATE TABLE late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)"],
    reason: /no primary key/,
  },
  {
    name: "an identity index that is gone",
    table: "public.lost",
    statements: [
      "CREATE TABLE lost (id int NOT NULL CONSTRAINT lost_key UNIQUE)",
      "ALTER TABLE lost REPLICA IDENTITY USING INDEX lost_key",
      "ALTER TABLE lost DROP CONSTRAINT lost_key",
    ],
    reason: /index is gone/,
  },
  {
    name: "a partition that does not tell its rows apart",
    table: "public.parts",
    statements: [
      "CREATE TABLE parts (id int) PARTITION BY RANGE (id)",
      "ALTER TABLE parts REPLICA IDENTITY FULL",
      "CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10)",
    ],
    reason: /partition parts_low.*REPLICA IDENTITY FULL/,
  },
]

for (const { name, table, statements, reason } of refusals) {
  test(`refused: ${name}`, async () => {
    const { url } = await testDatabase()
    await runSql(url, ...neighbour, ...statements)
    const pipeline = await testPipeline({ url })
    assert.match(pipeline.reports.refused.get(table) ?? "not refused", reason)
    await assertNeighbourGoesOn(pipeline, url)
  })
}

test("refused: tables that the role may not read, or not publish; its own go on", async () => {
  const { url, name } = await testDatabase()
  const role = `app_of_${name}`
  await runSql(
    url,
    `CREATE ROLE "${role}" LOGIN REPLICATION PASSWORD 'of-the-app'`,
    `ALTER DATABASE "${name}" OWNER TO "${role}"`,
    "CREATE TABLE hidden (id int PRIMARY KEY)",
    "CREATE TABLE theirs (id int PRIMARY KEY)",
    `GRANT SELECT ON theirs TO "${role}"`,
  )
  const asApp = new URL(url)
  asApp.username = role
  asApp.password = "of-the-app"
  await runSql(asApp.href, ...neighbour)
  const pipeline = await testPipeline({ url: asApp.href })
  assert.match(
    pipeline.reports.refused.get("public.hidden") ?? "not refused",
    /may not read it\. GRANT SELECT/,
  )
  assert.match(pipeline.reports.refused.get("public.theirs") ?? "not refused", /may not publish it.*OWNER TO/)
  await assertNeighbourGoesOn(pipeline, asApp.href)
  await runSql(url, `ALTER TABLE theirs OWNER TO "${role}"`, "INSERT INTO theirs VALUES (7)")
  await waitUntil(async () => (await pipeline.differences(["public.theirs"])).length === 0, {
    what: "the mended table to be copied by itself",
    timeoutMs: 60_000,
  })
})

const clashes: { name: string; statements: string[]; tables: string[]; reason: RegExp }[] = [
  {
    name: "tables that differ only in case",
    statements: ['CREATE TABLE "Orders" (id int PRIMARY KEY)', "CREATE TABLE orders (id int PRIMARY KEY)"],
    tables: ["public.Orders", "public.orders"],
    reason: /differs only in case/,
  },
  {
    name: "columns that differ only in case",
    statements: ['CREATE TABLE c (id int PRIMARY KEY, a int, "A" int)'],
    tables: ["public.c"],
    reason: /Columns a and A differ only in case.*Rename/,
  },
  {
    name: "a schema that is ours",
    statements: ["CREATE SCHEMA millrace", "CREATE TABLE millrace.positions (id int PRIMARY KEY)"],
    tables: ["millrace.positions"],
    reason: /Millrace keeps for itself/,
  },
  {
    name: "a column that is ours",
    statements: ["CREATE TABLE s (id int PRIMARY KEY, __millrace_seq int)"],
    tables: ["public.s"],
    reason: /Millrace keeps for itself/,
  },
  {
    name: "a table called like a copy in the making",
    statements: ["CREATE TABLE neighbour__millrace_loading (id int PRIMARY KEY)"],
    tables: ["public.neighbour__millrace_loading"],
    reason: /Millrace keeps for itself/,
  },
]

for (const { name, statements, tables, reason } of clashes) {
  test(`failed for its name: ${name}`, async () => {
    const { url } = await testDatabase()
    await runSql(url, ...neighbour, ...statements)
    const pipeline = await testPipeline({ url })
    const failed = tables.filter((table) => pipeline.reports.failed.has(table))
    assert.equal(failed.length, 1, `of ${tables} failed: ${failed}`)
    assert.match(pipeline.reports.failed.get(failed[0] ?? "") ?? "", reason)
    const others = tables.filter((table) => table !== failed[0])
    assert.deepEqual(await pipeline.differences(others), [])
    await assertNeighbourGoesOn(pipeline, url)
  })
}

test("a new table whose name differs only in case from a live one does not take its place", async () => {
  const { url } = await testDatabase()
  await runSql(url, ...neighbour)
  const pipeline = await testPipeline({ url })
  await runSql(
    url,
    'CREATE TABLE "Neighbour" (other text PRIMARY KEY)',
    "INSERT INTO \"Neighbour\" VALUES ('x')",
  )
  await waitUntil(() => pipeline.reports.failed.get("public.Neighbour"), { what: "the new table to fail" })
  assert.match(pipeline.reports.failed.get("public.Neighbour") ?? "", /differs only in case/)
  await assertNeighbourGoesOn(pipeline, url)
})

test("refused: row-level security would hide rows from us, and a short copy is none", async () => {
  const { url } = await testDatabase()
  const role = `reader_${process.pid}`
  await runSql(
    url,
    "CREATE TABLE guarded (id int PRIMARY KEY)",
    "INSERT INTO guarded VALUES (1)",
    "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    `DROP ROLE IF EXISTS ${role}`,
    `CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'pw'`,
    `ALTER TABLE guarded OWNER TO ${role}`,
    `DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO ${role}', current_database()); END $$`,
    `GRANT ALL ON SCHEMA public TO ${role}`,
  )
  const asRole = new URL(url)
  asRole.username = role
  asRole.password = "pw"
  const pipeline = await testPipeline({ url: asRole.href })
  const reason = pipeline.reports.refused.get("public.guarded") ?? "not refused"
  assert.match(reason, /row-level security.*ALTER ROLE .* BYPASSRLS/)
})
