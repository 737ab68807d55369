import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { type AttributeValue, DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb"
import type { Source } from "../../../src/replication/contracts/source.ts"
import type { Warehouse } from "../../../src/replication/contracts/warehouse.ts"
import { type Pipeline, startPipeline } from "../../../src/replication/pipeline.ts"
import { openDynamoDbSource } from "../../../src/sources/dynamodb/source.ts"
import { type TestDynamoDb, testKeys, testRegion } from "../../support/dynamodb/server.ts"
import { createTable, dynamoDb, hasJava, scanAll, type TableShape } from "../../support/dynamodb/tables.ts"
import {
  newReports,
  type Reports,
  reporterInto,
  type TestHome,
  testWarehouse,
} from "../../support/pipeline.ts"
import { waitUntil } from "../../support/wait-until.ts"

export const skip = hasJava() ? false : "DynamoDB Local needs Java"

export type Item = Record<string, AttributeValue>

export interface Fixture {
  db: TestDynamoDb
  table: string
  /** The destination database. */
  database: string
  home: TestHome
  reports: Reports
  source: Source
  pipeline(): Pipeline
  /** Starts it, or starts it again where it stopped. */
  start(): Promise<void>
  put(item: Item): Promise<void>
  remove(key: Item): Promise<void>
  /** Waits until the warehouse has everything written so far. */
  settle(): Promise<void>
}

export interface FixtureOptions {
  unnest?: string[]
  home?: TestHome
  /** Where the pipeline finds the server, when not where it is. */
  endpoint?: string
  /** Put around the real ones, to make them fail. */
  around?: { source(source: Source): Source; warehouse(warehouse: Warehouse): Warehouse }
}

let tables = 0

export async function fixture(
  context: TestContext,
  /** Of a table of its own, or one that is there. */
  shape: TableShape | { table: string },
  options: FixtureOptions = {},
): Promise<Fixture> {
  const db = await dynamoDb()
  const table = "table" in shape ? shape.table : `carts${++tables}`
  if (!("table" in shape)) await createTable(db, table, shape)
  const home = options.home ?? (await testWarehouse())
  const reports = newReports()
  const source = openDynamoDbSource({
    tableName: table,
    region: testRegion,
    endpoint: options.endpoint ?? db.endpoint,
    credentials: testKeys,
    unnest: options.unnest ?? [],
  })
  let pipeline: Pipeline | undefined
  const current = () => {
    if (pipeline === undefined) throw new Error("not started")
    return pipeline
  }
  context.after(() => pipeline?.stop())
  return {
    db,
    table,
    database: home.database ?? table,
    home,
    reports,
    source,
    pipeline: current,
    async start() {
      await pipeline?.stop()
      pipeline = startPipeline({
        generation: 1,
        name: `pipeline-${table}`,
        handle: table,
        source: options.around?.source(source) ?? source,
        warehouse: options.around?.warehouse(home.warehouse) ?? home.warehouse,
        database: home.database ?? table,
        select: () => true,
        reporter: reporterInto(reports),
        observe: () => undefined,
      })
    },
    put: async (item) => void (await db.client.send(new PutItemCommand({ TableName: table, Item: item }))),
    remove: async (key) => void (await db.client.send(new DeleteItemCommand({ TableName: table, Key: key }))),
    async settle() {
      await waitUntil(() => reports.copied.length > 0 && current().streaming() !== undefined, {
        what: "the copy",
        timeoutMs: 60_000,
      }).catch((error) => {
        throw new Error(`${error.message}: ${shown(reports)}`)
      })
      const streaming = current().streaming()
      if (streaming === undefined) throw new Error("not streaming")
      const target = await streaming.currentPosition()
      assert.ok(
        await streaming.reached(target, 20_000),
        `not reached: ${target}, but ${streaming.visible()} (${reports.problems.map((one) => `${one.message} ${String(one.cause)}`)}; ${reports.phases}; ${JSON.stringify([...reports.failed])})`,
      )
    },
  }
}

/** What the table holds, in a form of the test's own: attributes in order, members of sets in order. */
export async function atSource({ db, table }: Fixture): Promise<string[]> {
  return (await scanAll(db, table)).map((item) => JSON.stringify(plain({ M: item }))).sort()
}

export async function inWarehouse({ home, table, database }: Fixture): Promise<string[]> {
  const rows = await home.read(`SELECT value::VARCHAR FROM "${database}".public."${table}"`)
  return rows.map(([text]) => JSON.stringify(ordered(JSON.parse(text ?? "")))).sort()
}

function plain(value: AttributeValue): unknown {
  const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")
  if (value.M !== undefined)
    return Object.fromEntries(
      Object.entries(value.M)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, one]) => [name, one.M === undefined ? plain(one) : { M: plain(one) }]),
    )
  if (value.L !== undefined)
    return { L: value.L.map((one) => (one.M === undefined ? plain(one) : { M: plain(one) })) }
  if (value.B !== undefined) return { B: b64(value.B) }
  if (value.BS !== undefined) return { BS: value.BS.map(b64).sort() }
  if (value.SS !== undefined) return { SS: [...value.SS].sort() }
  if (value.NS !== undefined) return { NS: [...value.NS].sort() }
  return value
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, ordered(one)]),
  )
}

/** Waits until the warehouse has what the table holds; else what differs. DynamoDB promises no time by which a write is in the stream. */
export async function differences(under: Fixture): Promise<string[]> {
  await under.settle()
  let last: string[] = []
  const isEqual = async () => {
    const [there, here] = [await inWarehouse(under), await atSource(under)]
    last = [
      ...here.filter((one) => !there.includes(one)).map((one) => `missing ${one}`),
      ...there.filter((one) => !here.includes(one)).map((one) => `surplus ${one}`),
    ]
    if (here.length !== there.length) last.push(`${there.length} rows instead of ${here.length}`)
    return last.length === 0
  }
  try {
    await waitUntil(isEqual, { what: "equal content", timeoutMs: 60_000, intervalMs: 200 })
  } catch (error) {
    if (last.length === 0) throw error
  }
  return last
}

export async function assertEqual(under: Fixture): Promise<void> {
  const lines = await differences(under)
  assert.deepEqual(lines.slice(0, 5), [], `${lines.length} lines; ${shown(under.reports)}`)
}

function shown(reports: Reports): string {
  return JSON.stringify({ ...reports, problems: reports.problems.map(String), failed: [...reports.failed] })
}
