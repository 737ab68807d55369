import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb"
import {
  CreateIntegrationCommand,
  DeleteIntegrationCommand,
  DescribeIntegrationsCommand,
  RedshiftClient,
} from "@aws-sdk/client-redshift"
import type { WritePoint } from "../../../src/replication/write-order.ts"
import { testKeys } from "../../support/dynamodb/server.ts"
import { createTable, dynamoDb, hasJava, scanAll } from "../../support/dynamodb/tables.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { accessKeyId, account, newPlace, type Place, region, secretAccessKey, targetArn } from "../place.ts"
import { ask } from "../warehouse.ts"

const skip = hasJava() ? false : "DynamoDB Local needs Java"
const name = "carts"
const sourceArn = `arn:aws:dynamodb:${region}:${account}:table/${name}`

interface Installation {
  place: Place
  api: RedshiftClient
  put(n: number, text: string): Promise<void>
  remove(n: number): Promise<void>
  becomes(status: string): Promise<void>
  /** Waits until the warehouse holds what the table holds. */
  assertEqual(): Promise<void>
}

async function install(context: TestContext): Promise<Installation> {
  const db = await dynamoDb()
  await createTable(db, name, { hash: "N" }).catch((error) => {
    if (error.name !== "ResourceInUseException") throw error
  })
  const place = await newPlace(context, {
    sources: [],
    services: [
      {
        arn: sourceArn,
        engine: "dynamodb",
        endpoint: db.endpoint,
        access_key_id: testKeys.accessKeyId,
        secret_access_key: testKeys.secretAccessKey,
      },
    ],
  })
  const api = new RedshiftClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  })
  const status = async () => (await api.send(new DescribeIntegrationsCommand({}))).Integrations?.[0]?.Status
  const here = async () => (await scanAll(db, name)).map((item) => `${item.id?.N}:${item.text?.S}`).sort()
  const there = async () =>
    (await ask(place, "shop_carts", `SELECT id::int, value."text"."S"::varchar FROM public.${name}`))
      .map(([id, text]) => `${id}:${text}`)
      .sort()
  return {
    place,
    api,
    put: async (n, text) =>
      void (await db.client.send(
        new PutItemCommand({ TableName: name, Item: { id: { N: String(n) }, text: { S: text } } }),
      )),
    remove: async (n) =>
      void (await db.client.send(new DeleteItemCommand({ TableName: name, Key: { id: { N: String(n) } } }))),
    becomes: (wanted) =>
      waitUntil(async () => (await status()) === wanted, { what: wanted, timeoutMs: 60_000 }).then(
        () => undefined,
      ),
    assertEqual: () =>
      waitUntil(async () => JSON.stringify(await there()) === JSON.stringify(await here()), {
        what: "equal content",
        timeoutMs: 60_000,
        intervalMs: 100,
      }).then(() => undefined),
  }
}

const create = new CreateIntegrationCommand({
  SourceArn: sourceArn,
  TargetArn: targetArn,
  IntegrationName: "shop-carts",
})

test("a table through the Redshift API: checked, created, queried when active, fresh, deleted with its rows kept", {
  skip,
}, async (context) => {
  const { place, api, put, remove, becomes, assertEqual } = await install(context)
  for (let n = 0; n < 30; n++) await put(n, `first ${n}`)
  const checked = await place.run("check")
  assert.match(checked.output, /carts: ok/)
  await place.start()
  const { IntegrationArn } = await api.send(create)
  await becomes("active")
  assert.deepEqual(await ask(place, "shop_carts", `SELECT count(*) FROM ${name}`), [["30"]])
  await put(3, "changed")
  await remove(4)
  await put(100, "new")
  const waited = await place.run("wait", "--integration", "shop-carts", "--now")
  assert.equal(waited.code, 0, waited.output)
  await assertEqual()
  const verified = await place.run("verify", "--integration", "shop-carts")
  assert.equal(verified.code, 0, verified.output)
  await api.send(new DeleteIntegrationCommand({ IntegrationArn }))
  await waitUntil(
    async () => (await api.send(new DescribeIntegrationsCommand({}))).Integrations?.length === 0,
    {
      what: "the integration to be gone",
    },
  )
  assert.deepEqual(await ask(place, "shop_carts", `SELECT count(*) FROM ${name}`), [["30"]])
})

const points: WritePoint[] = [
  "sourcePrepared",
  "positionRecorded",
  "copyBegun",
  "chunkLoaded",
  "staged",
  "applied",
]

test("killed at every point of the write order, it ends with what the table holds", {
  skip,
}, async (context) => {
  const { place, api, put, remove, becomes, assertEqual } = await install(context)
  const entry = join(import.meta.dirname, "..", "..", "crash", "child.ts")
  let number = 1000
  for (const point of points) {
    const running = await place.start({ MILLRACE_TEST_ENTRY: entry, MILLRACE_KILL_AT: `${point}:1` })
    if (point === "sourcePrepared") await api.send(create)
    let isOver = false
    void running.ended.then(() => {
      isOver = true
    })
    while (!isOver) {
      await put(number++ % 50, `${point} ${number}`)
      if (number % 3 === 0) await remove((number * 7) % 50)
    }
    assert.equal((await running.ended).signal, "SIGKILL", (await running.ended).output.slice(-2000))
  }
  await place.start()
  await becomes("active")
  await assertEqual()
})

test("without auto_create_database nothing moves until CREATE DATABASE … FROM INTEGRATION", {
  skip,
}, async (context) => {
  const { place, api, put, becomes, assertEqual } = await install(context)
  await place.configure((configuration) => {
    for (const warehouse of configuration.warehouses as Record<string, unknown>[])
      warehouse.auto_create_database = false
  })
  await put(1, "waits")
  await place.start()
  const { IntegrationArn } = await api.send(create)
  await becomes("active")
  const id = IntegrationArn?.split(":").at(-1)
  assert.deepEqual(
    await ask(place, "dev", `SELECT state FROM svv_integration WHERE integration_id = '${id}'`),
    [["PendingDbConnectState"]],
  )
  await ask(place, "dev", `CREATE DATABASE shop_carts FROM INTEGRATION '${id}'`)
  await waitUntil(
    () =>
      ask(place, "shop_carts", `SELECT count(*) FROM ${name}`).then(
        () => true,
        () => false,
      ),
    {
      what: "the table",
      timeoutMs: 60_000,
    },
  )
  await assertEqual()
})
