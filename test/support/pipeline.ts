import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { after } from "node:test"
import type { DuckDBConnection } from "@duckdb/node-api"
import pg from "pg"
import type { DatabaseOptions } from "../../src/domain/database-options.ts"
import type { Problem } from "../../src/domain/problems.ts"
import { qualifiedName, type TableSchema } from "../../src/domain/table.ts"
import type { Source, TableSelection } from "../../src/replication/contracts/source.ts"
import type { Warehouse } from "../../src/replication/contracts/warehouse.ts"
import {
  type Phase,
  type Pipeline,
  type PipelineReporter,
  startPipeline,
} from "../../src/replication/pipeline.ts"
import type { RetentionActions } from "../../src/replication/spool/retention-actions.ts"
import type { AtRest } from "../../src/replication/spool/sealing.ts"
import { openSpool } from "../../src/replication/spool/spool.ts"
import type { StreamingPipeline } from "../../src/replication/streaming.ts"
import type { Waits } from "../../src/replication/waits.ts"
import type { WriteObserver } from "../../src/replication/write-order.ts"
import { openPostgresSource } from "../../src/sources/postgres/source.ts"
import { type DuckDbInstance, openDuckDb } from "../../src/warehouses/duckdb/files/instance.ts"
import { openDuckDbWarehouse } from "../../src/warehouses/duckdb/warehouse.ts"
import { differences } from "./compare.ts"
import { removeFolder, temporaryFolder } from "./temporary-folder.ts"
import { sayOnTimeout, waitUntil } from "./wait-until.ts"

const cleanUps: (() => Promise<void>)[] = []

after(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** Where pipelines of tests go, whatever its engine. */
export interface TestHome {
  warehouse: Warehouse
  stagingPath: string
  /** Runs a query whose columns are all text. */
  read(sql: string): Promise<(string | null)[][]>
  /** The only destination database it has; absent: it has any. */
  database?: string
  /** A PostgreSQL, which has the types of a PostgreSQL source. */
  nativeTypes?: true
}

export interface TestWarehouse extends TestHome {
  instance: DuckDbInstance
  connection: DuckDBConnection
  close(): Promise<void>
}

/** A DuckDB warehouse in a folder of its own; closed and removed when the test file ends. */
export async function testWarehouse(folder?: string, memoryLimitBytes = 2 ** 30): Promise<TestWarehouse> {
  const home = folder ?? (await temporaryFolder("duckdb"))
  const path = join(home, "warehouse")
  const stagingPath = join(home, "staging")
  await mkdir(path, { recursive: true })
  await mkdir(stagingPath, { recursive: true })
  const instance = await openDuckDb({ path, stagingPath, threads: 2, memoryLimitBytes })
  const connection = await instance.connect()
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      connection.closeSync()
      await instance.close()
    })()
    return closing
  }
  cleanUps.push(async () => {
    await close()
    if (folder === undefined) await removeFolder(home)
  })
  return {
    instance,
    connection,
    stagingPath,
    warehouse: openDuckDbWarehouse(instance, stagingPath),
    read: async (sql) => (await connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][],
    close,
  }
}

/** What a pipeline has reported. */
export interface Reports {
  phases: Phase[]
  problems: Problem[]
  /** The one that is shown now. */
  problem: Problem | undefined
  /**
   * Apart from the others: a slot waits for the transactions of its whole server, and the tests share one. That another
   * test takes long is no problem of this one.
   */
  slotWaits: Problem[]
  /** Reason by qualified name. */
  failed: Map<string, string>
  /** All that was said, by qualified name. */
  reasons: Map<string, string[]>
  refused: Map<string, string>
  /** Changes and transactions that batches brought. */
  changes: number
  batches: number
  copied: string[]
  /** Ids of the tables that the selection takes, once the warehouse has them. */
  selected: ReadonlySet<string> | undefined
}

export interface TestPipeline {
  reports: Reports
  home: TestHome
  database: string
  handle: string
  lagMs(): number | undefined
  streaming: Pipeline["streaming"]
  relieve: Pipeline["relieve"]
  relief: Pipeline["relief"]
  /** Waits until everything committed so far is visible in the warehouse. */
  settle(): Promise<void>
  /** Settles, then compares tables (all of them, or those named) by full content: lines that say what differs. */
  differences(tables?: readonly string[]): Promise<string[]>
  stop(): Promise<void>
}

export interface TestPipelineOptions {
  url: string
  /** Default: a DuckDB of its own. */
  home?: TestHome
  database?: string
  select?: TableSelection
  /** Of an earlier pipeline, to go on where that one stopped (with the same home and database). */
  handle?: string
  /** Of its owner; default 1. */
  generation?: number
  observe?: WriteObserver
  relief?: RetentionActions
  atRest?: AtRest
  failoverSlots?: boolean
  /** Default: the defaults of a database. */
  options?: () => DatabaseOptions
  /** Default: `quickWaits`. */
  waits?: Partial<Waits>
  /** Put around the real ones, to make them fail. */
  around?: { source(source: Source): Source; warehouse(warehouse: Warehouse): Warehouse }
}

/** Tests wait for looks at the catalog. */
export const quickWaits = { lookEveryMs: 500 }

let pipelines = 0

const markerTable = "millrace_test_marker"

/** A pipeline from a real PostgreSQL into a real warehouse; returns when it streams. */
export async function testPipeline(options: TestPipelineOptions): Promise<TestPipeline> {
  const pipeline = await beginTestPipeline(options)
  await waitUntil(() => pipeline.reports.phases.includes("streaming"), {
    what: "the pipeline to stream",
    timeoutMs: 60_000,
    intervalMs: 5,
  })
  return pipeline
}

/** As `testPipeline`, without waiting for anything. */
export async function beginTestPipeline(options: TestPipelineOptions): Promise<TestPipeline> {
  const home = options.home ?? (await testWarehouse())
  const number = ++pipelines
  const database = options.database ?? home.database ?? `copy${number}`
  const reports = newReports()
  const url = new URL(options.url)
  const source = openPostgresSource({
    url: options.url,
    database: decodeURIComponent(url.pathname.slice(1)),
    failoverSlots: options.failoverSlots ?? false,
    acceptInvalidText: options.options?.().acceptInvalidCharacters ?? false,
    nativeTypes: home.nativeTypes ?? false,
  })
  const handle = options.handle ?? `millrace_test_${process.pid}_${number}`
  await runSql(options.url, `CREATE TABLE IF NOT EXISTS public.${markerTable} (n bigint PRIMARY KEY)`)
  const running = startPipeline({
    generation: options.generation ?? 1,
    name: `pipeline-${database}`,
    handle,
    source: options.around?.source(source) ?? source,
    warehouse: options.around?.warehouse(home.warehouse) ?? home.warehouse,
    database,
    select: (table) => table.name === markerTable || (options.select?.(table) ?? true),
    reporter: reporterInto(reports),
    observe: options.observe ?? (() => undefined),
    relief: options.relief ?? "hold",
    ...(options.options ? { settings: { options: options.options } } : {}),
    spool: () =>
      openSpool({
        folder: join(home.stagingPath, "..", "spool", database),
        limitBytes: 2 ** 30,
        compare: source.compare,
        atRest: options.atRest,
      }),
    atRest: options.atRest,
    waits: options.waits ?? quickWaits,
  })
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= running.stop()
    return stopping
  }
  cleanUps.push(async () => {
    await stop()
    await source.remove(handle).catch(() => undefined)
  })
  const settle = () => settled(options.url, home, database, reports)
  return {
    reports,
    home,
    database,
    handle,
    lagMs: running.lagMs,
    streaming: running.streaming,
    relieve: running.relieve,
    relief: running.relief,
    settle,
    async differences(tables) {
      await settle()
      return differences({ sourceUrl: options.url, read: home.read, database, ...(tables ? { tables } : {}) })
    },
    stop,
  }
}

/** Reports of a pipeline to come. Waits of the test that fail say them. */
export function newReports(): Reports {
  const reports: Reports = {
    phases: [],
    problems: [],
    problem: undefined,
    slotWaits: [],
    failed: new Map(),
    reasons: new Map(),
    refused: new Map(),
    changes: 0,
    batches: 0,
    copied: [],
    selected: undefined,
  }
  sayOnTimeout(() => describe(reports))
  return reports
}

function isSlotWait({ kind, message }: Problem): boolean {
  return kind === "sourceBusy" && message.startsWith("The source cannot make a snapshot yet.")
}

export function reporterInto(reports: Reports): PipelineReporter {
  const fail = (table: TableSchema, reason: string) => {
    const name = qualifiedName(table)
    reports.failed.set(name, reason)
    reports.reasons.set(name, [...(reports.reasons.get(name) ?? []), reason])
  }
  const refuse = (table: { schema: string; name: string; reason: string }) =>
    reports.refused.set(qualifiedName(table), table.reason)
  return {
    phase: (phase) => reports.phases.push(phase),
    problem: (problem) => {
      reports.problem = problem
      if (problem === undefined) return
      const into = isSlotWait(problem) ? reports.slotWaits : reports.problems
      into.push(problem)
    },
    snapshot: (_, refused) => refused.forEach(refuse),
    copied(table, event) {
      if (event.kind === "failed") fail(table, event.reason)
      if (event.kind === "finished") reports.copied.push(qualifiedName(table))
    },
    streaming: () => undefined,
    applied(applied) {
      reports.changes += applied.changes
      reports.batches++
    },
    stale: ({ table, reason }) => fail(table, reason),
    dropped: () => undefined,
    refused: refuse,
    incrementalSnapshotFailed: (problem) => reports.problems.push(problem),
    selecting: () => undefined,
    selected: (ids) => {
      reports.selected = ids
    },
  }
}

let markers = 0

async function settled(url: string, home: TestHome, database: string, reports: Reports): Promise<void> {
  const marker = ++markers
  await runSql(url, `INSERT INTO public.${markerTable} VALUES (${marker})`)
  await waitUntil(
    async () => {
      const [problem] = reports.problems
      if (problem !== undefined && reports.phases.at(-1) === "waiting") return problem
      const found = await home.read(
        `SELECT n::VARCHAR FROM "${database}".public.${markerTable} WHERE n = ${marker}`,
      )
      return found.length > 0
    },
    { what: "what was committed to be visible", timeoutMs: 60_000, intervalMs: 5 },
  )
  const last = reports.problems.at(-1)
  if (last !== undefined && reports.phases.at(-1) === "waiting") throw last
}

const toldOfEach = 6

function describe({ phases, problems, copied, failed, batches }: Reports): string {
  const last = (all: readonly string[]) => all.slice(-toldOfEach).join(" | ") || "none"
  const parts = [
    `phases: ${last(phases)}`,
    `problems (${problems.length}): ${last(problems.map(({ message }) => message))}`,
    `copied (${copied.length}): ${last(copied)}`,
    `failed (${failed.size}): ${last([...failed].map(([table, reason]) => `${table}: ${reason}`))}`,
    `batches: ${batches}`,
  ]
  return `a pipeline reported ${parts.join(", ")}`
}

/**
 * The pipeline's stream, once there is one: between two attempts there is none, as when rows that came in binary are read again
 * as text.
 */
export async function streamOf({ streaming }: Pick<TestPipeline, "streaming">): Promise<StreamingPipeline> {
  return await waitUntil(async () => streaming(), { what: "a stream", timeoutMs: 60_000, intervalMs: 5 })
}

/** Runs statements on a connection of their own, in one go unless they are several queries. */
export async function runSql(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
