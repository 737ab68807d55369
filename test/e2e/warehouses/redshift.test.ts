/**
 * The Redshift warehouse without a Redshift: the whole program replicates into the SQL port of a second Millrace, which speaks
 * Redshift's dialect, with an S3 server between. Killed in the middle, contents equal.
 */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import pg from "pg"
import { pause } from "../../../src/concurrency/deadline.ts"
import { s3Keys, type TestBucket, testBucket } from "../../support/s3/server.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { account, newPlace, type Place, region, sourceArn, sqlPassword } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask, assertSameRows } from "../warehouse.ts"
import { onDatabase, startWorkload, workloadTables } from "../workload.ts"

const redshiftArn = `arn:aws:redshift-serverless:${region}:${account}:namespace/8f2c1d3e-0000-4000-8000-0000000e0516`

interface Pair {
  place: Place
  server: MillraceProcess
  /** What stands for Redshift. */
  second: Place
  sourceUrl: string
  bucket: TestBucket
  database: string
  tableOf(table: string): string
}

async function pair(context: TestContext): Promise<Pair> {
  const bucket = await testBucket(context, "staging")
  const keys = { access_key_id: s3Keys.accessKeyId, secret_access_key: s3Keys.secretAccessKey }
  const second = await newPlace(context, {
    sources: [],
    services: [
      { arn: bucket.source.arn, engine: "s3", endpoint: bucket.endpoint, list_every: "never", ...keys },
    ],
  })
  await second.start()
  const { url: sourceUrl, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: sourceUrl }] })
  const at = new URL(`postgres://admin@127.0.0.1:${second.sqlPort}/dev?sslmode=disable`)
  at.password = encodeURIComponent(sqlPassword)
  await place.configure((configuration) => {
    configuration.warehouses = [
      {
        arn: redshiftArn,
        cluster: "rs",
        engine: "redshift",
        url: at.href,
        layout: "schemas",
        staging: { bucket: `s3://${bucket.name}/millrace`, endpoint: bucket.endpoint, ...keys },
        tables: { "public.accounts": { distribution: { key: "id" }, sort: ["id"] } },
      },
    ]
  })
  const checked = await place.run("check")
  assert.equal(checked.code, 0, checked.output)
  const server = await place.start()
  const database = `bank_${randomBytes(5).toString("hex")}`
  const integration = database.replace("_", "-")
  const api = apiOf(place)
  await api.create(integration, `include: ${name}.public.*`, sourceArn, redshiftArn)
  await api.becomes(integration, "active", 120_000)
  return {
    place,
    server,
    second,
    sourceUrl,
    bucket,
    database,
    tableOf: (table) => `"${database}.public"."${table}"`,
  }
}

const asText = { getTypeParser: () => (text: string) => text }

async function rowsAtSource(url: string, statement: string): Promise<(string | null)[][]> {
  const client = new pg.Client({ connectionString: url, types: asText, options: "-c timezone=UTC" })
  await client.connect()
  try {
    return (await client.query<(string | null)[]>({ text: statement, rowMode: "array" })).rows
  } finally {
    await client.end()
  }
}

/** Waits until everything committed so far can be seen, then compares all rows. */
async function assertEqual({ sourceUrl, second, tableOf }: Pair): Promise<void> {
  const n = await onDatabase(sourceUrl, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      "UPDATE sentinel SET n = floor(random() * 2147483647) RETURNING n",
    )
    return String(rows[0]?.n)
  })
  const isThere = async () => (await ask(second, "dev", `SELECT n FROM ${tableOf("sentinel")}`))[0]?.[0] === n
  await waitUntil(isThere, { what: "the warehouse to catch up", timeoutMs: 120_000 })
  for (const table of workloadTables)
    assertSameRows(
      table,
      await rowsAtSource(sourceUrl, `SELECT * FROM public."${table}"`),
      await ask(second, "dev", `SELECT * FROM ${tableOf(table)}`),
    )
}

test("PostgreSQL → Redshift's stand-in, killed while it writes, has equal contents", async (context) => {
  const rows = await pair(context)
  const load = startWorkload(context, rows.sourceUrl, 12)
  await waitUntil(() => load.done > 40, { what: "some steps of the workload", timeoutMs: 60_000 })
  await rows.server.kill9()
  await rows.place.start()
  await waitUntil(() => load.done > 80, { what: "further steps of the workload", timeoutMs: 60_000 })
  await load.stop()
  await assertEqual(rows)
  await batchesLieApart(rows)
})

const intervalS = 3

/** With an interval, commits that come meanwhile are one COPY for each table. */
async function batchesLieApart(rows: Pair): Promise<void> {
  const { place, second, sourceUrl, database } = rows
  await ask(place, "dev", `ALTER DATABASE ${database} INTEGRATION SET REFRESH_INTERVAL ${intervalS}`)
  const loads = async () =>
    Number(
      (await ask(second, "dev", "SELECT count(*) FROM sys_load_history WHERE status = 'completed'"))[0]?.[0],
    )
  // From here on the interval is in force: what was underway before it is over.
  await assertEqual(rows)
  const [before, begun] = [await loads(), performance.now()]
  await onDatabase(sourceUrl, async (client) => {
    for (let commit = 0; commit < 40; commit++) {
      await client.query("UPDATE sentinel SET n = n + 1")
      await pause(50, new AbortController().signal)
    }
  })
  await assertEqual(rows)
  const most = Math.ceil((performance.now() - begun) / 1_000 / intervalS) + 1
  const made = (await loads()) - before
  assert.ok(made >= 1 && made <= most, `${made} loads in ${most} intervals`)
}
