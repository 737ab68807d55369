import assert from "node:assert/strict"
import { once } from "node:events"
import { test } from "node:test"
import pg from "pg"
import Cursor from "pg-cursor"
import { waitUntil } from "../../support/wait-until.ts"
import { testWarehouse } from "../warehouse.ts"

const wide =
  "SELECT i, 'a text that makes the row some hundred bytes wide ' || i AS text, now() AS at FROM range(1000000) numbers(i)"

/** Beneath pg: the raw socket, which a test can stop reading or cut. */
function socketOf(client: pg.Client): import("node:net").Socket {
  return (client as unknown as { connection: { stream: import("node:net").Socket } }).connection.stream
}

test("a million rows pass through without being gathered", async (t) => {
  const client = await (await testWarehouse(t)).client("analyst", "shop")
  const cursor = client.query(new Cursor(wide))
  const heapBefore = process.memoryUsage().rss
  let rows = 0
  let peakBytes = 0
  for (let batch = await cursor.read(10_000); batch.length > 0; batch = await cursor.read(10_000)) {
    rows += batch.length
    peakBytes = Math.max(peakBytes, process.memoryUsage().rss - heapBefore)
  }
  assert.equal(rows, 1_000_000)
  // The whole result is over 100 MB on the wire and several times that as objects.
  assert.ok(peakBytes < 200 * 2 ** 20, `grew by ${Math.round(peakBytes / 2 ** 20)} MiB`)
})

test("a client that stops reading holds back its own result and nobody else", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const slow = await connect("analyst", "shop")
  const other = await connect("analyst", "shop")
  const socket = socketOf(slow)
  const answer = slow.query(wide)
  await once(socket, "data")
  socket.pause()
  const before = process.memoryUsage().rss
  for (let i = 0; i < 50; i++)
    assert.equal((await other.query("SELECT count(*)::int AS n FROM orders")).rows[0].n, 1000)
  assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20)
  socket.resume()
  assert.equal((await answer).rows.length, 1_000_000)
})

test("a client that is killed in mid-result leaves nothing behind", async (t) => {
  const { client: connect, port, logged } = await testWarehouse(t)
  const victim = await connect("analyst", "shop")
  const socket = socketOf(victim)
  const lost = assert.rejects(victim.query(wide))
  await once(socket, "data")
  socket.resetAndDestroy()
  await lost
  await waitUntil(() => port.connections() === 0, { what: "the session of the killed client to end" })
  const other = await connect("analyst", "shop")
  assert.deepEqual((await other.query("SELECT 1 AS fine")).rows, [{ fine: 1 }])
  assert.deepEqual(
    logged.filter((line) => !line.startsWith("client:")),
    [],
  )
})

test("a client that reads nothing for too long is dropped", async (t) => {
  const { client: connect, port } = await testWarehouse(t, { limits: { stalledMs: 300 } })
  const stuck = await connect("analyst", "shop")
  const socket = socketOf(stuck)
  const lost = assert.rejects(stuck.query(wide))
  await once(socket, "data")
  socket.pause()
  await waitUntil(() => port.connections() === 0, { what: "the stuck session to end" })
  socket.resume()
  await lost
})

test("closing lets a running statement finish, and ends idle sessions with 57P01", async (t) => {
  const { client: connect, port } = await testWarehouse(t)
  const idle = await connect("analyst", "shop")
  const busy = await connect("analyst", "shop")
  const ended = once(idle, "error")
  // The first statement's answer shows that the server has the text and is at work.
  const started = once(socketOf(busy), "data")
  const running = busy.query(
    "SELECT 1; SELECT count(*)::int AS n FROM range(30000000) numbers(i) WHERE i % 3 = 0",
  )
  await started
  const closing = port.close(10_000)
  const [error] = (await ended) as [pg.DatabaseError]
  assert.equal(error.code, "57P01")
  const [, counted] = (await running) as unknown as pg.QueryResult[]
  assert.equal(counted?.rows[0].n, 10_000_000)
  await closing
  await assert.rejects(connect("analyst", "shop"), /ECONNREFUSED/)
})

test("closing cuts off a statement that outlasts its grace", async (t) => {
  const { client: connect, port } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  const endless = "SELECT count(*) FROM range(100000000) a(x), range(100000) b(y) WHERE x % 7 = y % 5"
  const refused = assert.rejects(client.query(endless), (error: unknown) => {
    assert.ok(error instanceof pg.DatabaseError)
    return ["57014", "57P01"].includes(error.code ?? "")
  })
  await waitUntil(() => port.connections() === 1, { what: "the session" })
  // By itself it would not end today: that this comes to an end is the proof.
  await port.close(200)
  await refused
})

test("garbage on the port ends that connection only", async (t) => {
  const { client: connect, port } = await testWarehouse(t, { limits: { startupMs: 500 } })
  const { connect: open } = await import("node:net")
  for (const bytes of [
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    Buffer.from([0, 0, 0, 4]),
    Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0]),
    Buffer.from([0, 0, 0, 9, 0, 2, 0, 0, 0]),
    Buffer.alloc(0),
  ]) {
    const socket = open(port.port, "127.0.0.1")
    socket.on("error", () => socket.destroy())
    socket.write(bytes)
    socket.resume()
    await once(socket, "close")
  }
  // The limit that ends the silent one holds for this one, too: a busy machine may need several tries.
  const client = await waitUntil(() => connect("analyst", "shop"), { what: "a client to be let in" })
  assert.deepEqual((await client.query("SELECT 1 AS fine")).rows, [{ fine: 1 }])
})
