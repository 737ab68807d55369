/**
 * The whole story of Customer Profiles on a real server, told by SQL statements and the `aws` command alone: what a domain takes in
 * is set up by SQL, files of a bucket and rows of a replicated PostgreSQL become profiles, and all of it is deleted again.
 */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type pg from "pg"
import { type AwsCommand, awsCommand, skip } from "../../conformance/aws-command.ts"
import { receiver, receiverSecret } from "../../profiles/events/receiver.ts"
import { testDatabase } from "../../support/postgres.ts"
import { type TestBucket, testBucket } from "../../support/s3/server.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { accessKeyId, newPlace, region, secretAccessKey, sourceArn, targetArn } from "../place.ts"
import { connectSql } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

const uri = "s3://landing/contacts/"
const table = "warehouse://shop/public/customers"
const patientMs = 90_000

const field = (Name: string, Source: string, Target: string, ContentType = "STRING") => ({
  Name,
  ObjectTypeField: { Source: `_source.${Source}`, Target: `_profile.${Target}`, ContentType },
})
const key = (Name: string, FieldName: string, identifier: "UNIQUE" | "PROFILE") => ({
  Name,
  ObjectTypeKeyList: [{ FieldNames: [FieldName], StandardIdentifiers: [identifier] }],
})
const email = field("email", "email", "EmailAddress", "EMAIL_ADDRESS")
const contactFields = [field("id", "id", "Attributes.contact"), email]
const customerFields = [
  field("id", "id", "AccountNumber"),
  field("name", "name", "FirstName"),
  field("mail", "mail", "EmailAddress", "EMAIL_ADDRESS"),
]
const vip = {
  LogicalOperator: "ANY",
  EventTriggerDimensions: [
    { ObjectAttributes: [{ Source: "vip", ComparisonOperator: "EQUAL", Values: ["yes"] }] },
  ],
}

interface Scene {
  bucket: TestBucket
  aws: AwsCommand
  /** Rows of a statement, on the database that the source is replicated into. */
  rows(statement: string): Promise<(string | null)[][]>
  atSource(statement: string): Promise<unknown>
  sourceName: string
  hooks: Awaited<ReturnType<typeof receiver>>
}

async function newScene(t: TestContext): Promise<Scene> {
  const [bucket, hooks, source] = await Promise.all([testBucket(t), receiver(t), testDatabase()])
  atEnd(t, () => source.drop())
  const atSource = (statement: string) => onDatabase(source.url, (client) => client.query(statement))
  await atSource(`CREATE TABLE customers (id int PRIMARY KEY, name text, mail text);
    CREATE TABLE orders (id int PRIMARY KEY, customer int, total int);
    INSERT INTO customers VALUES (1, 'Ann', 'ann@example.com'), (2, 'Bob', 'bob@example.com');
    INSERT INTO orders VALUES (1, 1, 10), (2, 2, 20), (3, 2, 5)`)
  const { arn, engine, endpoint, accessKeyId: id, secretAccessKey: secret } = bucket.source
  const service = { arn, engine, endpoint, access_key_id: id, secret_access_key: secret, list_every: "200ms" }
  const place = await newPlace(t, { sources: [{ arn: sourceArn, url: source.url }], services: [service] })
  await place.configure((configuration) => {
    configuration.profile_webhooks = [{ url: hooks.url, secret: receiverSecret }]
  })
  await place.start()
  const aws = await awsCommand(`http://127.0.0.1:${place.httpPort}`, { accessKeyId, secretAccessKey })
  atEnd(t, () => aws.remove())
  let sql: pg.Client | undefined
  const rows = async (text: string) => {
    sql ??= await connectSql(place, "dev")
    return (await sql.query<(string | null)[]>({ text, rowMode: "array" })).rows
  }
  atEnd(t, async () => sql?.end())
  return { bucket, aws, rows, atSource, sourceName: source.name, hooks }
}

/** Runs a statement on a resource, and fails unless the request succeeds. */
async function done({ rows }: Scene, statement: string): Promise<void> {
  assert.deepEqual(await rows(`${statement} RETURNING OperationStatus, ErrorCode`), [["SUCCESS", null]])
}

async function insert(scene: Scene, resource: string, values: Record<string, unknown>): Promise<void> {
  const all = { ...values, region }
  const texts = Object.values(all).map((value) => (typeof value === "object" ? JSON.stringify(value) : value))
  const literals = texts.map((value) => (typeof value === "string" ? `'${value}'` : value))
  await done(
    scene,
    `INSERT /*+ AWAIT */ INTO awscc.customerprofiles.${resource} (${Object.keys(all).join(", ")})
    VALUES (${literals.join(", ")})`,
  )
}

/** Waits until a statement answers these rows. */
async function answers({ rows }: Scene, statement: string, wanted: (string | null)[][]): Promise<void> {
  let last: unknown
  const isThere = async () => {
    // Tables appear when their first copy is over.
    last = await rows(statement).catch((error: Error) => error.message)
    return JSON.stringify(last) === JSON.stringify(wanted)
  }
  await waitUntil(isThere, { what: "the rows", timeoutMs: patientMs }).catch((cause: unknown) => {
    throw new Error(`${statement} answers ${JSON.stringify(last)}`, { cause })
  })
}

async function setUp(scene: Scene): Promise<void> {
  const domain = { DomainName: "shop" }
  await insert(scene, "domains", { ...domain, DefaultExpirationDays: 366 })
  const type = (ObjectTypeName: string, Fields: object, Keys: object) =>
    insert(scene, "object_types", {
      ...{ ...domain, ObjectTypeName, Description: ObjectTypeName, AllowProfileCreation: true, Fields, Keys },
    })
  await type("contact", contactFields, [key("contactId", "id", "UNIQUE"), key("_email", "email", "PROFILE")])
  await type("customer", customerFields, [
    key("customerId", "id", "UNIQUE"),
    key("_email", "mail", "PROFILE"),
  ])
  await insert(scene, "event_triggers", {
    ...{ ...domain, EventTriggerName: "vip", ObjectTypeName: "contact", EventTriggerConditions: [vip] },
  })
  await insert(scene, "integrations", {
    ...{ ...domain, Uri: `${scene.hooks.url}/vip`, EventTriggerNames: ["vip"] },
  })
  await insert(scene, "integrations", { ...domain, Uri: uri, ObjectTypeName: "contact" })
  await insert(scene, "integrations", { ...domain, Uri: table, ObjectTypeName: "customer" })
}

const searched = async ({ aws }: Scene, keyName: string, value: string) => {
  const words = ["--domain-name", "shop", "--key-name", keyName, "--values", value]
  const { Items } = await aws.answer("customer-profiles", "search-profiles", ...words)
  return (Items as { AccountNumber?: string; FirstName?: string }[]).map((one) => [
    one.AccountNumber,
    one.FirstName,
  ])
}

const joined = `SELECT lower(p.email_address), p.first_name, sum(o.total)::int FROM shop.public.orders o
  JOIN customer_profiles.profiles p ON p.account_number = o.customer::varchar AND p.domain_name = 'shop' GROUP BY 1, 2 ORDER BY 1`

test("files and replicated rows become profiles, by aws and SQL alone", { skip }, async (t) => {
  const scene = await newScene(t)
  const { rows, bucket, aws, hooks } = scene
  const created = await aws.answer(
    ...["rds", "create-integration", "--integration-name", "shop", "--source-arn", sourceArn],
    ...["--target-arn", targetArn, "--data-filter", `include: ${scene.sourceName}.public.*`],
  )
  assert.equal(created.Status, "creating")
  await setUp(scene)
  const integrations = `SELECT uri, object_type_name FROM awscc.customerprofiles.integrations
    WHERE DomainName = 'shop' AND region = '${region}' AND object_type_name IS NOT NULL ORDER BY 1`
  assert.deepEqual(await rows(integrations), [
    [uri, "contact"],
    [table, "customer"],
  ])

  await bucket.put(
    "contacts/1.csv",
    "id,email,vip\nc1,Ann@Example.com,yes\nc2,cem@example.com,no\n,none@example.com,no\n",
  )
  const runs = `SELECT status, records_ingested, records_refused FROM customer_profiles.flow_runs
    WHERE domain_name = 'shop' AND integration_uri = '${uri}'`
  await answers(scene, runs, [["Successful", "2", "1"]])
  const letters = "SELECT object_type_name, integration_uri, object FROM customer_profiles.dead_letters"
  assert.deepEqual(await rows(letters), [["contact", uri, '{"email":"none@example.com","vip":"no"}']])

  // One of the file and one of the table are the same person: three profiles of four records.
  await answers(scene, joined, [
    ["ann@example.com", "Ann", "10"],
    ["bob@example.com", "Bob", "25"],
  ])
  assert.deepEqual(await searched(scene, "_email", "ANN@example.com"), [["1", "Ann"]])
  const profiles = "SELECT count(*) FROM customer_profiles.profiles WHERE domain_name = 'shop'"
  assert.deepEqual(await rows(profiles), [["3"]])
  await waitUntil(() => hooks.taken.length > 0, { what: "the webhook is called", timeoutMs: patientMs })
  assert.deepEqual(
    hooks.taken.map(({ path, record }) => [path, record.EventType, record.EventTriggerName]),
    [["/hooks/vip", "TRIGGERED", "vip"]],
  )

  // A change of a replicated row is a change of its profile.
  await scene.atSource("UPDATE customers SET name = 'Annette' WHERE id = 1")
  await answers(scene, "SELECT first_name FROM customer_profiles.profiles WHERE account_number = '1'", [
    ["Annette"],
  ])
  await changeMapping(scene)
  await deleteAll(scene)
})

/** A new field of the mapping reaches what comes after it. */
async function changeMapping(scene: Scene): Promise<void> {
  const phone = field("phone", "phone", "PhoneNumber", "PHONE_NUMBER")
  await done(
    scene,
    `UPDATE /*+ AWAIT */ awscc.customerprofiles.object_types SET Fields = '${JSON.stringify([...contactFields, phone])}'
    WHERE region = '${region}' AND Identifier = 'shop|contact'`,
  )
  await scene.bucket.put("contacts/2.csv", "id,email,phone\nc2,cem@example.com,+4790111222\n")
  await answers(
    scene,
    "SELECT phone_number FROM customer_profiles.profiles WHERE email_address = 'cem@example.com'",
    [["+4790111222"]],
  )
}

async function deleteAll(scene: Scene): Promise<void> {
  for (const [resource, identifier] of [
    ["integrations", `shop|${uri}`],
    ["integrations", `shop|${table}`],
    ["integrations", `shop|${scene.hooks.url}/vip`],
    ["event_triggers", "shop|vip"],
    ["object_types", "shop|contact"],
    ["domains", "shop"],
  ] as const)
    await done(
      scene,
      `DELETE /*+ AWAIT */ FROM awscc.customerprofiles.${resource}
      WHERE Identifier = '${identifier}' AND region = '${region}'`,
    )
  assert.deepEqual(await scene.rows("SELECT 1 FROM customer_profiles.profiles"), [])
  assert.deepEqual(await scene.aws.answer("customer-profiles", "list-domains"), { Items: [] })
}
