import { rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { BatchWriteItemCommand, CreateTableCommand } from "@aws-sdk/client-dynamodb"
import { type RunningDynamoDb, startDynamoDb } from "../test/support/dynamodb/server.ts"
import { startPipelineChild } from "./children.ts"
import { type Bench, dynamoDbNames, type Figures, figure } from "./figures.ts"
import { lagsWhile, percentile } from "./latency.ts"

const table = "carts"
const seededItems = 200_000
const wantedPerSecond = 5_000
const writers = 8
/** What BatchWriteItem takes. */
const batchItems = 25

/** DynamoDB Local: 200,000 items seeded and copied, then 5,000 writes a second, or all that it takes. */
export async function measureDynamoDb(bench: Bench): Promise<Figures> {
  if (!bench.wants(...dynamoDbNames)) return {}
  const server = await startDynamoDb()
  try {
    const items = Math.min(seededItems, bench.rows)
    bench.say(`DynamoDB Local: seeding ${items.toLocaleString("en-US")} items`)
    await seed(server, items)
    const folder = join(bench.folder, "dynamodb")
    await rm(folder, { recursive: true, force: true })
    const startedMs = Date.now()
    const child = startPipelineChild(folder, server.db.endpoint.replace("http:", "dynamodb:"), [table])
    const { atMs } = await child.next("copyDone")
    const lags: number[][] = []
    const rates: number[] = []
    for (let i = 1; i <= bench.runs; i++) {
      bench.say(
        `DynamoDB Local, run ${i} of ${bench.runs}: ${wantedPerSecond.toLocaleString("en-US")} writes/s`,
      )
      lags.push(
        await lagsWhile(child, async () => {
          rates.push(await write(server, items, bench.seconds))
        }),
      )
    }
    await child.stop()
    return {
      snapshot_dynamodb_items_per_second: figure([(items / (atMs - startedMs)) * 1000]),
      dynamodb_writes_per_second: figure(rates, `${wantedPerSecond}, or all that it takes`),
      dynamodb_lag_p99_ms: figure(
        lags.map((run) => percentile(run, 0.99)),
        "<= 3000",
      ),
    }
  } finally {
    await server.stop()
  }
}

async function seed(server: RunningDynamoDb, items: number): Promise<void> {
  await server.db.client.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  )
  let next = 0
  const writer = async () => {
    for (let from = next; from < items; from = next) {
      next += batchItems
      await put(
        server,
        Array.from({ length: Math.min(batchItems, items - from) }, (_, at) => from + at),
      )
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
}

async function put({ db }: RunningDynamoDb, ids: readonly number[]): Promise<void> {
  const requests = ids.map((id) => ({
    PutRequest: {
      Item: {
        id: { N: String(id) },
        owner: { S: `owner ${id % 1000}` },
        total: { N: (id / 100).toFixed(2) },
        at: { N: String(Date.now()) },
      },
    },
  }))
  await db.client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }))
}

/** Overwrites random items at the wanted rate or below; how many a second it was. */
async function write(server: RunningDynamoDb, items: number, seconds: number): Promise<number> {
  const startedMs = performance.now()
  const endMs = startedMs + seconds * 1000
  let written = 0
  const writer = async () => {
    while (performance.now() < endMs) {
      const dueMs = startedMs + (written / wantedPerSecond) * 1000
      await delay(Math.max(0, dueMs - performance.now()))
      written += batchItems
      const ids = new Set(Array.from({ length: batchItems }, () => Math.floor(Math.random() * items)))
      await put(server, [...ids])
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  return (written / (performance.now() - startedMs)) * 1000
}
