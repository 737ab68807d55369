/** Queries on resources by SQL: the provider's own statements, names, joins, what is called for them, and who may ask. */
import assert from "node:assert/strict"
import { after, before, beforeEach, describe, type TestContext, test } from "node:test"
import type pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { madeUri, type ResourcePlace, region, resourcePlace } from "./place.ts"
import { filled, providerStatements, returned } from "./provider-statements.ts"

const integration = "AWS::CustomerProfiles::Integration"
const bucket = "arn:aws:s3:::crm"

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
  } catch (error) {
    return (error as pg.DatabaseError).code
  }
  return undefined
}

describe("queries on resources", () => {
  let place: ResourcePlace
  const ends: (() => unknown)[] = []
  const context = { after: (end: () => unknown) => void ends.unshift(end), diagnostic: () => undefined }
  before(async () => {
    place = await resourcePlace(context as unknown as TestContext)
  })
  after(async () => {
    for (const end of ends) await end()
  })
  beforeEach(() => {
    for (const [typeName, { kept }] of Object.entries(place.handlers)) {
      kept.clear()
      for (const model of models[typeName] ?? [])
        kept.set(
          Object.values(model)
            .slice(0, typeName === integration ? 2 : 1)
            .join("|"),
          { model, requestToken: "" },
        )
    }
    place.calls.length = 0
  })

  const tags = [
    { Key: "team", Value: "data" },
    { Key: "tier", Value: "1" },
  ]
  const models: Record<string, Record<string, string | number | typeof tags>[]> = {
    "AWS::CustomerProfiles::Domain": ["d1", "d2"].map((DomainName) => ({
      DomainName,
      DefaultExpirationDays: 30,
    })),
    [integration]: ["d1", "d1", "d2"].map((DomainName, at) => ({
      DomainName,
      Uri: `${bucket}-${at}`,
      ObjectTypeName: `type${at}`,
      Tags: tags,
    })),
    "AWS::RDS::Integration": [0, 1].map((at) => ({
      IntegrationArn: `arn:aws:rds:us-east-1:123456789012:integration:0000000${at}-0000-4000-8000-000000000000`,
      SourceArn: "arn:aws:rds:us-east-1:123456789012:db:shop",
      TargetArn: "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main",
      KMSKeyId: `key-${at}`,
      IntegrationName: `d${at + 1}`,
    })),
  }

  test("the provider's own statements run as they are printed", async () => {
    const values = { region, domain_name: "d1", uri: madeUri }
    const [created] = await place.records(filled(providerStatements.insert, values))
    assert.deepEqual(Object.keys(created ?? {}), returned)
    assert.deepEqual([created?.Identifier, created?.TypeName], [`d1|${madeUri}`, integration])
    await place.rows("SET await = on")
    const changed = { ...values, object_type_name: "people", tags: [{ Key: "a", Value: "b" }] }
    // The first request may be open for a moment.
    await waitUntil(
      async () => {
        const [event] = await place.records(
          `SELECT operation_status FROM awscc.cloud_control.resource_requests WHERE request_token = '${created?.RequestToken}'`,
        )
        return event?.operation_status === "SUCCESS" || undefined
      },
      { what: "the first request ends", timeoutMs: 60_000 },
    )
    const [updated] = await place.records(filled(providerStatements.update, changed))
    assert.deepEqual(
      [updated?.Operation, updated?.OperationStatus, updated?.StatusMessage],
      ["UPDATE", "SUCCESS", null],
    )
    const [read] = await place.records(filled(providerStatements.select, values))
    assert.equal(read?.object_type_name, "people")
    assert.deepEqual([read?.region, read?.domain_name, read?.uri], [region, "d1", madeUri])
    assert.deepEqual([read?.flow_definition, JSON.parse(read?.tags ?? "")], [null, changed.tags])
    const [deleted] = await place.records(filled(providerStatements.delete, values))
    assert.deepEqual([deleted?.Operation, deleted?.OperationStatus], ["DELETE", "SUCCESS"])
    await place.rows("RESET await")
    assert.deepEqual(await place.records(filled(providerStatements.select, values)), [])
  })

  test("a column goes by each of its names, also where others are joined", async () => {
    const rows = await place.rows(
      `SELECT i.DomainName, i.data__uri, "ObjectTypeName", r.KMSKeyId, \`Identifier\`
       FROM \`awscc\`.customerprofiles.integrations i, (SELECT KMSKeyId FROM awscc.rds.integrations WHERE integrationname = 'd1') r
       WHERE i.domainName = 'd2'`,
    )
    assert.deepEqual(rows, [["d2", `${bucket}-2`, "type2", "key-0", `d2|${bucket}-2`]])
  })

  test("without a region it is the one of this server; of another one there are no rows", async () => {
    assert.equal((await place.rows("SELECT * FROM awscc.rds.integrations")).length, 2)
    assert.equal(
      (await place.rows("SELECT * FROM awscc.rds.integrations WHERE region = 'eu-west-1'")).length,
      0,
    )
    assert.equal(
      (await place.rows("SELECT * FROM awscc.rds.integrations WHERE region IN ('eu-west-1', $1)", [region]))
        .length,
      2,
    )
  })

  test("resources below others are found by a join, by IN, by a sub-query, or all of them", async () => {
    const all = [`${bucket}-0`, `${bucket}-1`, `${bucket}-2`]
    const select = "SELECT i.uri FROM awscc.customerprofiles.integrations i"
    const queries: [sql: string, uris: string[]][] = [
      [select, all],
      [`${select} JOIN awscc.customerprofiles.domains d ON d.domain_name = i.domain_name`, all],
      [`${select} WHERE domain_name IN ('d1', 'd3')`, all.slice(0, 2)],
      [`${select} WHERE domain_name IN (SELECT integration_name FROM awscc.rds.integrations)`, all],
    ]
    for (const [sql, uris] of queries)
      assert.deepEqual((await place.rows(`${sql} ORDER BY 1`)).flat(), uris, sql)
    const names = await place.rows(
      "SELECT * FROM awscc.customerprofiles.integrations_list_only WHERE domain_name = 'd2'",
    )
    assert.deepEqual(names, [["d2", `${bucket}-2`, region, `d2|${bucket}-2`]])
  })

  test("what is named is read, many below one parent are one list, and EXPLAIN tells without a call", async () => {
    const integrations = "awscc.customerprofiles.integrations"
    const many = Array.from({ length: 40 }, (_none, at) => `'d1|${bucket}-${at}'`).join(", ")
    const cases: [where: string, calls: RegExp[]][] = [
      [`Identifier = 'd1|${bucket}-0'`, [/^GetResource .*Integration d1\|arn:aws:s3:::crm-0$/]],
      [`domain_name = 'd1' AND uri = '${bucket}-1'`, [/^GetResource .* d1\|arn:aws:s3:::crm-1$/]],
      ["domain_name = 'd1'", [/^ListResources .* \{"DomainName":"d1"\}$/]],
      [`Identifier IN (${many})`, [/^ListResources .* \{"DomainName":"d1"\}$/]],
      [
        "object_type_name = 'type1'",
        [/^ListResources .*Domain \{\}$/, /^ListResources .*Integration for each DomainName/],
      ],
    ]
    for (const [where, calls] of cases) {
      const plan = (await place.rows(`EXPLAIN SELECT uri FROM ${integrations} WHERE ${where}`))
        .flat()
        .map(String)
      assert.equal(place.calls.length, 0, where)
      for (const [at, call] of calls.entries()) assert.match(plan[at] ?? "", call)
      await place.rows(`SELECT uri FROM ${integrations} WHERE ${where}`)
      const made = place.calls.splice(0).filter((one) => one.includes(integration))
      assert.equal(made.length, calls.length === 2 ? 2 : 1, `${where}: ${made.join(", ")}`)
    }
    assert.equal(
      (await place.rows(`SELECT uri FROM ${integrations} WHERE Identifier IN (${many})`)).length,
      2,
    )
  })

  test("resources of any type, their tags, and requests have tables of their own", async () => {
    const one = `SELECT JSON_EXTRACT(Properties, '$.ObjectTypeName') AS t FROM aws.cloud_control.resource
      WHERE region = '${region}' AND data__TypeName = '${integration}' AND data__Identifier = 'd1|${bucket}-1'`
    assert.deepEqual(await place.rows(one), [["type1"]])
    const some = `SELECT Identifier FROM awscc.cloud_control.resources WHERE TypeName = '${integration}' AND ResourceModel = '{"DomainName":"d2"}'`
    assert.deepEqual(await place.rows(some), [[`d2|${bucket}-2`]])
    const tagged = await place.rows(
      "SELECT uri, tag_key, tag_value FROM awscc.customerprofiles.integration_tags WHERE domain_name = 'd2' ORDER BY 2",
    )
    assert.deepEqual(tagged, [
      [`${bucket}-2`, "team", "data"],
      [`${bucket}-2`, "tier", "1"],
    ])
    const arns = await place.rows(
      `SELECT ResourceARN, tags FROM awscc.tagging.tagged_resources WHERE type_name = 'AWS::RDS::Integration' ORDER BY 1`,
    )
    assert.deepEqual(
      arns.map(([, text]) => text),
      ["[]", "[]"],
    )
    await place.rows(
      `DELETE FROM aws.cloud_control.resources WHERE TypeName = '${integration}' AND Identifier = 'd2|${bucket}-2'`,
    )
    const filter = JSON.stringify({ Operations: ["DELETE"] })
    const [newest] = await place.records(
      `SELECT * FROM awscc.cloud_control.resource_requests WHERE ResourceRequestStatusFilter = '${filter}' ORDER BY EventTime DESC LIMIT 1`,
    )
    assert.deepEqual([newest?.operation, newest?.identifier], ["DELETE", `d2|${bucket}-2`])
    const same =
      "FROM awscc.cloud_control.vw_delete_requests WHERE OperationStatus <> 'FAILED' AND request_token = $1"
    assert.equal((await place.rows(`SELECT 1 ${same}`, [newest?.request_token])).length, 1)
    assert.equal(await codeOf(place.rows("SELECT * FROM awscc.cloud_control.resource_request")), "42P10")
  })

  test("a session on awscc says so, finds its tables without it, and keeps people's tables", async () => {
    assert.deepEqual(await place.rows("SELECT current_database()"), [["awscc"]])
    assert.equal((await place.rows("SELECT * FROM rds.integrations")).length, 2)
    await place.rows("CREATE TABLE kept (arn VARCHAR)")
    await place.rows("INSERT INTO kept VALUES ('one')")
    assert.deepEqual(await place.rows("SELECT * FROM kept"), [["one"]])
    await place.rows("DROP TABLE kept")
  })

  test("read-only users read and change nothing; others may not even connect", async () => {
    const analyst = await place.warehouse.client("analyst", "awscc")
    assert.equal((await analyst.query("SELECT * FROM awscc.rds.integrations")).rows.length, 2)
    const where = "WHERE Identifier = 'd1'"
    for (const sql of [
      `DELETE FROM awscc.customerprofiles.domains ${where}`,
      `UPDATE awscc.customerprofiles.domains SET default_expiration_days = 1 ${where}`,
      `REPLACE awscc.customerprofiles.domains SET default_expiration_days = 1 ${where}`,
      "INSERT INTO awscc.customerprofiles.domains (DomainName, DefaultExpirationDays) SELECT domain_name, 1 FROM awscc.customerprofiles.domains",
      `EXPLAIN DELETE FROM awscc.customerprofiles.domains ${where}`,
    ])
      assert.equal(await codeOf(analyst.query(sql)), "42501", sql)
    assert.equal(await codeOf(place.warehouse.client("loader", "awscc")), "42501")
    const loader = await place.warehouse.client("loader", "dev")
    for (const sql of [
      "SELECT * FROM awscc.rds.integrations",
      "SELECT * FROM aws.cloud_control.resource_requests",
      `DELETE FROM awscc.customerprofiles.domains ${where}`,
      "SHOW PROVIDERS",
    ])
      assert.equal(await codeOf(loader.query(sql)), "42501", sql)
  })
})
