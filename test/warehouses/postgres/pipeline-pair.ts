import { join } from "node:path"
import { after } from "node:test"
import type pg from "pg"
import type { Problem } from "../../../src/domain/problems.ts"
import { type Pipeline, startPipeline } from "../../../src/replication/pipeline.ts"
import { openSpool } from "../../../src/replication/spool/spool.ts"
import type { Waits } from "../../../src/replication/waits.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { openPostgresWarehouse } from "../../../src/warehouses/postgres/warehouse.ts"
import { newReports, quickWaits, type Reports, reporterInto } from "../../support/pipeline.ts"
import { type TestDatabase, testDatabase } from "../../support/postgres.ts"
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
  /** The problem that is shown now. */
  problem(): Problem | undefined
  streaming: Pipeline["streaming"]
  /** A user of the warehouse; unqualified names are those of the source's schema public. */
  readonly there: pg.Client
  /** Another session for `there`, after the server was away. */
  rejoin(): Promise<void>
  /** Waits until all that is committed is in the warehouse, then says which of the tables differ, by what both servers print. */
  differences(tables: readonly string[]): Promise<string[]>
}

let pairs = 0
const marker = "millrace_test_marker"
const destination = "copy"

export interface PairOptions {
  /** As the warehouse has it. */
  leastMerged?: number
  /** The warehouse's database; default: one of the shared server. */
  target?: Pick<TestDatabase, "url" | "drop">
  waits?: Partial<Waits>
}

/** Returns when it streams. `url`: of the source's database. */
export async function startPair(url: string, options: PairOptions = {}): Promise<Pair> {
  const { leastMerged, waits = quickWaits } = options
  const folder = await temporaryFolder("pair")
  const target = options.target ?? (await testDatabase())
  const here = await session(url)
  let there = await atDestination(target.url)
  await here.query(`CREATE TABLE IF NOT EXISTS public.${marker} (n bigint PRIMARY KEY)`)
  const reports = newReports()
  const handle = `millrace_pair_${process.pid}_${++pairs}`
  const source = sourceAt(url)
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
    waits,
  })
  cleanUps.push(async () => {
    await running.stop()
    await source.remove(handle)
    for (const client of [here, there]) await client.end()
    await target.drop()
    await removeFolder(folder)
  })
  await streams(reports)
  return {
    reports,
    problem: () => reports.problem,
    streaming: running.streaming,
    get there() {
      return there
    },
    async rejoin() {
      await there.end().catch(() => undefined)
      there = await atDestination(target.url)
    },
    async differences(tables) {
      await settled(here, there)
      return await differing(here, there, tables)
    },
  }
}

const streams = ({ phases }: Reports) =>
  waitUntil(() => phases.includes("streaming"), {
    what: "the pipeline to stream",
    timeoutMs: 60_000,
    intervalMs: 5,
  })

function sourceAt(url: string) {
  const database = decodeURIComponent(new URL(url).pathname.slice(1))
  return openPostgresSource({ url, database, nativeTypes: true })
}

async function atDestination(url: string): Promise<pg.Client> {
  const client = await session(url)
  // A connection that breaks shows in the query that uses it.
  client.on("error", () => undefined)
  await client.query(`SET search_path = "${destination}.public"`)
  return client
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
