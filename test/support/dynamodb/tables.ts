import { spawnSync } from "node:child_process"
import { after } from "node:test"
import { type AttributeValue, CreateTableCommand, ScanCommand } from "@aws-sdk/client-dynamodb"
import { type RunningDynamoDb, startDynamoDb, type TestDynamoDb, testKeys, testRegion } from "./server.ts"

let running: Promise<RunningDynamoDb> | undefined

after(async () => {
  const started = await running?.catch(() => undefined)
  await started?.stop()
})

export function hasJava(): boolean {
  return spawnSync("java", ["-version"]).status === 0
}

/** One server per test file: it takes seconds to start. Tables are the tests' own. */
export async function dynamoDb(): Promise<TestDynamoDb> {
  // Java's better compiler never pays in the seconds that it lives, and is more than half of its start.
  process.env.JAVA_TOOL_OPTIONS ??= "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
  running ??= startDynamoDb()
  return (await running).db
}

export interface TableShape {
  hash: "S" | "N" | "B"
  range?: "S" | "N" | "B"
  /** `undefined`: no stream. */
  view?: "NEW_AND_OLD_IMAGES" | "NEW_IMAGE" | "KEYS_ONLY" | undefined
  /** Of the keys; absent: `id` and `sort`. */
  names?: [string, string]
}

/** A call as it goes over the wire: the SDK loses some names. `operation`: `PutItem`, `Scan`. */
export async function rawCall({ endpoint }: TestDynamoDb, operation: string, body: string): Promise<string> {
  const scope = `${testKeys.accessKeyId}/20260101/${testRegion}/dynamodb/aws4_request`
  const answer = await fetch(endpoint, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${operation}`,
      "x-amz-date": "20260101T000000Z",
      // DynamoDB Local reads the key only.
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`,
    },
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${text}`)
  return text
}

/** A table with keys `id` and, where asked for, `sort`. */
export async function createTable({ client }: TestDynamoDb, name: string, shape: TableShape): Promise<void> {
  const { hash, range, view, names } = {
    view: "NEW_AND_OLD_IMAGES" as const,
    names: ["id", "sort"] as const,
    ...shape,
  }
  const attributes = [{ AttributeName: names[0], AttributeType: hash }]
  if (range !== undefined) attributes.push({ AttributeName: names[1], AttributeType: range })
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
