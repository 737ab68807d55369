/** Flows from objects of a bucket, on a real S3 server and a real state database. */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { gzipSync } from "node:zlib"
import { DuckDBInstance } from "@duckdb/node-api"
import { replayDeadLetters } from "../../../src/profiles/flows/runs/dead-letters.ts"
import type { TestBucket } from "../../support/s3/server.ts"
import { testBucket } from "../../support/s3/server.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { allProfiles, domainWith } from "../scene.ts"
import { admin, contact, flowsForTests, s3Flow } from "./scene.ts"

describe("flows from objects", () => {
  const flows = flowsForTests()
  let bucket: TestBucket
  const closers: (() => unknown)[] = []
  before(async () => {
    bucket = await testBucket({ after: (close: () => unknown) => void closers.push(close) } as never)
  })
  after(async () => {
    for (const close of closers) await close()
  })
  const servers = () => ({ s3Endpoint: bucket.endpoint })

  test("CSV, JSON Lines, arrays, gzip and Parquet under a prefix become profiles, each once", async () => {
    const domain = await domainWith(flows.store.profiles, [contact])
    await bucket.put("all/1.csv", '\ufeffid,email,name\r\n1,a@example.com,"Ann, A."\r\n2,,Bob\r\n')
    await bucket.put(
      "all/2.jsonl",
      '{"id":3,"email":"A@Example.com","name":"Ann"}\n{"id":4,"email":"d@example.com"}\n',
    )
    await bucket.put("all/3.json", '[{"id":5,"email":"e@example.com"},{"id":6,"email":"f@example.com"}]')
    await bucket.put("all/4.csv.gz", gzipSync("id,email,name\n7,g@example.com,Gil\n"))
    await bucket.put("all/5.parquet", await parquetOf(flows.folder))
    await bucket.put("other/6.csv", "id\n99\n")
    await flows.put(domain, { flowDefinition: s3Flow("all", "all") })
    const run = await flows.running(servers(), () => flows.ended(domain))
    assert.deepEqual(
      [run.status, run.recordsProcessed, run.recordsIngested, run.recordsRefused, run.errorInfo],
      ["Successful", 8, 8, 0, undefined],
    )
    assert.ok(run.bytesProcessed > run.bytesWritten)
    const profiles = await allProfiles(flows.store.profiles, domain)
    // The first and the third record have one address.
    assert.deepEqual(profiles.map(({ fields }) => fields.AccountNumber).sort(), [
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
    ])
  })

  test("an integration with an s3:// Uri takes new objects by itself, and replaced ones again", async () => {
    const domain = await domainWith(flows.store.profiles, [contact])
    await bucket.put("new/1.csv", "id,email,name\n1,a@example.com,Ann\n")
    await flows.put(domain, { uri: "s3://landing/new/" })
    const nameOf = async (id: string) =>
      (await allProfiles(flows.store.profiles, domain)).find(({ fields }) => fields.AccountNumber === id)
        ?.fields.FirstName
    await flows.running(servers(), async () => {
      await waitUntil(async () => (await nameOf("1")) === "Ann", { what: "the first object is taken" })
      await bucket.put("new/2.csv", "id,email,name\n2,b@example.com,Bob\n")
      await waitUntil(async () => (await nameOf("2")) === "Bob", { what: "the new object is taken" })
      await bucket.put("new/1.csv", "id,email,name\n1,a@example.com,Anne\n")
      await waitUntil(async () => (await nameOf("1")) === "Anne", { what: "the replaced object is taken" })
      await waitUntil(async () => (await flows.runs(domain)).every(({ endedAt }) => endedAt), {
        what: "all runs end",
      })
    })
    const runs = await flows.runs(domain)
    assert.deepEqual(
      runs.map(({ status, recordsProcessed }) => [status, recordsProcessed]),
      [
        ["Successful", 1],
        ["Successful", 1],
        ["Successful", 1],
      ],
    )
  })

  test("tasks filter, mask and map; a scheduled run reads what is new since the last one", async () => {
    const domain = await domainWith(flows.store.profiles, [contact])
    await bucket.put(
      "task/1.csv",
      "key,mail,first,country\n1,a@example.com,Ann,NL\n2,b@example.com,Bob,DE\n3,c@example.com,Cy,NL\n",
    )
    const task = (TaskType: string, operator: string, SourceFields: string[], more: object) => ({
      TaskType,
      ConnectorOperator: { S3: operator },
      SourceFields,
      ...more,
    })
    const definition = (minutes: number) =>
      s3Flow("task", "task/", {
        TriggerConfig: {
          TriggerType: "Scheduled",
          TriggerProperties: {
            Scheduled: { ScheduleExpression: `rate(${minutes}minutes)`, DataPullMode: "Incremental" },
          },
        },
        Tasks: [
          task("Filter", "PROJECTION", ["key", "mail", "first", "country"], {}),
          task("Filter", "EQUAL_TO", ["country"], { TaskProperties: { DATA_TYPE: "string", VALUE: "NL" } }),
          task("Mask", "MASK_FIRST_N", ["first"], { TaskProperties: { MASK_LENGTH: "1" } }),
          task("Map", "NO_OP", ["key"], { DestinationField: "id" }),
          task("Map", "NO_OP", ["mail"], { DestinationField: "email" }),
          task("Map", "NO_OP", ["first"], { DestinationField: "name" }),
        ],
      })
    await flows.put(domain, { flowDefinition: definition(5) })
    const run = await flows.running(servers(), () => flows.ended(domain))
    assert.deepEqual([run.status, run.recordsIngested, run.recordsFiltered], ["Successful", 2, 1])
    const names = (await allProfiles(flows.store.profiles, domain))
      .map(({ fields }) => fields.FirstName)
      .sort()
    assert.deepEqual(names, ["*nn", "*y"])
  })

  test("records that cannot be read or mapped are dead letters with a reason, and an object that cannot is named", async () => {
    const domain = await domainWith(flows.store.profiles, [contact])
    await bucket.put(
      "bad/1.csv",
      "id,email,name\n1,a@example.com,Ann\n2,b@example.com,Bob,more\n,c@example.com,Cy\n",
    )
    await bucket.put("bad/2.jsonl", '{"id":4,"email":"d@example.com"}\n{"id": 5')
    await bucket.put("bad/3.csv", "id,email,name\n6,f@example.com,Fay\n")
    await flows.put(domain, { flowDefinition: s3Flow("bad", "bad") })
    const run = await flows.running(servers(), () => flows.ended(domain))
    assert.equal(run.status, "Error")
    assert.match(
      run.errorInfo ?? "",
      /^s3:\/\/landing\/bad\/2\.jsonl: Invalid JSON: the file ends inside a value/,
    )
    assert.deepEqual([run.recordsIngested, run.recordsRefused], [3, 2])
    const letters = await flows.store.deadLetters.list(domain, 10)
    assert.deepEqual(letters.map(({ reason }) => reason).sort(), ["noUniqueKey", "unreadable"])
    assert.ok(
      letters.every(
        ({ integrationUri }) => integrationUri === "arn:aws:appflow:us-east-1:123456789012:flow/bad",
      ),
    )
    const unreadable = letters.find(({ reason }) => reason === "unreadable")
    assert.equal(unreadable?.message, "Line 3: Extra column(s) found")
    assert.equal(unreadable?.object, "2,b@example.com,Bob,more")
    // Once the type takes what it refused, the dead letters are taken.
    await flows.store.profiles.change(domain, (locked) =>
      locked.types.put({
        ...contact,
        keys: { contactId: [{ fieldNames: ["email"], standardIdentifiers: ["UNIQUE", "PROFILE"] }] },
      }),
    )
    assert.deepEqual(await replayDeadLetters(flows.store, admin, { domain }), { replayed: 1, refused: 1 })
    const left = await flows.store.deadLetters.list(domain, 10)
    assert.deepEqual(
      left.map(({ reason, object }) => [reason, object]),
      [["notJson", "2,b@example.com,Bob,more"]],
    )
    const names = (await allProfiles(flows.store.profiles, domain)).map(({ fields }) => fields.FirstName)
    assert.ok(names.includes("Cy"))
  })

  test("a validation with DropDataset ends the run with its reason", async () => {
    const domain = await domainWith(flows.store.profiles, [contact])
    await bucket.put("drop/1.csv", "id,email\n1,a@example.com\n-2,b@example.com\n3,c@example.com\n")
    const Tasks = [
      {
        TaskType: "Validate",
        ConnectorOperator: { S3: "VALIDATE_NON_NEGATIVE" },
        SourceFields: ["id"],
        TaskProperties: { VALIDATION_ACTION: "DropDataset" },
      },
    ]
    await flows.put(domain, { flowDefinition: s3Flow("drop", "drop", { Tasks }) })
    const run = await flows.running(servers(), () => flows.ended(domain))
    assert.deepEqual([run.status, run.errorInfo], ["Error", "VALIDATE_NON_NEGATIVE failed for the field id"])
    assert.equal((await allProfiles(flows.store.profiles, domain)).length, 1)
  })

  test("a bucket that is away fails the run after three attempts, and says so", async () => {
    const domain = await domainWith(flows.store.profiles, [contact])
    await flows.put(domain, { flowDefinition: s3Flow("away", "away") })
    const run = await flows.running({ s3Endpoint: "http://127.0.0.1:1" }, () => flows.ended(domain))
    assert.equal(run.status, "Error")
    assert.match(run.errorInfo ?? "", /Bucket landing failed/)
  })
})

async function parquetOf(folder: string): Promise<Buffer> {
  const path = join(folder, "made.parquet")
  const instance = await DuckDBInstance.create(":memory:")
  const connection = await instance.connect()
  await connection.run(
    `COPY (SELECT 8 AS id, 'h@example.com' AS email, 'Hal' AS name) TO '${path}' (FORMAT parquet)`,
  )
  connection.closeSync()
  instance.closeSync()
  return await readFile(path)
}
