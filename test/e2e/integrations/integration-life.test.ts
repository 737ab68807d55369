import assert from "node:assert/strict"
import { execFile, spawnSync } from "node:child_process"
import { type TestContext, test } from "node:test"
import type { Integration } from "@aws-sdk/client-rds"
import { skip as skipAws } from "../../conformance/aws-command.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { commandClient, type GuideClient, sdkClient } from "../guide-clients.ts"
import { account, newPlace, type Place, sourceArn, sqlPassword, targetArn } from "../place.ts"
import { bank } from "../source.ts"
import { assertEqualContent, caughtUp } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

const skipPsql = spawnSync("psql", ["--version"]).error !== undefined && "psql is not on this machine"

/** A command takes half a second to begin, and many times that on a busy machine. */
const timeoutMs = 90_000

/** What psql prints, without its decoration; fails with what it complains of. */
function psql(place: Place, database: string, statement: string): Promise<string> {
  const place5439 = { PGHOST: "127.0.0.1", PGPORT: String(place.sqlPort), PGDATABASE: database }
  const env = { ...process.env, ...place5439, PGUSER: "admin", PGPASSWORD: sqlPassword }
  return new Promise((resolve, reject) => {
    execFile("psql", ["-XAt", "-c", statement], { env, timeout: 30_000 }, (error, out, err) =>
      error === null ? resolve(out.trim()) : reject(new Error(err, { cause: error })),
    )
  })
}

function policyFor(source: string): string {
  const authorise = {
    Effect: "Allow",
    Principal: { Service: "redshift.amazonaws.com" },
    Action: "redshift:AuthorizeInboundIntegration",
    Resource: targetArn,
    Condition: { StringEquals: { "aws:SourceArn": source } },
  }
  const create = {
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: "redshift:CreateInboundIntegration",
    Resource: targetArn,
  }
  return JSON.stringify({ Version: "2012-10-17", Statement: [authorise, create] })
}

async function becomes(client: GuideClient, name: string, status: string): Promise<void> {
  let last: Integration | undefined
  const isThere = async () => {
    last = (await client.describe(name))[0]
    return last?.Status === status
  }
  await waitUntil(isThere, { what: `${name} to become ${status}`, timeoutMs, intervalMs: 200 })
  assert.deepEqual(last?.Errors, [])
}

async function walk(context: TestContext, clientOf: (place: Place) => GuideClient | Promise<GuideClient>) {
  const { url, name: source } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.configure((configuration) => {
    for (const one of configuration.warehouses as Record<string, unknown>[]) one.auto_create_database = false
  })
  await place.start()
  const client = await clientOf(place)
  const create = () => client.create("bank", `include: ${source}.*.*, exclude: ${source}.*.journal`)

  await client.allow(policyFor(sourceArn.replace("orders", "another")))
  await assert.rejects(create(), { name: "AccessDenied" })
  await client.allow(policyFor(sourceArn))
  const { IntegrationArn: arn = "", Status } = await create()
  assert.equal(Status, "creating")
  await becomes(client, "bank", "active")
  assert.deepEqual(
    (await client.inbound()).map((one) => [one.IntegrationArn, one.Status]),
    [[arn, "active"]],
  )

  const id = await psql(place, "dev", "SELECT integration_id FROM svv_integration")
  assert.equal(id, arn.split(":").at(-1))
  await psql(place, "dev", `CREATE DATABASE bank FROM INTEGRATION '${id}' DATABASE '${source}'`)
  const sum = () => psql(place, "bank", "SELECT sum(balance) FROM accounts")
  await waitUntil(async () => (await sum()) === "200000.00", { what: "the rows", intervalMs: 200 })
  await onDatabase(url, (one) => one.query("UPDATE accounts SET balance = balance + 1"))
  await waitUntil(async () => (await sum()) === "200200.00", { what: "the changes", intervalMs: 200 })

  await client.filter("bank", `include: ${source}.*.*, exclude: ${source}.*.entries`)
  await becomes(client, "bank", "active")
  await assert.rejects(psql(place, "bank", "SELECT 1 FROM entries"), /entries/)
  assert.equal(await psql(place, "bank", "SELECT count(*) FROM journal"), "100")

  await psql(place, "dev", "ALTER DATABASE bank INTEGRATION REFRESH ALL TABLES")
  const states = "SELECT DISTINCT table_state FROM svv_integration_table_state WHERE table_name <> 'entries'"
  await waitUntil(async () => (await psql(place, "dev", states)) === "Synced", {
    what: "resyncs",
    intervalMs: 200,
  })
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank", ["accounts", "journal", "sentinel"])

  await client.addTag(arn, "stage", "test")
  assert.deepEqual(await client.tags(arn), ["team", "stage"])
  await client.removeTag(arn, "team")
  assert.deepEqual(await client.tags(arn), ["stage"])

  await client.delete(arn)
  await waitUntil(async () => (await client.describe("bank")).length === 0, {
    what: "it to be gone",
    timeoutMs,
  })
  assert.equal(await sum(), "200200.00", "the data stays")
  const left = await onDatabase(url, (one) =>
    one.query("SELECT 1 FROM pg_replication_slots WHERE database = current_database()"),
  )
  assert.equal(left.rowCount, 0)
  await psql(place, "dev", "DROP DATABASE bank")
  await assert.rejects(sum(), /bank/)
}

test("an integration's life, as the cloud's guide walks it, by the SDK", { skip: skipPsql }, (context) =>
  walk(context, (place) => sdkClient(context, place)),
)

test(
  "an integration's life, as the cloud's guide walks it, by the aws command",
  { skip: skipPsql || skipAws },
  (context) => walk(context, (place) => commandClient(context, place)),
)
