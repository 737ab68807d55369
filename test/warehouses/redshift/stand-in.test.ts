/** What the contract suite does not ask of the Redshift adapter, on the SQL port of a Millrace and an S3 server. */
import assert from "node:assert/strict"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { after, before, describe, type TestContext, test } from "node:test"
import { gzipSync } from "node:zlib"
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3"
import { positionFrom } from "../../../src/domain/position.ts"
import { Problem } from "../../../src/domain/problems.ts"
import { type TableSchema, tableKey } from "../../../src/domain/table.ts"
import { OversizedTable } from "../../../src/replication/contracts/oversized.ts"
import type { Destination } from "../../../src/replication/contracts/warehouse.ts"
import { namesOf, placeIn } from "../../../src/warehouses/redshift/naming.ts"
import type { OpenConfigured } from "../../../src/warehouses/redshift/open.ts"
import { automaticLayout } from "../../../src/warehouses/redshift/render/tables.ts"
import { openStagingBucket } from "../../../src/warehouses/redshift/staging/bucket.ts"
import { openStaging } from "../../../src/warehouses/redshift/staging/staging.ts"
import { batchOf, contractTable, loaded, rowsOf, staged } from "../../contract/warehouse-rows.ts"
import { type RedshiftStandIn, redshiftStandIn } from "../../support/redshift/stand-in.ts"
import { pagingEndpoint } from "../../support/s3/paging-endpoint.ts"
import { s3Keys, testBucket } from "../../support/s3/server.ts"

const role = "arn:aws:iam::123456789012:role/load"

interface Scene {
  standIn: RedshiftStandIn
  destination: Destination
  table: TableSchema
  /** The table as people name it, in the database where they connect. */
  live: string
  read(): Promise<unknown[][]>
}

type Opened = Partial<OpenConfigured> & { database: string; layout: OpenConfigured["layout"] }

/** Table `t` is live in a destination database of its own, with one row. */
async function withTable(
  standIn: RedshiftStandIn,
  { database, ...more }: Opened,
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const { warehouse, close } = standIn.open(more)
  const destination = await warehouse.open({ database, pipeline: "pipeline", generation: 1 })
  try {
    const table = contractTable("t")
    await loaded(destination, table, [[1, "a", "b"]])
    await destination.copies.completeSnapshot([table], positionFrom("1"))
    const { connectTo = "dev", prefix } = placeIn(more.layout, database)
    const live = namesOf({ connectTo, prefix }).live(table)
    const read = async () => {
      const reader = await standIn.client("admin", connectTo)
      const { rows } = await reader.query<unknown[]>({
        text: `SELECT * FROM ${live} ORDER BY id`,
        rowMode: "array",
      })
      return rows
    }
    await work({ standIn, destination, table, live, read })
  } finally {
    await destination.close()
    close()
  }
}

async function objectsIn({ name, endpoint }: { name: string; endpoint: string }): Promise<string[]> {
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials: s3Keys })
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name }))
  client.destroy()
  return Contents.map(({ Key = "" }) => Key)
}

async function rowCanBeLoaded({ destination, table, read }: Scene): Promise<void> {
  const changes = await staged(destination, table, [["insert", 2, "c", "d"]])
  await destination.rows.apply(batchOf("2", changes))
  const both = [
    [1, "a", "b"],
    [2, "c", "d"],
  ]
  assert.deepEqual(await read(), both)
}

/** What was staged is overwritten on the way: with a text where a number is to be. */
async function refusedChangeIsNamed({ standIn, destination, table, read }: Scene): Promise<void> {
  const changes = await staged(destination, table, [["insert", 2, "c", "d"]])
  await standIn.bucket.put(changes.parts[0]?.token ?? "", gzipSync('"s3cret","c","d",1,f,""\n'))
  const error: unknown = await destination.rows
    .apply(batchOf("2", changes))
    .catch((reason: unknown) => reason)
  assert.ok(error instanceof OversizedTable, String(error))
  assert.equal(error.table.id, table.id)
  assert.match(
    error.message,
    /^Its column id has a value that the warehouse refuses \(load error \d+: .+\)\. Mend the row/,
  )
  assert.doesNotMatch(error.message, /s3cret/)
  assert.deepEqual(await read(), [[1, "a", "b"]])
}

async function refusedCopyIsNamed({ standIn, destination, table, read }: Scene): Promise<void> {
  const load = await destination.copies.begin(table)
  await load.write(rowsOf(table, [[5, "c", "d"]]))
  for (const key of await objectsIn(standIn.bucket))
    if (key.endsWith(".csv.gz")) await standIn.bucket.put(key, gzipSync('"s3cret","c","d"\n'))
  await assert.rejects(load.settled(), (error: unknown) => {
    assert.ok(error instanceof Problem)
    assert.equal(error.kind, "tableFailed")
    assert.match(error.message, /^Its column id has a value that the warehouse refuses \(load error \d+/)
    assert.doesNotMatch(error.message, /s3cret/)
    return true
  })
  await load.abort()
  assert.deepEqual(await read(), [[1, "a", "b"]])
}

/** By copies and by changes; the other column's table fails, and is told both ways out. */
async function longTextsAreCut({ destination, table, read }: Scene): Promise<void> {
  const long = "ä".repeat(40_000)
  await loaded(destination, table, [[1, long, "b"]])
  await destination.rows.apply(batchOf("2", await staged(destination, table, [["insert", 2, long, "d"]])))
  assert.deepEqual(destination.inspection.cutColumns?.(table), ["a"])
  const kept = "ä".repeat(32_767)
  assert.deepEqual(await read(), [
    [1, kept, "b"],
    [2, kept, "d"],
  ])
  await assert.rejects(staged(destination, table, [["insert", 3, "a", long]]), (error: unknown) => {
    assert.ok(error instanceof OversizedTable)
    assert.match(
      error.message,
      /^Its column b has a value of more than 65535 bytes.* in truncate, or in all with TRUNC/,
    )
    return true
  })
}

async function grantsOutlastACopy({ standIn, destination, table, live }: Scene): Promise<void> {
  const { admin, client } = standIn
  await admin.query(`CREATE USER ana PASSWORD '${readersPassword}'`)
  await admin.query(
    `GRANT SELECT, INSERT ON ${live} TO ana; GRANT USAGE ON SCHEMA ${live.split('."')[0]} TO ana`,
  )
  const before = await grantsOn(standIn, "t")
  assert.equal(before.length, 2)
  await loaded(destination, table, [[7, "new", "rows"]])
  assert.deepEqual(await grantsOn(standIn, "t"), before)
  const ana = await client("ana", "dev", { password: readersPassword })
  assert.deepEqual((await ana.query(`SELECT id FROM ${live}`)).rows, [{ id: 7 }])
  await ana.end()
}

const readersPassword = "Sesame2024"

const grantsOn = async ({ reader }: RedshiftStandIn, table: string) =>
  (
    await reader.query({
      text: "SELECT privilege_type, identity_name FROM svv_relation_privileges WHERE relation_name = $1 ORDER BY 1",
      values: [table],
      rowMode: "array",
    })
  ).rows

/** Of the file: the cases use one stand-in. */
function newEndings() {
  const endings: (() => unknown)[] = []
  const context = { after: (ending: () => unknown) => endings.push(ending), diagnostic: () => undefined }
  return {
    context: context as unknown as TestContext,
    async run() {
      for (const ending of endings.reverse()) await ending()
    },
  }
}

describe("the Redshift adapter on the SQL port of a Millrace", () => {
  let standIn: RedshiftStandIn
  const endings = newEndings()
  before(async () => {
    standIn = await redshiftStandIn(endings.context)
  })
  after(endings.run)

  const cases: [string, (scene: Scene) => Promise<void>, Partial<OpenConfigured>?][] = [
    ["COPY by a role loads copies and changes", rowCanBeLoaded, { iamRole: role }],
    [
      "a change that COPY refuses fails its table, and the column is named without the value",
      refusedChangeIsNamed,
    ],
    [
      "a copy that COPY refuses fails its table, and the column is named without the value",
      refusedCopyIsNamed,
    ],
    [
      "texts that are too long are cut in columns that say so, elsewhere the table fails",
      longTextsAreCut,
      { layouts: new Map([[tableKey(contractTable("t")), { ...automaticLayout, truncate: ["id", "a"] }]]) },
    ],
    ["grants go on when a copy takes the table's place", grantsOutlastACopy],
  ]
  for (const [index, [name, work, more]] of cases.entries())
    test(name, () => withTable(standIn, { layout: "schemas", ...more, database: `d${index}` }, work))
})

/** What is left over is removed at the next opening: at most so much, nothing of a newer owner, nothing of others. */
test("the clean-up of staging is bounded, and leaves alone what is not left over", async (context) => {
  const { name, endpoint: server, put } = await testBucket(context, "staging")
  const endpoint = await pagingEndpoint(context, server)
  const bucket = openStagingBucket({ bucket: name, prefix: "", region: "us-east-1", endpoint, ...s3Keys })
  context.after(() => bucket.close())
  const owned = (generation: number, count: number) =>
    Array.from(
      { length: count },
      (_, n) => `p/${String(generation).padStart(12, "0")}-00c0ffee/${n + 10}.csv.gz`,
    )
  const others = ["p/of-somebody", "q/000000000001-00c0ffee/1.csv.gz"]
  const newer = owned(9, 2)
  for (const key of [...owned(1, 12), ...newer, ...others]) await put(key, "x")
  const left = async () =>
    (await objectsIn({ name, endpoint: server })).filter((key) => key.includes("/000000000001-"))
  const isLeftOver = (key: string) => key.includes("/000000000001-")
  await bucket.clear("p/", { isLeftOver, atMost: 5 })
  assert.equal((await left()).length, 12 - 5 + 1)
  await openStaging({
    bucket,
    access: { kind: "role", region: "us-east-1", arn: role },
    prefix: "p/",
    generation: 3,
  })
  assert.deepEqual(await objectsIn({ name, endpoint: server }), [...newer, ...others].sort())
})

test("staged objects are encrypted under the configured key, by the bucket's service", async (context) => {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    request.resume().on("end", () => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  context.after(() => server.close())
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const kmsKeyId = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  const place = { bucket: "staging", prefix: "", region: "us-east-1", endpoint, ...s3Keys }
  for (const configured of [{ ...place, kmsKeyId }, place]) {
    const bucket = openStagingBucket(configured)
    await bucket.put("key", Buffer.from("rows"))
    bucket.close()
  }
  const encryption = seen.map((headers) => [
    headers["x-amz-server-side-encryption"],
    headers["x-amz-server-side-encryption-aws-kms-key-id"],
  ])
  assert.deepEqual(encryption, [
    ["aws:kms", kmsKeyId],
    [undefined, undefined],
  ])
})
