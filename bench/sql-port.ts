import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { DuckDBConnection } from "@duckdb/node-api"
import pg from "pg"
import { openSqlUsers } from "../src/control-plane/sql-users/sql-users.ts"
import type { SqlUser } from "../src/domain/configuration.ts"
import { startSqlPort } from "../src/front-doors/sql/sql-port.ts"
import { openDuckDbQueries } from "../src/query/duckdb/query-engine.ts"
import { openStore } from "../src/state/store.ts"
import { type DuckDbInstance, openDuckDb } from "../src/warehouses/duckdb/files/instance.ts"
import { type Bench, type Figures, figure, sqlNames } from "./figures.ts"

const configured: SqlUser[] = [{ name: "analyst", password: "bench", role: "read-only" }]
const rows = 1_000_000
const rounds = 300
/** One row of a million by its key, and a sum over all: what a look-up and what a report pays for the wire. */
const lookUp = "SELECT id, amount, placed_at FROM shop.public.orders WHERE id = $1"
const report = "SELECT customer_id, sum(amount) FROM shop.public.orders WHERE id > $1 GROUP BY customer_id"

/** A SELECT on the SQL port beside the same in DuckDB, in this process. */
export async function measureSqlPort(bench: Bench): Promise<Figures> {
  if (!bench.wants(...sqlNames)) return {}
  const path = join(bench.folder, "sql")
  await mkdir(path)
  const instance = await openDuckDb({ path, stagingPath: path, threads: 2, memoryLimitBytes: 2 ** 30 })
  try {
    await fill(instance)
    return await withPort(bench, instance, (client, connection) => compare(bench, client, connection))
  } finally {
    await instance.close()
  }
}

async function fill(instance: DuckDbInstance): Promise<void> {
  await instance.ensureDatabase("shop")
  const connection = await instance.connect()
  await connection.run(`CREATE SCHEMA shop.public; CREATE TABLE shop.public.orders AS
    SELECT i AS id, (i % 1000)::INTEGER AS customer_id, (i / 7)::DECIMAL(12,2) AS amount, now() + to_seconds(i) AS placed_at
    FROM range(${rows}) numbers(i); ALTER TABLE shop.public.orders ADD PRIMARY KEY (id)`)
  connection.closeSync()
}

async function withPort<T>(
  bench: Bench,
  instance: DuckDbInstance,
  run: (client: pg.Client, connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const store = await openStore(bench.url)
  const users = await openSqlUsers({ store: store.sqlUsers, configured, onRefreshError: () => undefined })
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const listen = { host: "127.0.0.1", port: 0 }
  const port = await startSqlPort({
    listen,
    configured,
    users,
    log: silent,
    engine: await openDuckDbQueries({ instance, users, log: silent, isReplicated: () => true }),
  })
  const client = new pg.Client({
    host: listen.host,
    port: port.port,
    user: "analyst",
    password: "bench",
    database: "shop",
  })
  const connection = await instance.connect()
  try {
    await client.connect()
    return await run(client, connection)
  } finally {
    connection.closeSync()
    await client.end()
    await port.close(1000)
    users.stop()
    await store.close()
  }
}

async function compare(bench: Bench, client: pg.Client, connection: DuckDBConnection): Promise<Figures> {
  const runs: { port: number; inProcess: number; ratio: number; reportRatio: number }[] = []
  const [look, sum] = [await connection.prepare(lookUp), await connection.prepare(report)]
  const inside = (prepared: typeof look) => async (id: number) => {
    prepared.bindInteger(1, id)
    await (await prepared.run()).getRows()
  }
  const outside = (name: string, text: string) => async (id: number) =>
    void (await client.query({ name, text, values: [id] }))
  for (let i = 1; i <= bench.runs; i++) {
    bench.say(`SQL port, run ${i} of ${bench.runs}`)
    const port = await median(outside("look", lookUp), rounds)
    const inProcess = await median(inside(look), rounds)
    const reportRatio = (await median(outside("sum", report), 20)) / (await median(inside(sum), 20))
    runs.push({ port, inProcess, ratio: port / inProcess, reportRatio })
  }
  return {
    sql_roundtrip_p50_ms: figure(runs.map(({ port }) => port)),
    sql_in_process_p50_ms: figure(runs.map(({ inProcess }) => inProcess)),
    sql_roundtrip_ratio: figure(runs.map(({ ratio }) => ratio)),
    sql_report_ratio: figure(runs.map(({ reportRatio }) => reportRatio)),
  }
}

async function median(run: (id: number) => Promise<void>, count: number): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const startMs = performance.now()
    await run((i * 7919) % rows)
    times.push(performance.now() - startMs)
  }
  return times.sort((a, b) => a - b)[count >> 1] ?? Number.NaN
}
