import assert from "node:assert/strict"
import { test } from "node:test"
import {
  DescribeClustersCommand,
  DescribeInboundIntegrationsCommand,
  PutResourcePolicyCommand,
  RedshiftClient,
} from "@aws-sdk/client-redshift"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { accessKeyId, newPlace, type Place, region, secretAccessKey, sourceArn, targetArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

function redshiftOf(place: Place): RedshiftClient {
  return new RedshiftClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    credentials: { accessKeyId, secretAccessKey },
  })
}

const authorizing = (source: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "redshift.amazonaws.com" },
      Action: "redshift:AuthorizeInboundIntegration",
      Condition: { StringEquals: { "aws:SourceArn": source } },
    },
  })

test("a policy lets an integration run and ends it; its source is left clean, its rows stay; all of it is in the audit trail", async (context) => {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.start()
  const client = redshiftOf(place)
  atEnd(context, async () => client.destroy())
  const put = (source: string) =>
    client.send(new PutResourcePolicyCommand({ ResourceArn: targetArn, Policy: authorizing(source) }))
  const api = apiOf(place)

  await put(sourceArn)
  const arn = await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  const inbound = await client.send(new DescribeInboundIntegrationsCommand({ TargetArn: targetArn }))
  assert.deepEqual(
    inbound.InboundIntegrations?.map(({ IntegrationArn, Status }) => [IntegrationArn, Status]),
    [[arn, "active"]],
  )
  const { Clusters } = await client.send(new DescribeClustersCommand())
  assert.equal(Clusters?.[0]?.Endpoint?.Port, place.sqlPort)

  await put(`${sourceArn}-other`)
  const [error] = await api.becomes("bank", "failed")
  assert.equal(error?.code, "SOURCE_NOT_AUTHORIZED")
  await waitUntil(
    async () =>
      await onDatabase(url, async (source) => {
        const { rows } = await source.query(
          "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()",
        )
        return rows.length === 0 ? true : undefined
      }),
    { what: "no slot at the source", timeoutMs: 60_000 },
  )
  assert.deepEqual(await ask(place, "bank", "SELECT count(*) > 0 FROM sentinel"), [["t"]])

  const refused = await place.run("audit", "--since", "a while")
  assert.equal(refused.code, 2)
  const { code, stdout } = await place.run("audit", "--json", "--since", "1h")
  assert.equal(code, 0)
  const { entries } = JSON.parse(stdout) as { entries: Record<string, unknown>[] }
  assert.deepEqual(
    entries.map((one) => [one.door, one.operation, one.resource, one.outcome, one.accessKeyId, one.address]),
    [
      ["redshift", "PutResourcePolicy", targetArn, "ok", accessKeyId, "127.0.0.1"],
      ["rds", "CreateIntegration", arn, "ok", accessKeyId, "127.0.0.1"],
      ["redshift", "PutResourcePolicy", targetArn, "ok", accessKeyId, "127.0.0.1"],
    ],
  )
  await place.run("sql", "DROP DATABASE nowhere")
  const bySql = await place.run("audit", "--json")
  const { entries: all } = JSON.parse(bySql.stdout) as { entries: Record<string, unknown>[] }
  assert.deepEqual(
    all
      .filter((one) => one.door === "sql")
      .map((one) => [one.operation, one.resource, one.outcome, one.accessKeyId, one.address]),
    [["DROP DATABASE", "nowhere", "3D000", "admin", "127.0.0.1"]],
  )
  const shown = await place.run("audit")
  assert.match(shown.stdout, /rds:CreateIntegration/)
})
