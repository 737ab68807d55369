import type { CloudPlace, DemoSource, Shop } from "../source.ts"
import { makeCarts, tableName } from "./carts.ts"
import { inPostgres, openScan, statement } from "./question.ts"
import { clientOf, keys, missing, startDynamoDbLocal } from "./server.ts"
import { newTraffic } from "./traffic.ts"

export const dynamoDbDemo: DemoSource = {
  name: "DynamoDB",
  usualRows: 10_000,
  // What `verify` takes of a table.
  mostRows: 1_000_000,
  missing,
  start,
}

async function start(folder: string, totalRows: number, place: CloudPlace): Promise<Shop> {
  const { port, stop } = await startDynamoDbLocal(folder, place)
  const client = clientOf(port, place)
  const endpoint = `http://127.0.0.1:${port}`
  const environment = `AWS_ACCESS_KEY_ID=${keys.accessKeyId} AWS_SECRET_ACCESS_KEY=${keys.secretAccessKey}`
  return {
    server: "DynamoDB Local",
    port,
    tables: "1 table",
    entry: {
      arn: `arn:aws:dynamodb:${place.region}:${place.account}:table/${tableName}`,
      engine: "dynamodb",
      endpoint,
      access_key_id: keys.accessKeyId,
      secret_access_key: keys.secretAccessKey,
      unnest: ["status", "total"],
    },
    creation: { api: "redshift" },
    seed: () => makeCarts(client, totalRows),
    traffic: newTraffic(client, totalRows),
    question: {
      statement,
      inPostgres,
      atSource: "DynamoDB adds nothing up: every item is read, and counted here.",
      openSource: async () => openScan(client),
    },
    hints: {
      change: `${environment} aws --region ${place.region} --endpoint-url ${endpoint} dynamodb put-item --table-name ${tableName} --item '{"id":{"N":"0"},"status":{"S":"new"},"total":{"N":"12.5"}}'`,
      statement: `select status, count(*), sum(total::decimal(14,2)) from ${tableName} group by 1`,
    },
    async stop() {
      client.destroy()
      await stop()
    },
  }
}
