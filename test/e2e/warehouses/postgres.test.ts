/**
 * A PostgreSQL server as a warehouse: the only one, with databases of its own, and beside the one that the SQL port shows, with
 * schemas. The whole program, killed in the middle.
 */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import pg from "pg"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { account, newPlace, type Place, region, sourceArn } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask, assertSameRows } from "../warehouse.ts"
import { onDatabase, startWorkload, workloadTables } from "../workload.ts"

const postgresArn = `arn:aws:redshift-serverless:${region}:${account}:namespace/8f2c1d3e-0000-4000-8000-0000000e0515`

const asText = { getTypeParser: () => (text: string) => text }

async function rowsOf(url: string, statement: string): Promise<(string | null)[][]> {
  const client = new pg.Client({ connectionString: url, types: asText, options: "-c timezone=UTC" })
  client.on("error", () => undefined)
  await client.connect()
  try {
    return (await client.query<(string | null)[]>({ text: statement, rowMode: "array" })).rows
  } finally {
    await client.end()
  }
}

interface Pair {
  place: Place
  /** The source's database. */
  name: string
  /** The destination database. */
  database: string
  server: MillraceProcess
  sourceUrl: string
  /** Of the database that the configuration names. */
  home: string
  /** Of the destination database. */
  url: string
  /** Of tables of the source: a table there, as the warehouse has it. */
  tableOf(table: string): string
}

type Layout = "databases" | "schemas"

async function pair(context: TestContext, layout: Layout): Promise<Pair> {
  const { url: sourceUrl, name } = await bank(context)
  const home = await testDatabase()
  atEnd(context, () => home.drop())
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: sourceUrl }] })
  await place.configure((configuration) => {
    const warehouse = {
      arn: postgresArn,
      cluster: "pg",
      engine: "postgres",
      url: home.url,
      layout,
      auto_create_database: false,
    }
    if (layout === "databases") configuration.warehouses = [warehouse]
    else (configuration.warehouses as unknown[]).push(warehouse)
  })
  const checked = await place.run("check")
  assert.equal(checked.code, 0, checked.output)
  const server = await place.start()
  const database = `bank_${randomBytes(5).toString("hex")}`
  const api = apiOf(place)
  const integration = database.replace("_", "-")
  await api.create(integration, `include: ${name}.public.*`, sourceArn, postgresArn)
  await api.becomes(integration, "active", 120_000)
  await ask(place, "dev", `CREATE DATABASE ${database} FROM INTEGRATION '${integration}' DATABASE '${name}'`)
  const at = new URL(home.url)
  if (layout === "databases") {
    at.pathname = `/${database}`
    atEnd(context, () =>
      onDatabase(home.url, (client) => client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)),
    )
  }
  const schema = layout === "databases" ? "public" : `"${database}.public"`
  return {
    place,
    name,
    database,
    home: home.url,
    server,
    sourceUrl,
    url: at.href,
    tableOf: (table) => `${schema}."${table}"`,
  }
}

/** Waits until the first copy is over: a database is made before its tables come, one after another. */
async function firstCopied({ sourceUrl, url, tableOf }: Pair): Promise<void> {
  const looks = () => workloadTables.map((table) => rowsOf(url, `SELECT 1 FROM ${tableOf(table)} LIMIT 1`))
  const areThere = async () =>
    (await Promise.allSettled(looks())).every(({ status }) => status === "fulfilled")
  await waitUntil(areThere, { what: "the tables", timeoutMs: 120_000 })
  await caughtUp({ sourceUrl, url, tableOf })
}

/** Waits until everything committed so far can be seen, then compares all rows. */
async function assertEqual({ sourceUrl, url, tableOf }: Pair): Promise<void> {
  await caughtUp({ sourceUrl, url, tableOf })
  for (const table of workloadTables)
    assertSameRows(
      table,
      await rowsOf(sourceUrl, `SELECT * FROM public."${table}"`),
      await rowsOf(url, `SELECT * FROM ${tableOf(table)}`),
    )
}

async function caughtUp({
  sourceUrl,
  url,
  tableOf,
}: Pick<Pair, "sourceUrl" | "url" | "tableOf">): Promise<void> {
  const n = await onDatabase(sourceUrl, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      "UPDATE sentinel SET n = floor(random() * 2147483647) RETURNING n",
    )
    return String(rows[0]?.n)
  })
  const isThere = async () => (await rowsOf(url, `SELECT n FROM ${tableOf("sentinel")}`))[0]?.[0] === n
  await waitUntil(isThere, { what: "the warehouse to catch up", timeoutMs: 120_000 })
}

/** The rest of what users do, where there is no other warehouse. */
async function useAsTheOnlyOne({ place, name, database, url }: Pair): Promise<void> {
  const integration = database.replace("_", "-")
  const run = async (...args: string[]) => {
    const { code, output } = await place.run(...args)
    assert.equal(code, 0, output)
    return output
  }
  const { host } = new URL(url)
  const status = await run("status")
  assert.ok(
    status.startsWith(`warehouse ${postgresArn}: ask PostgreSQL at ${host}\n1 integration: 1 active; `),
  )
  assert.match(status, new RegExp(`^${integration} {2}active`, "m"))
  // Of a table that was altered and has had no change since, too.
  assert.doesNotMatch(status, /lag \d{7,} ms/)
  assert.match(await run("sql", "SELECT count(*) FROM sentinel", "--database", database), /\b1\n\(1 row\)/)
  assert.match(await run("verify", "--integration", integration), /^public\.entries {2}equal {2}[\d,]+ rows/m)
  await run("resync", "--integration", integration, "--table", "public.accounts")
  await run("wait", "--integration", integration, "--now")
  const views = "SELECT target_database, state FROM svv_integration"
  // Until the resync is done it has another state.
  const isSo = async () => String(await ask(place, "dev", views)) === `${database},CdcRefreshState`
  await waitUntil(isSo, { what: "the resync to be done", timeoutMs: 60_000 })
  const metrics = await fetch(`http://127.0.0.1:${place.httpPort}/metrics`)
  const lag = RegExp(`^millrace_[a-z_]*lag[a-z_]*\\{[^}]*source_database="${name}"`, "m")
  assert.ok(lag.test(await metrics.text()))
  const portsOwn = await place.run("sql", "SELECT * FROM svv_integration")
  assert.equal(portsOwn.code, 1)
  assert.match(portsOwn.output, /add --sql-port/)
  assert.match(await run("sql", "SELECT source_database FROM svv_integration", "--sql-port"), RegExp(name))
}

/** What the SQL port cannot do there says where it can be done. */
async function isToldOnThePort({ place, database, url, home }: Pair): Promise<void> {
  const elsewhere = { hint: new RegExp(`ask it at ${new URL(url).host}`) }
  await assert.rejects(ask(place, "dev", "SELECT * FROM accounts"), { code: "42P01", ...elsewhere })
  await assert.rejects(ask(place, "dev", "CREATE TABLE mine (a int)"), { code: "25006", ...elsewhere })
  await assert.rejects(ask(place, database, "SELECT 1"), { code: "3D000", ...elsewhere })
  await assert.rejects(
    ask(place, "dev", `ALTER DATABASE ${database} INTEGRATION SET QUERY_ALL_STATES = FALSE`),
    /this warehouse's readers ask it themselves/,
  )
  const others = new URL(home).pathname.slice(1)
  await assert.rejects(ask(place, "dev", `DROP DATABASE ${others}`), /is not Millrace's/)
  // On a slow machine it answers that the database is still being dropped.
  await ask(place, "dev", `DROP DATABASE ${database}`).catch((error: unknown) =>
    assert.match(String(error), /still being dropped/),
  )
  const isGone = async () =>
    (await rowsOf(home, `SELECT 1 FROM pg_database WHERE datname = '${database}'`)).length === 0
  await waitUntil(isGone, { what: "the database to be dropped", timeoutMs: 60_000 })
}

/** Statements about a database of a warehouse that the port does not show. */
async function isAdministeredOnThePort({ place, database, url, tableOf }: Pair): Promise<void> {
  await assert.rejects(
    ask(place, "dev", `ALTER DATABASE ${database} INTEGRATION SET QUERY_ALL_STATES = FALSE`),
    /this warehouse's readers ask it themselves/,
  )
  await ask(place, "dev", `ALTER DATABASE ${database} INTEGRATION SET REFRESH_INTERVAL = 1`)
  await assert.rejects(ask(place, database, "SELECT 1"), { code: "3D000" })
  // On a slow machine it answers that the database is still being dropped.
  await ask(place, "dev", `DROP DATABASE ${database}`).catch((error: unknown) =>
    assert.match(String(error), /still being dropped/),
  )
  const isGone = async () =>
    (await rowsOf(url, `SELECT to_regclass('${tableOf("accounts")}')`))[0]?.[0] === null
  await waitUntil(isGone, { what: "the schemas to be dropped", timeoutMs: 60_000 })
}

async function isEqual(rows: Pair): Promise<boolean> {
  try {
    await assertEqual(rows)
    return true
  } catch (error) {
    if (error instanceof assert.AssertionError) return false
    throw error
  }
}

for (const layout of ["databases", "schemas"] as const) {
  test(`PostgreSQL → PostgreSQL (${layout}), killed while it writes, has equal contents`, async (context) => {
    const rows = await pair(context, layout)
    await firstCopied(rows)
    const load = startWorkload(context, rows.sourceUrl, 11)
    await waitUntil(() => load.done > 100, { what: "some steps of the workload", timeoutMs: 60_000 })
    await rows.server.kill9()
    await rows.place.start()
    await waitUntil(() => load.done > 250, { what: "further steps of the workload", timeoutMs: 60_000 })
    await load.stop()
    await assertEqual(rows)
    await onDatabase(rows.sourceUrl, (client) =>
      client.query(
        "ALTER TABLE accounts ADD COLUMN tags int[] DEFAULT '{1,2}'; ALTER TABLE accounts DROP COLUMN owner",
      ),
    )
    // No row of it has changed since: the source's catalog tells, in a while.
    await waitUntil(() => isEqual(rows), { what: "equal contents", timeoutMs: 60_000 })
    if (layout === "schemas") return await isAdministeredOnThePort(rows)
    await useAsTheOnlyOne(rows)
    await isToldOnThePort(rows)
  })
}
