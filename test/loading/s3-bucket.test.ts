import assert from "node:assert/strict"
import { createHash, randomBytes } from "node:crypto"
import { test } from "node:test"
import { Problem } from "../../src/domain/problems.ts"
import { openBucket } from "../../src/sources/s3/bucket.ts"
import { testBucket } from "../support/s3.ts"
import { tcpProxy } from "../support/tcp-proxy.ts"

const sizeBytes = 24 * 2 ** 20

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex")
}

async function behindWire(context: Parameters<typeof testBucket>[0]) {
  const bucket = await testBucket(context)
  const wire = await tcpProxy({ host: "127.0.0.1", port: Number(new URL(bucket.endpoint).port) })
  context.after(() => wire.close())
  const store = openBucket({ ...bucket.source, endpoint: `http://127.0.0.1:${wire.port}` }, "us-east-1")
  return { bucket, wire, store }
}

test("an object whose connection breaks is read on from where it was", async (context) => {
  const { bucket, wire, store } = await behindWire(context)
  const bytes = randomBytes(sizeBytes)
  await bucket.put("large", bytes)
  const opened = await store.open("large")
  const parts: Buffer[] = []
  let read = 0
  let cuts = 0
  for await (const part of opened?.body ?? []) {
    // A buffer of the client's may be used anew.
    parts.push(Buffer.from(part))
    read += part.length
    if (read > (cuts + 1) * 4 * 2 ** 20 && cuts < 3) {
      cuts++
      wire.cut()
    }
  }
  assert.equal(cuts, 3)
  assert.equal(digest(Buffer.concat(parts)), digest(bytes))
})

test("an object that is replaced while it is read is never a mixture", async (context) => {
  const { bucket, wire, store } = await behindWire(context)
  await bucket.put("large", Buffer.alloc(sizeBytes, "a"))
  const opened = await store.open("large")
  const reading = async () => {
    let isReplaced = false
    for await (const part of opened?.body ?? []) {
      assert.equal(part.indexOf("b"), -1, "content of both")
      if (isReplaced) continue
      isReplaced = true
      await bucket.put("large", Buffer.alloc(sizeBytes, "b"))
      wire.cut()
    }
  }
  await assert.rejects(reading(), Problem)
})

test("what stands in the way is a problem that says so", async (context) => {
  const { bucket, wire, store } = await behindWire(context)
  assert.equal(await store.open("nothing"), undefined)
  const missing = openBucket({ ...bucket.source, arn: "arn:aws:s3:::missing" }, "us-east-1")
  const list = async (from: typeof store) => {
    for await (const _ of from.list("")) return
  }
  await assert.rejects(
    list(missing),
    (error: unknown) => error instanceof Problem && /NoSuchBucket/.test(error.message),
  )
  wire.sever()
  await assert.rejects(
    list(store),
    (error: unknown) => error instanceof Problem && error.kind === "sourceUnreachable",
  )
})
