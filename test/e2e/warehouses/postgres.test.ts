/** A PostgreSQL server as a warehouse beside the one that the SQL port shows: the whole program, killed in the middle. */
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
import { assertSameRows } from "../warehouse.ts"
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
  server: MillraceProcess
  sourceUrl: string
  /** Of the destination database. */
  url: string
  /** Of tables of the source: a table there, as the warehouse has it. */
  tableOf(table: string): string
}

async function pair(context: TestContext, layout: "databases" | "schemas"): Promise<Pair> {
  const { url: sourceUrl, name } = await bank(context)
  const home = await testDatabase()
  atEnd(context, () => home.drop())
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: sourceUrl }] })
  await place.configure((configuration) => {
    const warehouse = { arn: postgresArn, cluster: "pg", engine: "postgres", url: home.url, layout }
    ;(configuration.warehouses as unknown[]).push(warehouse)
  })
  const checked = await place.run("check")
  assert.equal(checked.code, 0, checked.output)
  const server = await place.start()
  const database = `bank_${randomBytes(5).toString("hex")}`
  const api = apiOf(place)
  await api.create(database.replace("_", "-"), `include: ${name}.public.*`, sourceArn, postgresArn)
  await api.becomes(database.replace("_", "-"), "active", 120_000)
  const at = new URL(home.url)
  if (layout === "databases") {
    at.pathname = `/${database}`
    atEnd(context, () =>
      onDatabase(home.url, (client) => client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)),
    )
  }
  const schema = layout === "databases" ? "public" : `"${database}.public"`
  return { place, server, sourceUrl, url: at.href, tableOf: (table) => `${schema}."${table}"` }
}

/** Waits until everything committed so far can be seen, then compares all rows. */
async function assertEqual({ sourceUrl, url, tableOf }: Pair): Promise<void> {
  const n = await onDatabase(sourceUrl, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      "UPDATE sentinel SET n = floor(random() * 2147483647) RETURNING n",
    )
    return String(rows[0]?.n)
  })
  const isThere = async () => (await rowsOf(url, `SELECT n FROM ${tableOf("sentinel")}`))[0]?.[0] === n
  await waitUntil(isThere, { what: "the warehouse to catch up", timeoutMs: 120_000 })
  for (const table of workloadTables)
    assertSameRows(
      table,
      await rowsOf(sourceUrl, `SELECT * FROM public."${table}"`),
      await rowsOf(url, `SELECT * FROM ${tableOf(table)}`),
    )
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
  })
}
