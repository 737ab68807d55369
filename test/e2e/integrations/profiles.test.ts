/** Customer profiles from a bucket, set up by SQL alone on a real server: domain, object type and integration are rows. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { CustomerProfilesClient, SearchProfilesCommand } from "@aws-sdk/client-customer-profiles"
import type pg from "pg"
import { type TestBucket, testBucket } from "../../support/s3/server.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { accessKeyId, newPlace, type Place, region, secretAccessKey } from "../place.ts"
import { connectSql } from "../warehouse.ts"

const uri = "s3://landing/contacts/"
const where = `WHERE DomainName = 'shop' AND region = '${region}'`
const patientMs = 60_000

const fields = JSON.stringify([
  { Name: "id", ObjectTypeField: { Source: "_source.id", Target: "_profile.AccountNumber" } },
  {
    Name: "email",
    ObjectTypeField: {
      Source: "_source.email",
      Target: "_profile.EmailAddress",
      ContentType: "EMAIL_ADDRESS",
    },
  },
])
const keys = JSON.stringify([
  { Name: "contactId", ObjectTypeKeyList: [{ FieldNames: ["id"], StandardIdentifiers: ["UNIQUE"] }] },
  { Name: "_email", ObjectTypeKeyList: [{ FieldNames: ["email"], StandardIdentifiers: ["PROFILE"] }] },
])

async function placeOn(t: TestContext, bucket: TestBucket): Promise<{ place: Place; sql: pg.Client }> {
  const { arn, engine, endpoint, accessKeyId: key, secretAccessKey: secret } = bucket.source
  const service = {
    arn,
    engine,
    endpoint,
    access_key_id: key,
    secret_access_key: secret,
    list_every: "200ms",
  }
  const place = await newPlace(t, { sources: [], services: [service] })
  await place.start()
  const sql = await connectSql(place, "dev")
  t.after(() => sql.end())
  return { place, sql }
}

async function searched(place: Place, email: string): Promise<(string | undefined)[]> {
  const client = new CustomerProfilesClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  })
  const input = { DomainName: "shop", KeyName: "_email", Values: [email] }
  const { Items = [] } = await client.send(new SearchProfilesCommand(input))
  client.destroy()
  return Items.map(({ AccountNumber }) => AccountNumber)
}

test("SQL makes an integration; a file becomes profiles, found by search and joined with orders", async (t) => {
  const bucket = await testBucket(t)
  const { place, sql } = await placeOn(t, bucket)
  const rows = async (text: string) =>
    (await sql.query({ text, rowMode: "array" })).rows as (string | null)[][]
  const made = async (text: string) =>
    assert.deepEqual(await rows(`${text} RETURNING OperationStatus, ErrorCode`), [["SUCCESS", null]])

  await made(`INSERT /*+ AWAIT */ INTO awscc.customerprofiles.domains (DomainName, DefaultExpirationDays, region)
    VALUES ('shop', 366, '${region}')`)
  await made(`INSERT /*+ AWAIT */ INTO awscc.customerprofiles.object_types
    (DomainName, ObjectTypeName, Description, AllowProfileCreation, Fields, Keys, region)
    VALUES ('shop', 'contact', 'contacts', true, '${fields}', '${keys}', '${region}')`)
  await made(`INSERT /*+ AWAIT */ INTO awscc.customerprofiles.integrations (DomainName, Uri, ObjectTypeName, region)
    VALUES ('shop', '${uri}', 'contact', '${region}')`)
  const integration = `SELECT uri, object_type_name, scope FROM awscc.customerprofiles.integrations ${where}`
  assert.deepEqual(await rows(integration), [[uri, "contact", "PROFILE"]])

  await rows("CREATE TABLE orders (customer varchar(10), total int)")
  await rows("INSERT INTO orders VALUES ('1', 10), ('2', 20), ('2', 5)")
  await bucket.put("contacts/1.csv", "id,email\n1,ann@example.com\n2,bob@example.com\n,none@example.com\n")
  const runs = `SELECT status, records_ingested, records_refused FROM customer_profiles.flow_runs
    WHERE domain_name = 'shop' AND integration_uri = '${uri}'`
  const run = await waitUntil(
    async () => {
      const [found] = await rows(runs)
      return found === undefined || found[0] === "InProgress" ? undefined : found
    },
    { what: "the run ends", timeoutMs: patientMs },
  )
  assert.deepEqual(run, ["Successful", "2", "1"])
  assert.deepEqual(await searched(place, "Bob@Example.com"), ["2"])
  const joined = `SELECT p.email_address, sum(o.total)::int FROM orders o JOIN customer_profiles.profiles p
    ON p.account_number = o.customer AND p.domain_name = 'shop' GROUP BY 1 ORDER BY 1`
  assert.deepEqual(await rows(joined), [
    ["ann@example.com", "10"],
    ["bob@example.com", "25"],
  ])
  const letters = "SELECT object_type_name, integration_uri, object FROM customer_profiles.dead_letters"
  assert.deepEqual(await rows(letters), [["contact", uri, '{"email":"none@example.com"}']])

  const identifier = `shop|${uri}`
  await made(`UPDATE /*+ AWAIT */ awscc.customerprofiles.integrations
    SET PatchDocument = string('[{"op": "add", "path": "/Tags", "value": [{"Key": "team", "Value": "data"}]}]')
    WHERE region = '${region}' AND Identifier = '${identifier}'`)
  const tags = `SELECT tags FROM awscc.customerprofiles.integrations ${where}`
  assert.deepEqual(await rows(tags), [['[{"Key":"team","Value":"data"}]']])
  await made(`DELETE /*+ AWAIT */ FROM awscc.customerprofiles.integrations
    WHERE Identifier = '${identifier}' AND region = '${region}'`)
  assert.deepEqual(await rows(integration), [])
  // Profiles stay.
  assert.deepEqual(await searched(place, "ann@example.com"), ["1"])
})
