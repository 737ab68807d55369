import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { type AttributeValue, DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb"
import { type Pipeline, startPipeline } from "../../src/replication/pipeline.ts"
import type { Source } from "../../src/replication/source.ts"
import { openDynamoDbSource } from "../../src/sources/dynamodb/source.ts"
import { createTable, dynamoDb, hasJava, scanAll, type TableShape } from "../support/dynamodb.ts"
import { type TestDynamoDb, testKeys, testRegion } from "../support/dynamodb-server.ts"
import {
  newReports,
  type Reports,
  reporterInto,
  type TestWarehouse,
  testWarehouse,
} from "../support/pipeline.ts"
import { waitUntil } from "../support/wait-until.ts"

export const skip = hasJava() ? false : "DynamoDB Local needs Java"

export type Item = Record<string, AttributeValue>

export interface Fixture {
  db: TestDynamoDb
  table: string
  home: TestWarehouse
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

let tables = 0

export async function fixture(
  context: TestContext,
  shape: TableShape,
  unnest: string[] = [],
): Promise<Fixture> {
  const db = await dynamoDb()
  const table = `carts${++tables}`
  await createTable(db, table, shape)
  const home = await testWarehouse()
  const reports = newReports()
  const source = openDynamoDbSource({
    tableName: table,
    region: testRegion,
    endpoint: db.endpoint,
    credentials: testKeys,
    unnest,
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
    home,
    reports,
    source,
    pipeline: current,
    async start() {
      await pipeline?.stop()
      pipeline = startPipeline({
        name: `pipeline-${table}`,
        handle: table,
        source,
        warehouse: home.warehouse,
        database: table,
        select: () => true,
        reporter: reporterInto(reports),
        observe: () => undefined,
      })
    },
    put: async (item) => void (await db.client.send(new PutItemCommand({ TableName: table, Item: item }))),
    remove: async (key) => void (await db.client.send(new DeleteItemCommand({ TableName: table, Key: key }))),
    async settle() {
      await waitUntil(() => reports.copied.length > 0 && current().streaming() !== undefined, {
        what: `the copy (${reports.problems.map((one) => one.message)})`,
        timeoutMs: 60_000,
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

export async function inWarehouse({ home, table }: Fixture): Promise<string[]> {
  const rows = await home.read(`SELECT value::VARCHAR FROM "${table}".public."${table}"`)
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

/** DynamoDB promises no time by which a write is in the stream. */
export async function assertEqual(under: Fixture): Promise<void> {
  await under.settle()
  const differing = async () => {
    const [there, here] = [await inWarehouse(under), await atSource(under)]
    const lines = [
      ...here.filter((one) => !there.includes(one)).map((one) => `missing ${one}`),
      ...there.filter((one) => !here.includes(one)).map((one) => `surplus ${one}`),
    ]
    return here.length === there.length ? lines : [...lines, `${there.length} rows instead of ${here.length}`]
  }
  let last: string[] = []
  await waitUntil(
    async () => {
      last = await differing()
      return last.length === 0
    },
    { what: "equal content", timeoutMs: 20_000, intervalMs: 200 },
  ).catch((error) => {
    throw new Error(
      `${error.message}: ${last.length} lines, ${last.slice(0, 5).join("; ").slice(0, 500)} (${JSON.stringify({ ...under.reports, problems: under.reports.problems.map(String), failed: [...under.reports.failed] })})`,
    )
  })
}
