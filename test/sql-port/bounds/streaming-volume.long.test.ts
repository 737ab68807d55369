import assert from "node:assert/strict"
import { once } from "node:events"
import { connect as connectTo } from "node:net"
import { test } from "node:test"
import type pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { testWarehouse } from "../warehouse.ts"

const rows = 10_000_000
const many = `SELECT i, 'a text that makes the row some hundred bytes wide ' || i AS text FROM range(${rows}) t(i)`
const grownAtMostMiB = 400

interface CountedMessages {
  take(chunk: Buffer): void
  rows(): number
  tag(): string | undefined
}

/** Counts DataRow messages and keeps nothing of them: the client must not be what grows. */
function countedMessages(): CountedMessages {
  let rest = Buffer.alloc(0)
  let skip = 0
  let counted = 0
  let tag: string | undefined

  function take(chunk: Buffer): void {
    if (skip >= chunk.length) {
      skip -= chunk.length
      return
    }
    let bytes = Buffer.concat([rest, chunk.subarray(skip)])
    skip = 0
    while (bytes.length >= 5) {
      const type = String.fromCharCode(bytes[0] ?? 0)
      const length = 1 + bytes.readUInt32BE(1)
      if (type === "D") counted++
      else if (length > bytes.length) break
      if (type === "C") tag = bytes.subarray(5, length - 1).toString()
      if (length > bytes.length) {
        skip = length - bytes.length
        bytes = Buffer.alloc(0)
        break
      }
      bytes = bytes.subarray(length)
    }
    rest = Buffer.from(bytes)
  }
  return { take, rows: () => counted, tag: () => tag }
}

/** node-postgres logs in; its socket is then read by us alone. */
async function rawAnswer(client: pg.Client, sql: string) {
  const socket = (client as unknown as { connection: { stream: import("node:net").Socket } }).connection
    .stream
  socket.removeAllListeners("data")
  const messages = countedMessages()
  const body = Buffer.from(`${sql}\0`)
  const head = Buffer.alloc(5)
  head.write("Q")
  head.writeInt32BE(body.length + 4, 1)
  socket.write(Buffer.concat([head, body]))
  return { socket, messages }
}

function watchGrowth() {
  const before = process.memoryUsage().rss
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 100)
  return {
    grownMiB: () => {
      clearInterval(timer)
      return Math.round((peak - before) / 2 ** 20)
    },
  }
}

test("ten million rows pass through in bounded memory", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const growth = watchGrowth()
  const startedMs = performance.now()
  const { socket, messages } = await rawAnswer(await connect("analyst", "shop"), many)
  socket.on("data", messages.take)
  await waitUntil(messages.tag, { what: "the end of the rows", timeoutMs: 600_000 })
  const grown = growth.grownMiB()
  t.diagnostic(`${rows} rows in ${Math.round(performance.now() - startedMs)} ms, grown by ${grown} MiB`)
  assert.equal(messages.tag(), `SELECT ${rows}`)
  assert.equal(messages.rows(), rows)
  assert.ok(grown < grownAtMostMiB, `grown by ${grown} MiB`)
  socket.destroy()
})

test("a slow reader of ten million rows makes the server wait, not grow; stopped half-way it is told", async (t) => {
  const { client: connect, port } = await testWarehouse(t)
  const slow = await connect("analyst", "shop")
  const { processID, secretKey } = slow as unknown as { processID: number; secretKey: number }
  const growth = watchGrowth()
  const { socket, messages } = await rawAnswer(slow, many)
  const errors: Buffer[] = []
  socket.on("data", (chunk: Buffer) => {
    messages.take(chunk)
    if (messages.rows() < rows / 20) {
      socket.pause()
      setTimeout(() => socket.resume(), 5)
    } else errors.push(chunk)
    if (errors.length > 50) errors.shift()
  })
  await waitUntil(() => messages.rows() > rows / 20, { what: "a part of the rows", timeoutMs: 600_000 })
  const other = await connect("analyst", "shop")
  assert.equal((await other.query("SELECT count(*)::int AS n FROM orders")).rows[0].n, 1000)

  const request = Buffer.alloc(16)
  for (const [at, value] of [16, 80877102, processID, secretKey].entries())
    request.writeInt32BE(value, at * 4)
  const cancel = connectTo(port.port, "127.0.0.1")
  await once(cancel, "connect")
  cancel.end(request)
  await waitUntil(() => Buffer.concat(errors).includes("canceling statement due to user request"), {
    what: "the error",
    timeoutMs: 120_000,
  })
  const grown = growth.grownMiB()
  t.diagnostic(`stopped after ${messages.rows()} rows, grown by ${grown} MiB`)
  assert.equal(messages.tag(), undefined)
  assert.ok(messages.rows() < rows)
  assert.ok(grown < grownAtMostMiB, `grown by ${grown} MiB`)
  socket.destroy()
})
