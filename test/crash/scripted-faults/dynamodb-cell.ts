import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { BatchWriteItemCommand, DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb"
import { positionFrom } from "../../../src/domain/position.ts"
import { startWriting } from "../../e2e/writing.ts"
import { differences, type Fixture, fixture } from "../../replication/dynamodb/fixture.ts"
import type { TestDynamoDb } from "../../support/dynamodb/server.ts"
import { createTable, dynamoDb } from "../../support/dynamodb/tables.ts"
import type { TestHome } from "../../support/pipeline.ts"
import type { FaultScene } from "./suite.ts"

const items = 100
let cells = 0

/** The step in every item: an older state shows. */
function itemOf(id: number, step: number) {
  return { id: { N: String(id) }, step: { N: String(step) } }
}

function startLoad(context: TestContext, { client }: TestDynamoDb, TableName: string) {
  let done = 0
  const step = async () => {
    done++
    await client.send(new PutItemCommand({ TableName, Item: itemOf((done * 7) % items, done) }))
    const gone = (done * 11) % items
    if (done % 3 === 0)
      await client.send(new DeleteItemCommand({ TableName, Key: { id: { N: String(gone) } } }))
    return true
  }
  return startWriting(context, step, 20, () => undefined)
}

async function positionsAreSane({ home, database, source }: Fixture): Promise<void> {
  const [row] = await home.read(`SELECT position FROM "${database}".millrace.positions`)
  const now = await source.currentPosition()
  assert.ok(source.compare(positionFrom(row?.[0] ?? ""), now) <= 0, `${row?.[0]} is after ${now}`)
}

/** The cells share a server; each has a table of its own there. */
export async function dynamoDbCell(context: TestContext, home: Promise<TestHome>): Promise<FaultScene> {
  const db = await dynamoDb()
  const table = `cell${++cells}`
  await createTable(db, table, { hash: "N" })
  for (let at = 0; at < items; at += 25) {
    const requests = Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: itemOf(at + i, 0) } }))
    await db.client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }))
  }
  return {
    load: startLoad(context, db, table),
    async begin(fault) {
      const under = await fixture(context, { table }, { home: await home, around: fault })
      await under.start()
      return {
        reports: under.reports,
        differences: () => differences(under),
        assertPositionsAreSane: () => positionsAreSane(under),
        stop: () => under.pipeline().stop(),
      }
    },
  }
}
