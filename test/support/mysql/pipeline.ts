import { after } from "node:test"
import type { Source, TableSelection } from "../../../src/replication/contracts/source.ts"
import type { Warehouse } from "../../../src/replication/contracts/warehouse.ts"
import { type Pipeline, startPipeline } from "../../../src/replication/pipeline.ts"
import { openMysqlSource } from "../../../src/sources/mysql/source.ts"
import {
  newReports,
  quickWaits,
  type Reports,
  reporterInto,
  type TestHome,
  testWarehouse,
} from "../pipeline.ts"
import { waitUntil } from "../wait-until.ts"
import { mysqlDifferences } from "./compare.ts"
import type { MysqlServer } from "./server.ts"

const cleanUps: (() => Promise<void>)[] = []

after(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

export interface MysqlPipeline {
  reports: Reports
  home: TestHome
  database: string
  handle: string
  source: Source
  streaming: Pipeline["streaming"]
  /** Waits until everything committed so far is visible in the warehouse. */
  settle(): Promise<void>
  /** Settles until the tables of these schemas are equal by full content; gives what still differs after that. */
  differences(schemas: readonly string[]): Promise<string[]>
  stop(): Promise<void>
}

export interface MysqlPipelineOptions {
  server: MysqlServer
  select: TableSelection
  /** Of an earlier pipeline, to go on where that one stopped. */
  continues?: MysqlPipeline
  /** Other than the server's own. */
  url?: string
  home?: TestHome
  /** Put around the real ones, to make them fail. */
  around?: { source(source: Source): Source; warehouse(warehouse: Warehouse): Warehouse }
}

let pipelines = 0

/** A pipeline from a real server into a real warehouse, a DuckDB unless `home` is another; returns when it streams. */
export async function mysqlPipeline(options: MysqlPipelineOptions): Promise<MysqlPipeline> {
  const pipeline = await beginMysqlPipeline(options)
  await waitUntil(() => pipeline.streaming() !== undefined, {
    what: "the pipeline to stream",
    timeoutMs: 60_000,
    intervalMs: 5,
  })
  return pipeline
}

/** As `mysqlPipeline`, without waiting for anything. */
export async function beginMysqlPipeline(options: MysqlPipelineOptions): Promise<MysqlPipeline> {
  const { server, select, continues, around } = options
  const number = ++pipelines
  const home = continues?.home ?? options.home ?? (await testWarehouse())
  const database = continues?.database ?? home.database ?? `copy${number}`
  const handle = continues?.handle ?? `millrace_mysql_${process.pid}_${number}`
  const source = openMysqlSource({ url: options.url ?? server.url })
  const reports = newReports()
  const running = startPipeline({
    generation: 1,
    name: `pipeline-${database}`,
    handle,
    source: around?.source(source) ?? source,
    warehouse: around?.warehouse(home.warehouse) ?? home.warehouse,
    database,
    select,
    reporter: reporterInto(reports),
    observe: () => undefined,
    waits: quickWaits,
  })
  const stop = () => running.stop()
  cleanUps.push(stop)
  const settled = async () => {
    const target = await source.currentPosition()
    await waitUntil(async () => await running.streaming()?.reached(target, 500), {
      what: "what was committed to be visible",
      timeoutMs: 60_000,
      intervalMs: 5,
    })
  }
  const settle = () => server.orDeath(settled())
  return {
    reports,
    home,
    database,
    handle,
    source,
    streaming: running.streaming,
    settle,
    async differences(schemas) {
      await settle()
      let found: string[] = []
      await waitUntil(
        async () => {
          found = await mysqlDifferences(server, { read: home.read, database, schemas })
          return found.length === 0
        },
        // A table that no event tells of is found by the look at the catalog, which is slow where the machine is.
        { what: "tables to be equal", timeoutMs: 60_000, intervalMs: 200 },
      ).catch((error: Error) => {
        if (found.length === 0) throw error
      })
      return found
    },
    stop,
  }
}
