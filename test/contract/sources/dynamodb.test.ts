import assert from "node:assert/strict"
import { test } from "node:test"
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  ListTablesCommand,
  PutItemCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb"
import { GetRecordsCommand } from "@aws-sdk/client-dynamodb-streams"
import { readTable } from "../../../src/sources/dynamodb/catalog.ts"
import { openClients } from "../../../src/sources/dynamodb/client.ts"
import type { ShardPlace } from "../../../src/sources/dynamodb/position.ts"
import { endIterators, newShardReader } from "../../../src/sources/dynamodb/shard-reader.ts"
import { listShards } from "../../../src/sources/dynamodb/shards.ts"
import { openDynamoDbSource } from "../../../src/sources/dynamodb/source.ts"
import { type TestDynamoDb, testKeys, testRegion } from "../../support/dynamodb/server.ts"
import { createTable, dynamoDb, hasJava } from "../../support/dynamodb/tables.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { describeSource } from "./source.ts"
import type { SourceTraits, SourceUnderTest } from "./source-under-test.ts"

const traits: SourceTraits = {
  copies: "beside the stream",
  transactions: "of a read",
  tables: "one",
  // Items have whatever attributes they have.
  alteration: "none",
  // DynamoDB keeps its 24 hours for everybody.
  removal: "takes nothing",
}

const table = "orders"

/** The source is one table of the server: every case begins with an empty one. */
async function emptied({ client, endpoint }: TestDynamoDb): Promise<SourceUnderTest> {
  const { TableNames } = await client.send(new ListTablesCommand({}))
  for (const name of TableNames ?? []) await client.send(new DeleteTableCommand({ TableName: name }))
  let added: Record<string, { S: string }> = {}
  const at = (endpoint: string) =>
    openDynamoDbSource({ tableName: table, region: testRegion, endpoint, credentials: testKeys, unnest: [] })
  const source = at(endpoint)
  const itemOf = (id: number) => ({ id: { N: String(id) }, v: { S: "v" }, ...added })
  const put = (name: string, ids: readonly number[]) =>
    client.send(
      new BatchWriteItemCommand({
        RequestItems: { [name]: ids.map((id) => ({ PutRequest: { Item: itemOf(id) } })) },
      }),
    )
  const makeTable = async (name: string, rows: number) => {
    await createTable({ client, endpoint }, name, { hash: "N" })
    const ids = Array.from({ length: rows }, (_, i) => i + 1)
    for (let at = 0; at < rows; at += 25) await put(name, ids.slice(at, at + 25))
  }
  const setStream = (StreamEnabled: boolean) =>
    client.send(
      new UpdateTableCommand({
        TableName: table,
        StreamSpecification: StreamEnabled
          ? { StreamEnabled, StreamViewType: "NEW_AND_OLD_IMAGES" }
          : { StreamEnabled },
      }),
    )
  return {
    source,
    port: Number(new URL(endpoint).port),
    moved: (to) => at(to(endpoint)),
    traits,
    makeTable,
    insert: async (name, id) =>
      void (await client.send(new PutItemCommand({ TableName: name, Item: itemOf(id) }))),
    remove: async (name, id) =>
      void (await client.send(new DeleteItemCommand({ TableName: name, Key: { id: { N: String(id) } } }))),
    alter: async () => {
      added = { added: { S: "another attribute" } }
    },
    writeElsewhere: () => makeTable("elsewhere", 1000),
    leftovers: async () => [],
    async loseHistory() {
      await setStream(false)
      await setStream(true)
    },
    // It hears nothing from us between two reads; what it gave us to read on with lasts 15 minutes.
    longestSilenceMs: 1_000,
    close: async () => undefined,
  }
}

const skip = hasJava() ? undefined : "DynamoDB Local needs Java"

describeSource("DynamoDB Local", async () => (skip === undefined ? emptied(await dynamoDb()) : { skip }))

/** As if it had been taken then: DynamoDB Local writes down in an iterator when it was made. */
function aged(iterator: string, byMs: number): string {
  const [arn, version, text] = iterator.split("|")
  const [shard, place, madeAtMs] = Buffer.from(text ?? "", "base64")
    .toString()
    .split("|")
  const older = String(Number(madeAtMs) - byMs).padStart(madeAtMs?.length ?? 0, "0")
  return [arn, version, Buffer.from([shard, place, older].join("|")).toString("base64")].join("|")
}

test("what an iterator would have read that has expired is read all the same", {
  skip: skip ?? false,
}, async () => {
  const db = await dynamoDb()
  await createTable(db, "forgotten", { hash: "N" })
  const address = { tableName: "forgotten", region: testRegion, endpoint: db.endpoint, unnest: [] }
  const clients = openClients({ ...address, credentials: testKeys })
  const arn = (await readTable(clients))?.stream?.arn ?? ""
  const [shard] = (await listShards(clients, arn))?.shards ?? []
  const id = shard?.id ?? ""
  const place: ShardPlace = { kind: "since", ms: Date.now() }
  const ends = await endIterators(clients, arn, new Map([[id, place]]))
  const end = ends.get(id)
  const ShardIterator = aged(end?.iterator ?? "", 16 * 60_000)
  await assert.rejects(clients.streams.send(new GetRecordsCommand({ ShardIterator })), {
    name: "ExpiredIteratorException",
  })
  ends.set(id, { iterator: ShardIterator, takenAtMs: Date.now() })
  const reader = newShardReader(clients, arn, id, () => place, ends)
  await db.client.send(new PutItemCommand({ TableName: "forgotten", Item: { id: { N: "7" } } }))
  const { signal } = new AbortController()
  assert.deepEqual(await reader.next(signal), { records: [], isLast: false })
  const read = async () => (await reader.next(signal)).records.map(({ dynamodb }) => dynamodb?.Keys?.id?.N)
  let found: (string | undefined)[] = []
  await waitUntil(
    async () => {
      found = await read()
      return found.length > 0
    },
    { what: "the record" },
  )
  assert.deepEqual(found, ["7"])
})
