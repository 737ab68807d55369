/** What has a server refuse updates for the sake of our publication, though its tables have keys; and what others make of it. */
import assert from "node:assert/strict"
import { describe, type TestContext, test } from "node:test"
import pg from "pg"
import type { RefusedTable } from "../../../src/replication/contracts/source.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { controlAt } from "../../support/control.ts"
import { quickWaits, runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

function guarded(context: TestContext, url: string, handles: string[], onWithdrawn?: () => void) {
  const found = { withdrawn: [] as RefusedTable[], problems: [] as string[] }
  const source = openPostgresSource({ url, database: new URL(url).pathname.slice(1) })
  const protection = source.protect?.({
    handles: () => handles,
    onWithdrawn(_, tables) {
      found.withdrawn.push(...tables)
      onWithdrawn?.()
    },
    onPartsChanged: () => undefined,
    onProblem: (problem) => problem && found.problems.push(problem.message),
  })
  context.after(() => protection?.stop())
  return found
}

/** For as long may statements be refused: a second, and the look that finds it. */
const limitMs = 2_000

/** How long this is refused, in ms. */
async function refusedFor(url: string, statement: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const atMs = performance.now()
  try {
    const works = () =>
      client.query(statement).then(
        () => true,
        () => false,
      )
    await waitUntil(works, { what: statement, timeoutMs: 60_000, intervalMs: 10 })
    return performance.now() - atMs
  } finally {
    await client.end()
  }
}

interface Case {
  name: string
  make: string[]
  alter(publication: string): string
  update: string
  reason?: RegExp
  mend?: string
}

const cases: Case[] = [
  {
    name: "a virtual generated column is added to a table that is identified by whole rows",
    make: ["CREATE TABLE k (id int, n int)", "ALTER TABLE k REPLICA IDENTITY FULL"],
    alter: () => "ALTER TABLE k ADD g int GENERATED ALWAYS AS (n * 2)",
    update: "UPDATE k SET n = n + 1",
    reason: /virtual generated column.*STORED.*REPLICA IDENTITY DEFAULT/,
    mend: "ALTER TABLE k DROP g",
  },
  {
    name: "a table with a virtual generated column is to be identified by whole rows",
    make: ["CREATE TABLE k (id int PRIMARY KEY, n int, g int GENERATED ALWAYS AS (n * 2))"],
    alter: () => "ALTER TABLE k REPLICA IDENTITY FULL",
    update: "UPDATE k SET n = n + 1",
    reason: /virtual generated column/,
    mend: "ALTER TABLE k REPLICA IDENTITY DEFAULT",
  },
  {
    name: "a partition with a virtual generated column is to be identified by whole rows",
    make: [
      "CREATE TABLE k (id int PRIMARY KEY, n int, g int GENERATED ALWAYS AS (n * 2)) PARTITION BY RANGE (id)",
      "CREATE TABLE part PARTITION OF k DEFAULT",
    ],
    alter: () => "ALTER TABLE part REPLICA IDENTITY FULL",
    update: "UPDATE k SET n = n + 1",
    reason: /partition part .*virtual generated columns/,
    mend: "ALTER TABLE part REPLICA IDENTITY DEFAULT",
  },
  {
    name: "somebody has the publication leave out generated columns",
    make: [
      "CREATE TABLE k (id int, n int, g int GENERATED ALWAYS AS (n * 2) STORED)",
      "ALTER TABLE k REPLICA IDENTITY FULL",
    ],
    alter: (publication) => `ALTER PUBLICATION ${publication} SET (publish_generated_columns = none)`,
    update: "UPDATE k SET n = n + 1",
  },
  {
    name: "somebody publishes all tables of a schema, one of them without a key",
    make: [
      "CREATE TABLE k (id int PRIMARY KEY, n int)",
      "CREATE SCHEMA other",
      "CREATE TABLE other.keyless (n int)",
      "INSERT INTO other.keyless VALUES (1)",
    ],
    alter: (publication) => `ALTER PUBLICATION ${publication} ADD TABLES IN SCHEMA other`,
    update: "UPDATE other.keyless SET n = n + 1",
  },
  {
    name: "somebody gives the table a row filter",
    make: ["CREATE TABLE k (id int PRIMARY KEY, n int)"],
    alter: (publication) => `ALTER PUBLICATION ${publication} SET TABLE k WHERE (n > 0)`,
    update: "UPDATE k SET n = n + 1",
  },
]

const copies = (pipeline: TestPipeline) =>
  waitUntil(async () => (await pipeline.differences(["public.k"])).length === 0, {
    what: "equal rows",
    timeoutMs: 60_000,
  })

describe("updates are refused for a moment only, and the table comes back", { concurrency: 3 }, () => {
  for (const { name, make, alter, update, reason, mend } of cases)
    test(name, async (context) => {
      const { url } = await testDatabase()
      await runSql(url, ...make, "INSERT INTO k (id, n) SELECT i, i FROM generate_series(0, 20) i")
      // Long looks: it is the guard that is to find it.
      const pipeline = await testPipeline({ url, waits: mend ? quickWaits : { lookEveryMs: 30_000 } })
      const found = guarded(context, url, [pipeline.handle], () => pipeline.streaming()?.settingsChanged())
      await runSql(url, alter(pipeline.handle))
      const control = await controlAt(context, url)
      const refusedMs = await refusedFor(url, update)
      context.diagnostic(`refused for ${Math.round(refusedMs)} ms`)
      assert.ok(refusedMs < limitMs + control.slackMs(), `refused for ${refusedMs} ms`)
      if (reason !== undefined)
        await waitUntil(() => found.withdrawn.some((table) => reason.test(table.reason)), {
          what: "the reason to be told",
        })
      if (mend !== undefined) await runSql(url, mend)
      await runSql(url, update)
      await copies(pipeline)
      await pipeline.stop()
    })
})

test("a publication that is not ours to alter any more keeps no table of another refused", async (context) => {
  const { url, name } = await testDatabase()
  const role = `app_of_${name}`
  await runSql(
    url,
    `CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'of-the-app'`,
    `GRANT CREATE ON DATABASE ${name} TO ${role}`,
    `CREATE SCHEMA s AUTHORIZATION ${role}`,
    "CREATE TABLE s.a (id int)",
    "CREATE TABLE s.b (id int)",
    "INSERT INTO s.b VALUES (1)",
    `ALTER TABLE s.a OWNER TO ${role}`,
    `ALTER TABLE s.b OWNER TO ${role}`,
    `CREATE PUBLICATION a_${name} FOR TABLE s.a`,
    `CREATE PUBLICATION b_${name} FOR TABLE s.b`,
    `ALTER PUBLICATION b_${name} OWNER TO ${role}`,
  )
  const asApp = new URL(url)
  asApp.username = role
  asApp.password = "of-the-app"
  const found = guarded(context, asApp.href, [`a_${name}`, `b_${name}`])
  const control = await controlAt(context, url)
  const refusedMs = await refusedFor(url, "UPDATE s.b SET id = id + 1")
  assert.ok(refusedMs < limitMs + control.slackMs(), `refused for ${refusedMs} ms`)
  await waitUntil(() => found.problems.some((problem) => problem.includes(`a_${name}`)), {
    what: "the refusal to be told",
  })
})
