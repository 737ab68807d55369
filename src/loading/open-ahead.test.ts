import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { test } from "node:test"
import { openBucket } from "../sources/s3/bucket.ts"
import { openAhead } from "./open-ahead.ts"

test("keys that may lead out of their bucket are not asked for, and fail by themselves", async (t) => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? "")
    response.setHeader("etag", '"e"').end("row")
  }).listen(0, "127.0.0.1")
  t.after(() => server.close())
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const store = openBucket(
    {
      arn: "arn:aws:s3:::landing",
      engine: "s3",
      endpoint: `http://127.0.0.1:${port}`,
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "secret",
    },
    "us-east-1",
  )
  const keys = ["in/../../hr/salaries.csv", "in/a..b/.c/d.", "../hr/x", "in/./x", ".."]
  const read: string[] = []
  const objects = keys.map((key) => ({ key, etag: "e", sizeBytes: 3, modifiedAt: new Date() }))
  for await (const opened of openAhead(store, objects, undefined)) {
    const reading = Array.fromAsync(opened.body)
    if (opened.key !== keys[1]) await assert.rejects(reading, /lead out of its bucket/, opened.key)
    else read.push(Buffer.concat(await reading).toString())
  }
  assert.deepEqual(read, ["row"])
  assert.deepEqual(asked, ["/landing/in/a..b/.c/d.?x-id=GetObject"])
})
