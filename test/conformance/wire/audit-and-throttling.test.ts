import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { DescribeIntegrationsCommand as DescribeRds, RDSClient } from "@aws-sdk/client-rds"
import {
  CreateIntegrationCommand,
  CreateTagsCommand,
  DeleteIntegrationCommand,
  DescribeClustersCommand,
} from "@aws-sdk/client-redshift"
import { redshiftClient, refusalCode } from "../redshift/client.ts"
import { admin, reader, region, type ServedDoor, serveDoor, tableArn, targetArn } from "../served-door.ts"
import { send, signed } from "./raw-http.ts"

const anArn = `arn:aws:redshift:${region}:123456789012:integration:8f2c1d3e-0000-4000-8000-000000000009`

describe("the audit trail", () => {
  let door: ServedDoor
  before(async () => {
    door = await serveDoor({ audit: { rows: 150, days: 30 } })
  })
  after(() => door.close())

  const trail = () => door.store.audit.list({ since: undefined, limit: 1_000 })

  test("every change, done or refused, with who and from where; no reading, nothing malformed", async () => {
    const client = redshiftClient(door.endpoint)
    const reading = redshiftClient(door.endpoint, reader)
    const input = { SourceArn: tableArn, TargetArn: targetArn, IntegrationName: "carts" }
    const { IntegrationArn = "" } = await client.send(
      new CreateIntegrationCommand({ ...input, Description: "d".repeat(1_000) }),
    )
    await client.send(new DescribeClustersCommand())
    await refusalCode(client.send(new CreateIntegrationCommand({ ...input, IntegrationName: "-" })))
    await refusalCode(reading.send(new DeleteIntegrationCommand({ IntegrationArn })))
    await refusalCode(client.send(new DeleteIntegrationCommand({ IntegrationArn })))
    const entries = await trail()
    assert.deepEqual(
      entries.map(({ operation, accessKeyId, policy, resource, outcome }) => [
        operation,
        accessKeyId,
        policy,
        resource,
        outcome,
      ]),
      [
        ["CreateIntegration", admin.accessKeyId, "admin", IntegrationArn, "ok"],
        ["DeleteIntegration", reader.accessKeyId, "read-only", IntegrationArn, "accessDenied"],
        ["DeleteIntegration", admin.accessKeyId, "admin", IntegrationArn, "integrationInWrongState"],
      ],
    )
    const [created] = entries
    assert.deepEqual(created?.parameters, { ...input, Description: "d".repeat(1_000) })
    assert.match(created?.address ?? "", /^(::ffff:)?127\.0\.0\.1$/)
    assert.match(created?.requestId ?? "", /^[0-9a-f-]{36}$/)
    client.destroy()
    reading.destroy()
  })

  test("it keeps so many rows and no more, and none that are too old", async () => {
    const client = redshiftClient(door.endpoint)
    await door.sql("update millrace.audit set at = now() - interval '31 days'")
    const tag = () =>
      client.send(
        new CreateTagsCommand({
          ResourceName: `arn:aws:redshift:${region}:123456789012:cluster:analytics`,
          Tags: [{ Key: "k", Value: "v" }],
        }),
      )
    for (let sent = 0; sent < 300; sent += 20) await Promise.all(Array.from({ length: 20 }, tag))
    const entries = await trail()
    assert.ok(entries.length >= 150 && entries.length < 250, `${entries.length} entries`)
    assert.ok(entries.every(({ operation }) => operation === "CreateTags"))
    client.destroy()
  })

  test("refused calls are kept apart: however many come, the changes stay", async () => {
    await door.sql("truncate millrace.audit")
    await door.sql(`insert into millrace.audit (at, request_id, door, operation, access_key_id, policy, parameters, outcome)
      select now(), n::text, 'rds', 'Change' || n % 2, 'AKID', 'admin', '{}', case n % 3 when 0 then null when 1 then 'ok' else 'internal' end
      from generate_series(1, 100) n`)
    await door.sql(`insert into millrace.audit (at, request_id, door, operation, access_key_id, policy, parameters, outcome)
      select now(), n::text, 'rds', 'Refused', 'AKID' || n, 'read-only', '{}', 'accessDenied' from generate_series(1, 5000) n`)
    const reading = redshiftClient(door.endpoint, reader)
    const attempt = () => refusalCode(reading.send(new DeleteIntegrationCommand({ IntegrationArn: anArn })))
    for (let sent = 0; sent < 100; sent += 20) await Promise.all(Array.from({ length: 20 }, attempt))
    const entries = await trail()
    const refused = entries.filter(({ outcome }) => outcome === "accessDenied")
    assert.equal(entries.length - refused.length, 100)
    assert.ok(refused.length >= 15 && refused.length <= 115, `${refused.length} refused`)
    reading.destroy()
  })
})

describe("throttling", () => {
  let door: ServedDoor
  before(async () => {
    door = await serveDoor({ requests: { perSecond: 4, burst: 2 } })
  })
  after(() => door.close())

  test("too many requests of one key are refused with the time to wait, those of another are not", async () => {
    const calls = await Promise.all(
      Array.from({ length: 8 }, async () => send(door.port, await signed({ port: door.port }))),
    )
    const refused = calls.filter(({ status }) => status !== 200)
    assert.ok(refused.length >= 4, `${refused.length} of 8 refused`)
    for (const answer of refused) {
      assert.equal(answer.status, 400)
      assert.equal(answer.code, "Throttling")
      assert.equal(answer.headers["retry-after"], "1")
      assert.match(String(answer.headers["x-amzn-requestid"]), /^[0-9a-f-]{36}$/)
    }
    const { accessKeyId, secretAccessKey } = reader
    const other = await send(door.port, await signed({ port: door.port, accessKeyId, secretAccessKey }))
    assert.equal(other.status, 200)
    const json = await Promise.all(
      Array.from({ length: 6 }, async () =>
        send(door.port, await signed({ port: door.port, service: "profile", path: "/domains", body: "{}" })),
      ),
    )
    const throttled = json.find(({ status }) => status === 429)
    assert.equal(throttled?.headers["x-amzn-errortype"], "ThrottlingException")
  })

  test("the official client waits and gets through", async () => {
    const patient = new RDSClient({
      endpoint: door.endpoint,
      region,
      maxAttempts: 10,
      credentials: { accessKeyId: admin.accessKeyId, secretAccessKey: admin.secretAccessKey },
    })
    const answers = await Promise.all(Array.from({ length: 5 }, () => patient.send(new DescribeRds({}))))
    assert.equal(answers.length, 5)
    patient.destroy()
  })

  test("a forged signature takes nothing from the key it names", async () => {
    const stranger = { ...reader, secretAccessKey: "wrong" }
    for (let sent = 0; sent < 10; sent += 1) {
      const answer = await send(door.port, await signed({ port: door.port, ...stranger }))
      assert.equal(answer.code, "SignatureDoesNotMatch")
    }
    const { accessKeyId, secretAccessKey } = reader
    const own = await send(door.port, await signed({ port: door.port, accessKeyId, secretAccessKey }))
    assert.equal(own.status, 200)
  })
})
