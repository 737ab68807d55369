import { join } from "node:path"
import { after } from "node:test"
import type pg from "pg"
import { type Pipeline, startPipeline } from "../../../src/replication/pipeline.ts"
import { openSpool } from "../../../src/replication/spool/spool.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { openPostgresWarehouse } from "../../../src/warehouses/postgres/warehouse.ts"
import { newReports, quickWaits, type Reports, reporterInto } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { session } from "./copied-table.ts"

const cleanUps: (() => Promise<void>)[] = []

after(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A pipeline from one PostgreSQL database into another. */
export interface Pair {
  reports: Reports
  streaming: Pipeline["streaming"]
  /** A user of the warehouse; unqualified names are those of the source's schema public. */
  there: pg.Client
  /** Waits until all that is committed is in the warehouse, then says which of the tables differ, by what both servers print. */
  differences(tables: readonly string[]): Promise<string[]>
}

let pairs = 0
const marker = "millrace_test_marker"
const destination = "copy"

/** Returns when it streams. `url`: of the source's database. `leastMerged`: as the warehouse has it. */
export async function startPair(url: string, { leastMerged }: { leastMerged?: number } = {}): Promise<Pair> {
  const folder = await temporaryFolder("pair")
  const target = await testDatabase()
  const [here, there] = [await session(url), await session(target.url)]
  await here.query(`CREATE TABLE IF NOT EXISTS public.${marker} (n bigint PRIMARY KEY)`)
  const reports = newReports()
  const handle = `millrace_pair_${process.pid}_${++pairs}`
  const database = decodeURIComponent(new URL(url).pathname.slice(1))
  const source = openPostgresSource({ url, database, nativeTypes: true })
  const running = startPipeline({
    generation: 1,
    name: handle,
    handle,
    source,
    warehouse: openPostgresWarehouse({
      url: target.url,
      layout: "schemas",
      stagingPath: join(folder, "staging"),
      ...(leastMerged !== undefined && { leastMerged }),
    }),
    database: destination,
    select: () => true,
    reporter: reporterInto(reports),
    observe: () => undefined,
    relief: "hold",
    spool: () =>
      openSpool({
        folder: join(folder, "spool"),
        limitBytes: 2 ** 30,
        compare: source.compare,
        atRest: undefined,
      }),
    waits: quickWaits,
  })
  cleanUps.push(async () => {
    await running.stop()
    await source.remove(handle)
    await here.end()
    await there.end()
    await target.drop()
    await removeFolder(folder)
  })
  const streams = () => reports.phases.includes("streaming")
  await waitUntil(streams, { what: "the pipeline to stream", timeoutMs: 60_000, intervalMs: 5 })
  await there.query(`SET search_path = "${destination}.public"`)
  return {
    reports,
    streaming: running.streaming,
    there,
    async differences(tables) {
      await settled(here, there)
      return await differing(here, there, tables)
    },
  }
}

/** A line for each table that differs. */
async function differing(here: pg.Client, there: pg.Client, tables: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const table of tables) {
    const wanted = await printed(here, `public.${table}`)
    const got = await printed(there, `"${destination}.public".${table}`)
    const at = wanted.findIndex((row, index) => row !== got[index])
    if (at >= 0 || wanted.length !== got.length)
      found.push(`${table}: ${wanted.length} rows, ${got.length} came; ${wanted[at]} came as ${got[at]}`)
  }
  return found
}

let marks = 0

async function settled(here: pg.Client, there: pg.Client): Promise<void> {
  const mark = ++marks
  await here.query(`INSERT INTO public.${marker} VALUES (${mark})`)
  const isThere = async () => {
    const { rowCount } = await there.query(`SELECT FROM "${destination}.public".${marker} WHERE n = ${mark}`)
    return rowCount === 1
  }
  await waitUntil(isThere, { what: "everything to come", timeoutMs: 60_000, intervalMs: 10 })
}

/** Every row as what its values print, sorted by that. */
async function printed(client: pg.Client, table: string): Promise<string[]> {
  const { rows: columns } = await client.query<{ name: string }>(
    "SELECT quote_ident(attname) AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname",
    [table],
  )
  const texts = columns.map(({ name }) => `CASE WHEN ${name} IS DISTINCT FROM NULL THEN concat(${name}) END`)
  const text = `SELECT array_to_json(ARRAY[${texts.join(", ")}]::text[])::text FROM ${table}`
  const { rows } = await client.query<[string]>({ text, rowMode: "array" })
  return rows.map(([row]) => row).sort()
}
