import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { Problem } from "../../src/domain/problems.ts"
import { openBucket } from "../../src/sources/s3/bucket.ts"
import { s3Keys, testBucket } from "../support/s3/server.ts"
import { tcpProxy } from "../support/tcp-proxy.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"

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

test("keys of any characters are listed and opened", async (context) => {
  const bucket = await testBucket(context)
  const store = openBucket(bucket.source, "us-east-1")
  const keys = ["in/a b+c", "in/ä%20😀", "in/=?#~", "in/%C3%A4"]
  for (const key of keys) await bucket.put(key, key)
  await bucket.put("out/1", "another prefix")
  const found: string[] = []
  for await (const page of store.list("in/")) found.push(...page.map(({ key }) => key))
  assert.deepEqual(found.sort(), keys.sort())
  for (const key of keys) {
    const parts: Buffer[] = []
    for await (const part of (await store.open(key))?.body ?? []) parts.push(Buffer.from(part))
    assert.equal(Buffer.concat(parts).toString(), key)
  }
})

test("a bucket of more objects than a page holds is listed whole", async (context) => {
  const directory = await temporaryFolder("s3-pages")
  context.after(() => removeFolder(directory))
  const keys = Array.from({ length: 1_050 }, (_, i) => `in/${String(i).padStart(4, "0")}`)
  await mkdir(join(directory, "landing", "in"), { recursive: true })
  // As the server keeps objects: so many requests would take longer than the test is worth.
  for (const key of keys) await writeFile(join(directory, "landing", `${key}._S3rver_object`), "1")
  const child = join(import.meta.dirname, "../support/s3/child.ts")
  // Its tokens of continuation are enciphered with DES, which Node no longer does unasked.
  const server = spawn(process.execPath, ["--openssl-legacy-provider", child, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  context.after(() => server.stdin.end())
  const [port] = (await once(server.stdout, "data")) as [Buffer]
  const endpoint = `http://127.0.0.1:${Number(port.toString())}`
  const store = openBucket({ arn: "arn:aws:s3:::landing", engine: "s3", endpoint, ...s3Keys }, "us-east-1")
  const pages: string[][] = []
  for await (const page of store.list("in/")) pages.push(page.map(({ key }) => key))
  assert.deepEqual(
    pages.map(({ length }) => length),
    [1_000, 50],
  )
  assert.deepEqual(pages.flat().sort(), keys)
})

test("requests are signed with the bucket's keys: a server that checks takes them, and no others", async (context) => {
  const bucket = await testBucket(context, "landing", { checksSignatures: true })
  await bucket.put("in/a b+ü.csv", "1")
  const store = openBucket(bucket.source, "us-east-1")
  assert.equal((await store.open("in/a b+ü.csv"))?.sizeBytes, 1)
  const stranger = openBucket({ ...bucket.source, secretAccessKey: "another" }, "us-east-1")
  await assert.rejects(
    stranger.open("in/a b+ü.csv"),
    (error: unknown) => error instanceof Problem && error.kind === "sourceRefusedLogin",
  )
})
