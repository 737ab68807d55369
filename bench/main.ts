import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { cpus, tmpdir, totalmem } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import pg from "pg"
import { startEmbeddedPostgres } from "../src/embedded-postgres/server.ts"
import { measureDescribe } from "./describe.ts"
import { measureDynamoDb } from "./dynamodb.ts"
import { measureExtremes } from "./extremes.ts"
import { type Bench, benchNames, type Figures } from "./figures.ts"
import { measureGoverned } from "./governed/governed.ts"
import { measureLatency } from "./latency.ts"
import { measureMysql } from "./mysql.ts"
import { measureMysqlLatency } from "./mysql-latency.ts"
import { measurePostgresWarehouse } from "./postgres-warehouse.ts"
import { measurePostgresWarehouseLags } from "./postgres-warehouse-lags.ts"
import { measureSqlPort } from "./sql-port.ts"
import { measureThroughput } from "./throughput.ts"

/** `npm run bench [-- --rows N --changes N --runs N --only NAME,… --json FILE]`; see bench/README.md. */
const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "3000000" },
    changes: { type: "string", default: "2500000" },
    runs: { type: "string", default: "3" },
    seconds: { type: "string", default: "20" },
    only: { type: "string" },
    json: { type: "string" },
  },
})

const only = new Set(values.only?.split(",") ?? benchNames)
const unknown = [...only].filter((name) => !benchNames.some((known) => known === name))
if (unknown.length > 0) {
  process.stderr.write(
    `bench: there is no figure ${unknown.join(", ")}; there are ${benchNames.join(", ")}\n`,
  )
  process.exit(2)
}

const startedMs = performance.now()
const folder = await mkdtemp(join(tmpdir(), "millrace bench "))
const settings = {
  shared_buffers: "512MB",
  max_wal_size: "8GB",
  checkpoint_timeout: "30min",
  autovacuum: "off",
  max_replication_slots: "80",
  max_wal_senders: "80",
  // The reader that throws everything away never answers.
  wal_sender_timeout: "0",
}
const server = await startEmbeddedPostgres({ folder: join(folder, "source"), settings })
try {
  const admin = new pg.Client({ connectionString: server.url() })
  await admin.connect()
  await admin.query("CREATE DATABASE bench")
  await admin.end()
  const bench: Bench = {
    folder,
    url: server.url("bench"),
    rows: Number(values.rows),
    changes: Number(values.changes),
    runs: Number(values.runs),
    seconds: Number(values.seconds),
    wants: (...names) => names.some((name) => only.has(name)),
    say: (line) => void process.stdout.write(`[${elapsed()}] ${line}\n`),
  }
  bench.say(
    `${cpus().length} cores (${cpus()[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, PostgreSQL embedded`,
  )
  const figures: Figures = {
    ...(await measureThroughput(bench)),
    ...(await measurePostgresWarehouse(bench)),
    ...(await measurePostgresWarehouseLags(bench)),
    ...(await measureMysql(bench)),
    ...(await measureMysqlLatency(bench)),
    ...(await measureDynamoDb(bench)),
    ...(await measureLatency(bench)),
    ...(await measureExtremes(bench)),
    ...(await measureSqlPort(bench)),
    ...(await measureDescribe(bench)),
    ...(await measureGoverned(bench)),
  }
  printTable(figures)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`)
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}

function printTable(figures: Figures): void {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  say("")
  for (const [name, figure] of Object.entries(figures)) {
    const bar = figure.bar === undefined ? "" : `  bar ${figure.bar}`
    say(
      `${name.padEnd(28)} ${String(round(figure.value)).padStart(10)}${bar}  runs ${figure.runs.map(round).join(" ")}`,
    )
  }
}

/** Minutes and seconds. */
function elapsed(): string {
  const seconds = Math.floor((performance.now() - startedMs) / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}`
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 100) / 100
}
