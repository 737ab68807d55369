import assert from "node:assert/strict"
import { execFile, spawnSync } from "node:child_process"
import { test } from "node:test"
import {
  AddTagsToResourceCommand,
  CreateIntegrationCommand,
  ListTagsForResourceCommand,
  RDSClient,
  RemoveTagsFromResourceCommand,
} from "@aws-sdk/client-rds"
import {
  DescribeInboundIntegrationsCommand,
  PutResourcePolicyCommand,
  RedshiftClient,
} from "@aws-sdk/client-redshift"
import { waitUntil } from "../support/wait-until.ts"
import { atEnd } from "./clean-up.ts"
import {
  accessKeyId,
  account,
  newPlace,
  type Place,
  region,
  secretAccessKey,
  sourceArn,
  sqlPassword,
  targetArn,
} from "./place.ts"
import { apiOf } from "./rds.ts"
import { bank } from "./source.ts"
import { assertEqualContent, caughtUp } from "./warehouse.ts"
import { onDatabase } from "./workload.ts"

const skip = spawnSync("psql", ["--version"]).error !== undefined && "psql is not on this machine"

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

test("an integration's life, as the cloud's guide walks it", { skip }, async (context) => {
  const { url, name: source } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.configure((configuration) => {
    for (const one of configuration.warehouses as Record<string, unknown>[]) one.auto_create_database = false
  })
  await place.start()
  const credentials = { accessKeyId, secretAccessKey }
  const client = { endpoint: `http://127.0.0.1:${place.httpPort}`, region, credentials, maxAttempts: 1 }
  const [rds, redshift] = [new RDSClient(client), new RedshiftClient(client)]
  atEnd(context, async () => {
    for (const one of [rds, redshift]) one.destroy()
  })
  const api = apiOf(place)
  const create = () =>
    rds.send(
      new CreateIntegrationCommand({
        SourceArn: sourceArn,
        TargetArn: targetArn,
        IntegrationName: "bank",
        DataFilter: `include: ${source}.*.*, exclude: ${source}.*.journal`,
        Tags: [{ Key: "team", Value: "data" }],
      }),
    )
  const allow = (arn: string) =>
    redshift.send(new PutResourcePolicyCommand({ ResourceArn: targetArn, Policy: policyFor(arn) }))

  await allow(sourceArn.replace("orders", "another"))
  await assert.rejects(create(), { name: "AccessDenied" })
  await allow(sourceArn)
  const { IntegrationArn: arn = "", Status } = await create()
  assert.equal(Status, "creating")
  await api.becomes("bank", "active")
  const { InboundIntegrations } = await redshift.send(
    new DescribeInboundIntegrationsCommand({ TargetArn: targetArn }),
  )
  assert.deepEqual(
    InboundIntegrations?.map((one) => [one.IntegrationArn, one.Status]),
    [[arn, "active"]],
  )

  const id = await psql(place, "dev", "SELECT integration_id FROM svv_integration")
  assert.equal(id, arn.split(":").at(-1))
  await psql(place, "dev", `CREATE DATABASE bank FROM INTEGRATION '${id}' DATABASE '${source}'`)
  const sum = () => psql(place, "bank", "SELECT sum(balance) FROM accounts")
  await waitUntil(async () => (await sum()) === "200000.00", { what: "the rows", intervalMs: 200 })
  await onDatabase(url, (one) => one.query("UPDATE accounts SET balance = balance + 1"))
  await waitUntil(async () => (await sum()) === "200200.00", { what: "the changes", intervalMs: 200 })

  await api.filter("bank", `include: ${source}.*.*, exclude: ${source}.*.entries`)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await assert.rejects(psql(place, "bank", "SELECT 1 FROM entries"), /entries/)
  assert.equal(await psql(place, "bank", "SELECT count(*) FROM journal"), "100")

  await psql(place, "dev", "ALTER DATABASE bank INTEGRATION REFRESH ALL TABLES")
  const states = "SELECT DISTINCT table_state FROM svv_integration_table_state WHERE table_name <> 'entries'"
  await waitUntil(async () => (await psql(place, "dev", states)) === "Synced", {
    what: "fresh copies",
    intervalMs: 200,
  })
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank", ["accounts", "journal", "sentinel"])

  const tags = async () =>
    (await rds.send(new ListTagsForResourceCommand({ ResourceName: arn }))).TagList?.map(({ Key }) => Key)
  await rds.send(new AddTagsToResourceCommand({ ResourceName: arn, Tags: [{ Key: "stage", Value: "test" }] }))
  assert.deepEqual(await tags(), ["team", "stage"])
  await rds.send(new RemoveTagsFromResourceCommand({ ResourceName: arn, TagKeys: ["team"] }))
  assert.deepEqual(await tags(), ["stage"])

  await api.delete("bank")
  await api.gone("bank")
  assert.equal(await sum(), "200200.00", "the data stays")
  const left = await onDatabase(url, (one) =>
    one.query("SELECT 1 FROM pg_replication_slots WHERE database = current_database()"),
  )
  assert.equal(left.rowCount, 0)
  await psql(place, "dev", "DROP DATABASE bank")
  await assert.rejects(sum(), /bank/)
})
