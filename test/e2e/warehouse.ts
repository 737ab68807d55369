import assert from "node:assert/strict"
import pg from "pg"
import { waitUntil } from "../support/wait-until.ts"
import { type Place, sqlPassword } from "./place.ts"
import { onDatabase, workloadTables } from "./workload.ts"

/** Everything as text, as the wire carries it. */
const asText = { getTypeParser: () => (text: string) => text }

/** A session on the SQL port, or where people ask the warehouse's server itself, there; the caller ends it. */
export async function connectSql(
  place: Place,
  database: string,
  login = { user: "admin", password: sqlPassword },
  queryTimeoutMs = 60_000,
): Promise<pg.Client> {
  const client = new pg.Client({
    ...addressOf(place, database, login),
    types: asText,
    connectionTimeoutMillis: 60_000,
    query_timeout: queryTimeoutMs,
  })
  client.on("error", () => undefined)
  await client.connect()
  return client
}

function addressOf(
  { warehouseUrl, sqlPort }: Place,
  database: string,
  login: { user: string; password: string },
): pg.ClientConfig {
  if (warehouseUrl === undefined) return { host: "127.0.0.1", port: sqlPort, ...login, database }
  const url = new URL(warehouseUrl)
  url.pathname = `/${database}`
  return { connectionString: url.href, options: "-c timezone=UTC" }
}

/** Rows of a statement on the SQL port, or the warehouse's own server. */
export async function ask(
  place: Place,
  database: string,
  statement: string,
  limitMs?: number,
): Promise<(string | null)[][]> {
  const client = await connectSql(place, database, undefined, limitMs)
  try {
    return (await client.query<(string | null)[]>({ text: statement, rowMode: "array" })).rows
  } finally {
    await client.end()
  }
}

async function rowsAtSource(url: string, statement: string): Promise<(string | null)[][]> {
  const client = new pg.Client({ connectionString: url, types: asText, options: "-c timezone=UTC" })
  await client.connect()
  try {
    return (await client.query<(string | null)[]>({ text: statement, rowMode: "array" })).rows
  } finally {
    await client.end()
  }
}

/** Waits until everything committed so far can be seen in the warehouse. Nothing else may write meanwhile. */
export async function caughtUp(
  place: Place,
  sourceUrl: string,
  database: string,
  timeoutMs = 60_000,
): Promise<void> {
  const n = await onDatabase(sourceUrl, async (client) => {
    // Not the next number: a source restored to an earlier time would count to one the warehouse has already.
    const { rows } = await client.query<{ n: number }>(
      "UPDATE sentinel SET n = floor(random() * 2147483647) RETURNING n",
    )
    return String(rows[0]?.n)
  })
  await waitUntil(async () => (await ask(place, database, "SELECT n FROM sentinel"))[0]?.[0] === n, {
    what: `${database} to catch up`,
    timeoutMs,
  })
}

/**
 * Waits until the first copy is over and the stream follows. `active` says so; needs_attention, as where a budget is exceeded
 * meanwhile, does not.
 */
export async function firstCopied(place: Place, sourceUrl: string, database: string): Promise<void> {
  const looks = () =>
    workloadTables.map((table) => ask(place, database, `SELECT 1 FROM public."${table}" LIMIT 1`))
  const areThere = async () =>
    (await Promise.allSettled(looks())).every(({ status }) => status === "fulfilled")
  await waitUntil(areThere, { what: `the tables of ${database}`, timeoutMs: 60_000 })
  // Tables of a first copy come one after another, all as of one moment: what is newer has come by the stream.
  await caughtUp(place, sourceUrl, database)
}

/** Tests of full disks have some 100,000 rows by then, and slow machines. */
const wholeTableLimitMs = 120_000

/** Every row of every table of the workload, here and there. */
export async function assertEqualContent(
  place: Place,
  sourceUrl: string,
  database: string,
  tables: readonly string[] = workloadTables,
): Promise<void> {
  for (const table of tables) {
    const statement = `SELECT * FROM public."${table}"`
    const here = await ask(place, database, statement, wholeTableLimitMs)
    assertSameRows(table, await rowsAtSource(sourceUrl, statement), here)
  }
}

/** As `assertEqualContent`, once the tables that are resynced, one after the other, are live. */
export async function becomesEqual(place: Place, sourceUrl: string, database: string): Promise<void> {
  await caughtUp(place, sourceUrl, database)
  await waitUntil(() => isEqual(place, sourceUrl, database), { what: "equal content", timeoutMs: 60_000 })
  await assertEqualContent(place, sourceUrl, database)
}

async function isEqual(place: Place, sourceUrl: string, database: string): Promise<boolean> {
  try {
    await assertEqualContent(place, sourceUrl, database)
    return true
  } catch (error) {
    if (error instanceof assert.AssertionError) return false
    throw error
  }
}

/** In any order. */
export function assertSameRows(
  table: string,
  source: (string | null)[][],
  warehouse: (string | null)[][],
): void {
  const difference = differences(asTexts(source), asTexts(warehouse))
  assert.equal(difference, "", `${table}: ${source.length} rows at the source, ${warehouse.length} here`)
}

function asTexts(rows: (string | null)[][]): string[] {
  return rows.map((row) => JSON.stringify(row))
}

/** The first rows that only one side has, told with their number of copies. */
function differences(source: string[], warehouse: string[]): string {
  const copies = new Map<string, number>()
  for (const row of source) copies.set(row, (copies.get(row) ?? 0) + 1)
  for (const row of warehouse) copies.set(row, (copies.get(row) ?? 0) - 1)
  return [...copies]
    .filter(([, count]) => count !== 0)
    .slice(0, 5)
    .map(([row, count]) => `${count > 0 ? "missing" : "too many"} ${Math.abs(count)}x: ${row.slice(0, 300)}`)
    .join("\n")
}
