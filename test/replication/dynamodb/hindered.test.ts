import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb"
import { createTable, dynamoDb } from "../../support/dynamodb/tables.ts"
import { type FaultyEndpoint, faultyEndpoint } from "../../support/faulty-endpoint.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { assertEqual, type Fixture, fixture, skip } from "./fixture.ts"

interface Hindered extends Fixture {
  faulty: FaultyEndpoint
  write(from: number, count: number): Promise<void>
}

/** The pipeline goes through what hinders; whoever writes does not. */
async function hindered(context: TestContext, table: string): Promise<Hindered> {
  const db = await dynamoDb()
  await createTable(db, table, { hash: "N" })
  const faulty = await faultyEndpoint(context, db.endpoint)
  const under = await fixture(context, { table }, { endpoint: faulty.endpoint })
  return Object.assign(under, {
    faulty,
    async write(from: number, count: number) {
      const requests = Array.from({ length: count }, (_, i) => ({
        PutRequest: { Item: { id: { N: String(from + i) }, note: { S: "x".repeat(1_000) } } },
      }))
      for (let at = 0; at < count; at += 25)
        await db.client.send(
          new BatchWriteItemCommand({ RequestItems: { [table]: requests.slice(at, at + 25) } }),
        )
    },
  })
}

test("requests that are told to slow down are made again, and nobody notices", { skip }, async (context) => {
  const under = await hindered(context, "slow")
  await under.write(0, 500)
  let asked = 0
  under.faulty.hinder = () => {
    if (++asked % 3 !== 0 || asked > 15) return undefined
    return asked % 2 === 0 ? "ThrottlingException" : "ProvisionedThroughputExceededException"
  }
  await under.start()
  await under.write(400, 200)
  await assertEqual(under)
  assert.ok(asked > 15, `${asked} requests`)
  assert.ok(!under.reports.phases.includes("waiting"), String(under.reports.problems))
})

test("a table that lets nothing pass is left in peace, is said to be busy, and is caught up with", {
  skip,
}, async (context) => {
  const under = await hindered(context, "busy")
  await under.write(0, 50)
  await under.start()
  await assertEqual(under)
  // A change that the stream brought: from there on its place is what counts.
  await under.write(50, 1)
  await assertEqual(under)
  under.faulty.hinder = () => "ProvisionedThroughputExceededException"
  const [since, before] = [performance.now(), under.faulty.requests]
  await under.write(25, 50)
  const isSaid = () => under.reports.problems.some(({ kind }) => kind === "sourceBusy")
  await waitUntil(isSaid, { what: "that it is busy", timeoutMs: 60_000 })
  const perSecond = ((under.faulty.requests - before) / (performance.now() - since)) * 1_000
  assert.ok(perSecond < 10, `${perSecond} requests a second`)
  under.faulty.hinder = () => undefined
  await waitUntil(() => under.reports.phases.at(-1) === "streaming", {
    what: "it to go on",
    timeoutMs: 60_000,
  })
  await assertEqual(under)
  assert.equal(under.reports.copied.length, 1, String(under.reports.problems))
})

test("records that DynamoDB no longer keeps are made up for by a resync", { skip }, async (context) => {
  const under = await hindered(context, "trimmed")
  await under.write(0, 50)
  await under.start()
  await under.write(25, 25)
  await assertEqual(under)
  await under.pipeline().stop()
  await under.write(50, 50)
  let trimmed = 0
  under.faulty.hinder = (operation) =>
    operation === "GetShardIterator" && trimmed++ === 0 ? "TrimmedDataAccessException" : undefined
  await under.start()
  await waitUntil(() => under.reports.copied.length === 2, { what: "the second copy", timeoutMs: 60_000 })
  assert.ok(under.reports.phases.includes("copying"), String(under.reports.phases))
  await assertEqual(under)
})
