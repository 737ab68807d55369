import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  ListTablesCommand,
  PutItemCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb"
import { openDynamoDbSource } from "../../src/sources/dynamodb/source.ts"
import { createTable, dynamoDb, hasJava } from "../support/dynamodb.ts"
import { type TestDynamoDb, testKeys, testRegion } from "../support/dynamodb-server.ts"
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
  const source = openDynamoDbSource({
    tableName: table,
    region: testRegion,
    endpoint,
    credentials: testKeys,
    unnest: [],
  })
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

describeSource("DynamoDB Local", async () => {
  if (!hasJava()) return { skip: "DynamoDB Local needs Java" }
  return emptied(await dynamoDb())
})
