import type { TestContext } from "node:test"
import {
  CreateIntegrationCommand,
  DeleteIntegrationCommand,
  DescribeIntegrationsCommand,
  RedshiftClient,
} from "@aws-sdk/client-redshift"
import pg from "pg"
import { testDatabase } from "../../support/postgres.ts"
import { type TestBucket, testBucket } from "../../support/s3/server.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { accessKeyId, newPlace, type Place, region, secretAccessKey, targetArn } from "../place.ts"
import { connectSql } from "../warehouse.ts"

export const bucketArn = "arn:aws:s3:::landing"
export const eventSecret = "eVeNtSeCrEt-Mx42-MARKER"
export const role = "IAM_ROLE 'arn:aws:iam::123456789012:role/load'"

export type WarehouseKind = "duckdb" | "postgres"

export interface CopyPlace {
  place: Place
  bucket: TestBucket
  /** The schema of a table that is named without one, as views name it. */
  schema: string
  /** A session where tables are made and read: on the SQL port, or on the warehouse's own server. Ended with the test. */
  there(): Promise<pg.Client>
  /** Creates the integration of the bucket and waits until it is active; its ARN. */
  integrate(): Promise<string>
  removeIntegration(arn: string): Promise<void>
  /** Tells of objects as S3 does; the answer's status. */
  post(objects: { key: string; etag?: string }[], secret?: string, inBucket?: string): Promise<number>
}

/** A place whose only source is a bucket. `warehouse`: its only one. */
export async function copyPlace(
  context: TestContext,
  listEvery: string,
  warehouse: WarehouseKind = "duckdb",
): Promise<CopyPlace> {
  const bucket = await testBucket(context)
  const place = await newPlace(context, { sources: [] })
  await place.configure((configuration) => {
    const { accessKeyId: id = "", secretAccessKey: secret = "" } = bucket.source
    configuration.sources = [
      {
        arn: bucketArn,
        engine: "s3",
        endpoint: bucket.endpoint,
        access_key_id: id,
        secret_access_key: secret,
        list_every: listEvery,
        event_secret: eventSecret,
      },
    ]
  })
  const { schema, there } = await warehouseOf(context, place, warehouse)
  const client = new RedshiftClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  })
  context.after(() => client.destroy())
  const statusOf = async (arn: string) => {
    const { Integrations = [] } = await client.send(new DescribeIntegrationsCommand({}))
    return Integrations.find((one) => one.IntegrationArn === arn)?.Status
  }
  return {
    place,
    bucket,
    schema,
    there,
    async integrate() {
      const { IntegrationArn: arn = "" } = await client.send(
        new CreateIntegrationCommand({
          SourceArn: "arn:aws:s3:us-east-1::landing",
          TargetArn: targetArn,
          IntegrationName: "landing",
        }),
      )
      await waitUntil(async () => (await statusOf(arn)) === "active", {
        what: "the integration to be active",
      })
      return arn
    },
    async removeIntegration(arn) {
      await client.send(new DeleteIntegrationCommand({ IntegrationArn: arn }))
      await waitUntil(async () => (await statusOf(arn)) === undefined, { what: "the integration to be gone" })
    },
    async post(objects, secret = eventSecret, inBucket = bucket.name) {
      const Records = objects.map(({ key, etag }) => ({
        eventSource: "aws:s3",
        eventName: "ObjectCreated:Put",
        eventTime: new Date().toISOString(),
        s3: {
          bucket: { name: inBucket },
          object: {
            key: encodeURIComponent(key).replaceAll("%20", "+"),
            size: 1,
            ...(etag && { eTag: etag }),
          },
        },
      }))
      const answer = await fetch(`http://127.0.0.1:${place.httpPort}/events/s3`, {
        method: "POST",
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
        body: JSON.stringify({ Records }),
      })
      await answer.text()
      return answer.status
    },
  }
}

async function warehouseOf(
  context: TestContext,
  place: Place,
  kind: WarehouseKind,
): Promise<Pick<CopyPlace, "schema" | "there">> {
  const ended = (client: pg.Client) => {
    atEnd(context, () => client.end())
    return client
  }
  if (kind === "duckdb") return { schema: "main", there: async () => ended(await connectSql(place, "dev")) }
  const home = await testDatabase()
  atEnd(context, () => home.drop())
  await place.configure((configuration) => {
    configuration.warehouses = [{ arn: targetArn, engine: "postgres", url: home.url, layout: "schemas" }]
  })
  // Destination databases are schemas here, so that tests beside one another have each their own dev.
  const options = `-c timezone=UTC -c search_path="dev.public"`
  const made = new pg.Client({ connectionString: home.url })
  await made.connect()
  await made.query('CREATE SCHEMA "dev.public"')
  await made.end()
  return {
    schema: "public",
    async there() {
      const client = new pg.Client({ connectionString: home.url, options, types: asText })
      client.on("error", () => undefined)
      await client.connect()
      return ended(client)
    },
  }
}

const asText = { getTypeParser: () => (text: string) => text }

/** Waits until a query gives this, as text. */
export async function gives(
  client: pg.Client,
  statement: string,
  wanted: string,
  timeoutMs = 60_000,
): Promise<void> {
  let last = ""
  const check = async () => {
    const { rows } = await client.query<(string | null)[]>({ text: statement, rowMode: "array" })
    last = rows.map((row) => row.join("|")).join(";")
    return last === wanted
  }
  try {
    await waitUntil(check, { what: statement, timeoutMs })
  } catch (error) {
    throw new Error(`${statement} gives ${last}, not ${wanted}`, { cause: error })
  }
}
