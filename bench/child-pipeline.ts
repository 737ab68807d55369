import { once } from "node:events"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import type { Applied } from "../src/replication/batch/apply-loop.ts"
import type { Source } from "../src/replication/contracts/source.ts"
import type { Warehouse } from "../src/replication/contracts/warehouse.ts"
import { type PipelineReporter, startPipeline } from "../src/replication/pipeline.ts"
import { openDynamoDbSource } from "../src/sources/dynamodb/source.ts"
import { openMysqlSource } from "../src/sources/mysql/source.ts"
import { openPostgresSource } from "../src/sources/postgres/source.ts"
import { openDuckDb } from "../src/warehouses/duckdb/files/instance.ts"
import { openDuckDbWarehouse } from "../src/warehouses/duckdb/warehouse.ts"
import { openPostgresWarehouse } from "../src/warehouses/postgres/warehouse.ts"
import { testKeys, testRegion } from "../test/support/dynamodb/server.ts"

/** What the bench asks of the process that runs a pipeline, and what that answers. Sent over the child's channel. */
export type Request = { kind: "query"; sql: string } | { kind: "usage" } | { kind: "stop" }

export type Report =
  | { kind: "starting"; atMs: number }
  | { kind: "streaming"; atMs: number }
  | { kind: "copyDone"; atMs: number }
  | { kind: "applied"; atMs: number; changes: number; transactions: number; firstCommittedAtMs: number }
  | { kind: "problem"; message: string }
  | { kind: "rows"; rows: unknown[][] }
  | { kind: "usage"; cpuMs: number; peakRssMb: number; rssMb: number }

const [folder = "", url = "", tables = "", count = "1", warehouseUrl = ""] = process.argv.slice(2)

const send = (report: Report) => void process.send?.(report)

const quiet = () => undefined
const reporter: PipelineReporter = {
  phase: (phase) =>
    (phase === "starting" || phase === "streaming") && send({ kind: phase, atMs: Date.now() }),
  problem: (problem) => problem && send({ kind: "problem", message: problem.message }),
  applied: ({ changes, transactions, firstCommittedAtMs = 0 }: Applied) =>
    send({ kind: "applied", atMs: Date.now(), changes, transactions, firstCommittedAtMs }),
  copied: (_, event) => event.kind === "finished" && send({ kind: "copyDone", atMs: Date.now() }),
  stale: ({ reason }) => send({ kind: "problem", message: reason }),
  refused: ({ reason }) => send({ kind: "problem", message: reason }),
  incrementalSnapshotFailed: (problem) => send({ kind: "problem", message: problem.message }),
  snapshot: quiet,
  streaming: quiet,
  dropped: quiet,
  selecting: () => undefined,
  selected: () => undefined,
}

function sourceOf(url: string): Source {
  if (url.startsWith("mysql:")) return openMysqlSource({ url })
  if (url.startsWith("dynamodb:"))
    return openDynamoDbSource({
      tableName: tables,
      region: testRegion,
      endpoint: url.replace("dynamodb:", "http:"),
      credentials: testKeys,
      unnest: [],
    })
  return openPostgresSource({
    url,
    database: new URL(url).pathname.slice(1),
    nativeTypes: warehouseUrl !== "",
  })
}

const path = join(folder, "warehouse")
const stagingPath = join(folder, "staging")
await mkdir(path, { recursive: true })
await mkdir(stagingPath, { recursive: true })
const wanted = new Set(tables.split(","))
const { warehouse, query, close } = warehouseUrl === "" ? await openDuckDbHere() : openPostgresThere()

interface Opened {
  warehouse: Warehouse
  query(sql: string): Promise<unknown[][]>
  close(): Promise<void>
}

async function openDuckDbHere(): Promise<Opened> {
  const instance = await openDuckDb({ path, stagingPath, threads: 2, memoryLimitBytes: 4 * 2 ** 30 })
  return {
    warehouse: openDuckDbWarehouse(instance, stagingPath),
    async query(sql) {
      const connection = await instance.connect()
      const result = await connection.runAndReadAll(sql)
      connection.closeSync()
      return result.getRowsJson() as unknown[][]
    },
    close: () => instance.close(),
  }
}

function openPostgresThere(): Opened {
  const inDatabase = new URL(warehouseUrl)
  inDatabase.pathname = "/bench"
  return {
    warehouse: openPostgresWarehouse({ url: warehouseUrl, layout: "databases", stagingPath }),
    async query(sql) {
      const client = new pg.Client({ connectionString: inDatabase.href })
      await client.connect()
      const { rows } = await client.query<unknown[]>({ text: sql, rowMode: "array" })
      await client.end()
      return rows
    },
    close: async () => undefined,
  }
}

const pipelines = Array.from({ length: Number(count) }, (_, index) => {
  const suffix = index === 0 ? "" : `_${index}`
  return startPipeline({
    generation: 1,
    name: `bench${suffix}`,
    handle: `millrace_bench${suffix}`,
    source: sourceOf(url),
    warehouse,
    database: `bench${suffix}`,
    select: (table) => wanted.has(table.name),
    reporter,
    observe: quiet,
  })
})

process.on("message", async (request: Request) => {
  switch (request.kind) {
    case "query":
      return send({ kind: "rows", rows: await query(request.sql) })
    case "usage": {
      const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
      const rssMb = process.memoryUsage.rss() / 2 ** 20
      return send({
        kind: "usage",
        cpuMs: (userCPUTime + systemCPUTime) / 1000,
        peakRssMb: maxRSS / 1024,
        rssMb,
      })
    }
    case "stop":
      await Promise.all(pipelines.map((pipeline) => pipeline.stop()))
      await close()
      process.disconnect()
  }
})
await once(process, "disconnect")
