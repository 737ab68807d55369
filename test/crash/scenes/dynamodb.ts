import type { TestContext } from "node:test"
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb"
import {
  CreateIntegrationCommand,
  DescribeIntegrationsCommand,
  RedshiftClient,
} from "@aws-sdk/client-redshift"
import { atEnd } from "../../e2e/clean-up.ts"
import {
  accessKeyId,
  account,
  newPlace,
  type Place,
  region,
  secretAccessKey,
  targetArn,
} from "../../e2e/place.ts"
import { ask, assertSameRows } from "../../e2e/warehouse.ts"
import { randomFrom, rowMarker } from "../../e2e/workload.ts"
import { startWriting, type Workload, weighted } from "../../e2e/writing.ts"
import { type TestDynamoDb, testKeys } from "../../support/dynamodb/server.ts"
import { createTable, dynamoDb, scanAll } from "../../support/dynamodb/tables.ts"
import { waitUntil } from "../../support/wait-until.ts"
import type { Scene } from "../random-kills.ts"
import { ownDatabase, type SceneWarehouse } from "./warehouses.ts"

const table = "carts"
const sourceArn = `arn:aws:dynamodb:${region}:${account}:table/${table}`
const keys = 400

/** A step's number in every item that it writes: an older state shows. */
function startLoad(context: TestContext, { client }: TestDynamoDb, seed: number): Workload {
  const random = randomFrom(seed)
  let number = 0
  const key = () => ({
    cart: { S: `cart ${Math.floor(random() * 20)}` },
    line: { N: String(Math.floor(random() * (keys / 20))) },
  })
  const item = () => ({ ...keyOf(key()), step: { N: String(number) }, note: { S: rowMarker } })
  const keyOf = ({ cart, line }: ReturnType<typeof key>) => ({ id: cart, sort: line })
  const put = () => client.send(new PutItemCommand({ TableName: table, Item: item() }))
  const remove = () => client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(key()) }))
  const many = () => {
    const items = new Map(Array.from({ length: 25 }, item).map((one) => [`${one.id.S} ${one.sort.N}`, one]))
    const requests = [...items.values()].map((Item) => ({ PutRequest: { Item } }))
    return client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }))
  }
  const steps = [
    [60, put],
    [25, remove],
    [5, many],
  ] as const
  const step = async () => {
    number++
    await weighted<() => Promise<unknown>>(random, steps)()
    return true
  }
  return startWriting(context, step, 2, () => undefined)
}

/** What an attribute's value is in the warehouse, as text. */
const attributeOf = (place: Place, name: string, type: string) =>
  place.warehouseUrl === undefined ? `value."${name}"."${type}"::varchar` : `value -> '${name}' ->> '${type}'`

export async function dynamoDbScene(context: TestContext, into: SceneWarehouse): Promise<Scene> {
  const db = await dynamoDb()
  await createTable(db, table, { hash: "S", range: "N" })
  atEnd(context, () => db.client.send(new DeleteTableCommand({ TableName: table })))
  const service = {
    arn: sourceArn,
    engine: "dynamodb",
    endpoint: db.endpoint,
    access_key_id: testKeys.accessKeyId,
    secret_access_key: testKeys.secretAccessKey,
  }
  const { database, integration } = ownDatabase(table)
  const { warehouseUrl } = await into.open(context, database)
  const place = await newPlace(context, { sources: [], services: [service], warehouseUrl })
  const api = new RedshiftClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  })
  const status = async () => (await api.send(new DescribeIntegrationsCommand({}))).Integrations?.[0]?.Status
  const here = async () =>
    (await scanAll(db, table)).map(({ id, sort, step, note }) => [
      id?.S ?? "",
      sort?.N ?? "",
      step?.N ?? "",
      note?.S ?? "",
    ])
  const there = () =>
    ask(
      place,
      database,
      `SELECT id, sort::int, ${attributeOf(place, "step", "N")}, ${attributeOf(place, "note", "S")} FROM public.${table}`,
    )
  const create = { SourceArn: sourceArn, TargetArn: targetArn, IntegrationName: integration }
  return {
    place,
    createIntegration: () => api.send(new CreateIntegrationCommand(create)),
    active: () =>
      waitUntil(async () => (await status()) === "active", {
        what: "active",
        timeoutMs: 60_000,
        intervalMs: 50,
      }),
    startLoad: (seed) => startLoad(context, db, seed),
    // DynamoDB promises no time by which a write is in the stream.
    async assertEqual() {
      const source = await here()
      const isEqual = async () => {
        assertSameRows(table, source, await there())
        return true
      }
      await waitUntil(isEqual, { what: "equal content", timeoutMs: 60_000, intervalMs: 200 })
    },
  }
}
