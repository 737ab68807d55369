/** Integrations as resources: made through Cloud Control and through SQL on a real server, and their rows move. */
import assert from "node:assert/strict"
import { after, before, describe, type TestContext, test } from "node:test"
import {
  CloudControlClient,
  CreateResourceCommand,
  DeleteResourceCommand,
  waitUntilResourceRequestSuccess,
} from "@aws-sdk/client-cloudcontrol"
import type pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { accessKeyId, newPlace, type Place, region, secretAccessKey, sourceArn, targetArn } from "../place.ts"
import { bank } from "../source.ts"
import { ask, assertEqualContent, connectSql } from "../warehouse.ts"

const waits = { maxWaitTime: 120, minDelay: 1, maxDelay: 1 }

async function refusalOf(
  client: pg.Client,
  sql: string,
): Promise<[code: string | undefined, message: string]> {
  try {
    await client.query(sql)
  } catch (error) {
    const { code, message } = error as pg.DatabaseError
    return [code, message]
  }
  throw new Error(`not refused: ${sql}`)
}

describe("integrations as resources", () => {
  let place: Place
  let source: { url: string; name: string }
  let sql: pg.Client
  const ends: (() => unknown)[] = []
  const context = { after: (end: () => unknown) => void ends.unshift(end) } as TestContext

  before(async () => {
    source = await bank(context)
    place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
    await place.configure((configuration) => {
      const users = configuration.sql_users as object[]
      users.push({ name: "analyst", password: "analyst-password", policy: "read-only" })
    })
    await place.start()
    sql = await connectSql(place, "awscc")
  })
  after(async () => {
    await sql.end()
    for (const end of ends) await end()
  })

  const rows = async (text: string, values: unknown[] = []) =>
    (await sql.query({ text, values, rowMode: "array" })).rows as (string | null)[][]

  test("Cloud Control creates an integration whose rows arrive, and deletes it", async () => {
    const client = new CloudControlClient({
      endpoint: `http://127.0.0.1:${place.httpPort}`,
      region,
      maxAttempts: 1,
      credentials: { accessKeyId, secretAccessKey },
    })
    const TypeName = "AWS::RDS::Integration"
    const DesiredState = JSON.stringify({
      IntegrationName: "bank",
      SourceArn: sourceArn,
      TargetArn: targetArn,
      DataFilter: `include: ${source.name}.public.*`,
    })
    const { ProgressEvent: begun } = await client.send(new CreateResourceCommand({ TypeName, DesiredState }))
    await waitUntilResourceRequestSuccess({ client, ...waits }, { RequestToken: begun?.RequestToken })
    await assertEqualContent(place, source.url, "bank")
    const Identifier = begun?.Identifier
    const { ProgressEvent: ending } = await client.send(new DeleteResourceCommand({ TypeName, Identifier }))
    await waitUntilResourceRequestSuccess({ client, ...waits }, { RequestToken: ending?.RequestToken })
    assert.deepEqual(await rows(`SELECT * FROM awscc.rds.integrations WHERE region = '${region}'`), [])
    client.destroy()
  })

  test("SQL creates, reads, updates and deletes one", async () => {
    const [created] = await rows(`/*+ create */
      INSERT INTO awscc.rds.integrations (IntegrationName, SourceArn, TargetArn, DataFilter, Tags, region)
      SELECT 'by-sql', '${sourceArn}', '${targetArn}', 'include: ${source.name}.public.*',
        '[{"Key": "team", "Value": "data"}]', '${region}'
      RETURNING Identifier, OperationStatus, ErrorCode, TypeName`)
    const [identifier, ...event] = created ?? []
    assert.deepEqual(event, ["IN_PROGRESS", null, "AWS::RDS::Integration"])
    await waitUntil(
      async () => {
        const [[status] = []] = await rows(
          "SELECT operation_status FROM awscc.cloud_control.resource_requests WHERE region = $1 AND identifier = $2",
          [region, identifier],
        )
        return status === "SUCCESS" || undefined
      },
      { what: "the request succeeds", timeoutMs: 60_000 },
    )
    await assertEqualContent(place, source.url, "by_sql")
    const select = `SELECT integration_name, source_arn, tags, description, region, Identifier
      FROM awscc.rds.integrations WHERE region = '${region}' AND Identifier = '${identifier}'`
    const tags = '[{"Key":"team","Value":"data"}]'
    assert.deepEqual(await rows(select), [["by-sql", sourceArn, tags, null, region, identifier]])

    const updated = await rows(`UPDATE /*+ AWAIT */ awscc.rds.integrations
      SET PatchDocument = string('[{"op": "add", "path": "/Description", "value": "patched"}]')
      WHERE region = '${region}' AND Identifier = '${identifier}' RETURNING Operation, OperationStatus`)
    assert.deepEqual(updated, [["UPDATE", "SUCCESS"]])
    await rows(`UPDATE /*+ AWAIT */ awscc.rds.integrations SET tags = NULL, integration_name = 'renamed'
      WHERE region = '${region}' AND integration_arn = '${identifier}'`)
    assert.deepEqual(await rows(select), [["renamed", sourceArn, null, "patched", region, identifier]])

    // Joined with the rows that it brought.
    const joined = await rows(
      `SELECT i.integration_name, count(*) > 0 FROM awscc.rds.integrations i, by_sql.public.accounts
       WHERE i.region = $1 GROUP BY 1`,
      [region],
    )
    assert.deepEqual(joined, [["renamed", "t"]])

    const deleted = await rows(`DELETE /*+ AWAIT */ FROM awscc.rds.integrations
      WHERE Identifier = '${identifier}' AND region = '${region}' RETURNING *`)
    assert.deepEqual([deleted[0]?.[2], deleted[0]?.[4]], [identifier, "SUCCESS"])
    assert.deepEqual(await rows(select), [])
  })

  test("what cannot be is refused, and says what is missing", async () => {
    const table = "awscc.rds.integrations"
    const where = `WHERE region = '${region}'`
    const cases: [sql: string, code: string, message: RegExp][] = [
      [`INSERT INTO ${table} (SourceArn) VALUES ('x')`, "42P10", /needs values for: TargetArn/],
      [`INSERT INTO ${table} (Nothing, region) VALUES ('x', 'y')`, "42703", /column "nothing"/],
      [`DELETE FROM ${table} ${where}`, "42P10", /needs values for: Identifier/],
      [`DELETE FROM ${table} ${where} AND Identifier = 'x' OR true`, "42P10", /condition on a property/],
      [`DELETE FROM ${table} ${where} AND Identifier = 'x'`, "42704", /identifier 'x' was not found/],
      [`UPDATE ${table} SET description = 'x' ${where}`, "42P10", /needs values for: Identifier/],
      // As the provider's page of this table has them.
      [
        `/*+ update */ UPDATE awscc.customerprofiles.integrations SET PatchDocument = string('[]') ${where} AND Identifier = 'd|u' RETURNING ErrorCode`,
        "42704",
        /identifier 'd\|u' was not found/,
      ],
      [
        `/*+ delete */ DELETE FROM awscc.customerprofiles.integrations WHERE Identifier = 'd|u' AND region = '${region}' RETURNING ErrorCode, TypeName;`,
        "42704",
        /identifier 'd\|u' was not found/,
      ],
      [`SELECT * FROM awscc.rds.nothing ${where}`, "42P01", /does not exist/],
    ]
    for (const [text, code, message] of cases) {
      const [foundCode, foundMessage] = await refusalOf(sql, text)
      assert.equal(foundCode, code, `${text}: ${foundMessage}`)
      assert.match(foundMessage, message)
    }
    // The request is one that failed: what it lacks is not in the schema.
    const create = `/*+ create */ INSERT INTO awscc.customerprofiles.integrations (DomainName, region) SELECT 'd', '${region}'
      RETURNING ErrorCode, OperationStatus`
    assert.deepEqual(await rows(create), [["InvalidRequest", "FAILED"]])
    await sql.query("BEGIN")
    assert.equal((await refusalOf(sql, `DELETE FROM ${table} ${where} AND Identifier = 'x'`))[0], "25001")
    await sql.query("ROLLBACK")
  })

  test("SHOW and DESCRIBE tell of the types", async () => {
    assert.deepEqual(await rows("SHOW PROVIDERS"), [["awscc", "v1"]])
    assert.deepEqual(
      (await rows("SHOW SERVICES IN awscc")).map(([, name]) => name),
      ["cloud_control", "customerprofiles", "rds", "redshift", "tagging"],
    )
    assert.deepEqual(await rows("SHOW RESOURCES IN awscc.rds"), [
      ["integrations", "awscc.rds.integrations"],
      ["integrations_list_only", "awscc.rds.integrations_list_only"],
    ])
    const methods = await rows("SHOW METHODS IN awscc.rds.integrations")
    assert.deepEqual(methods[0], ["create_resource", "SourceArn, TargetArn, region", "INSERT"])
    const columns = await rows("DESCRIBE EXTENDED awscc.redshift.integrations")
    assert.deepEqual(columns.at(-1), ["identifier", "string"])
    assert.ok(columns.some(([name, type]) => name === "tags" && type === "array"))
  })

  test("who is no administrator changes nothing, from any database; changes are in the audit trail", async () => {
    const login = { user: "analyst", password: "analyst-password" }
    const analyst = await connectSql(place, "awscc", login)
    const where = `WHERE region = '${region}'`
    assert.deepEqual((await analyst.query(`SELECT * FROM awscc.rds.integrations ${where}`)).rows, [])
    for (const text of [
      `DELETE FROM awscc.rds.integrations ${where} AND Identifier = 'x'`,
      `INSERT INTO awscc.rds.integrations (SourceArn, TargetArn, region) VALUES ('a', 'b', '${region}')`,
    ])
      assert.equal((await refusalOf(analyst, text))[0], "42501", text)
    await analyst.end()
    const { stdout } = await place.run("audit", "--json")
    for (const operation of ["CreateResource", "UpdateResource", "DeleteResource"])
      assert.match(stdout, new RegExp(`"operation": ?"${operation}"`))
  })

  test("millrace sql reads resources", async () => {
    const { code, stdout } = await place.run(
      "sql",
      `SELECT count(*) AS n FROM awscc.rds.integrations WHERE region = '${region}'`,
    )
    assert.equal(code, 0)
    assert.match(stdout, /\b0\b/)
    assert.deepEqual(await ask(place, "dev", "SELECT 1"), [["1"]])
  })
})
