import assert from "node:assert/strict"
import type { Socket } from "node:net"
import { test } from "node:test"
import pg from "pg"
import { usualShare } from "../../../src/wire/pgwire/admission/user-shares.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { testWarehouse } from "../warehouse.ts"

const one = { rows: [{ a: 1 }] }
const select1 = async (client: pg.Client) => ({ rows: (await client.query("SELECT 1 AS a")).rows })

test("one user's sessions leave places to others, and administrators come in when all are taken", async (t) => {
  const { client: connect } = await testWarehouse(t, { limits: { connections: 6, connectionsPerUser: 4 } })
  const admin = await connect("admin", "dev")
  await admin.query("CREATE USER eve PASSWORD 'Sesame2024'")
  for (let i = 0; i < 4; i++) await connect("analyst", "shop")
  await assert.rejects(connect("analyst", "shop"), { code: "53300" })
  const eve = await connect("eve", "dev", { password: "Sesame2024" })
  await assert.rejects(connect("eve", "dev", { password: "Sesame2024" }), { code: "53300" })
  for (let i = 0; i < 5; i++) assert.deepEqual(await select1(await connect("admin", "shop")), one)
  await assert.rejects(connect("admin", "shop"), { code: "53300" })
  await eve.end()
  await waitUntil(() => connect("eve", "dev", { password: "Sesame2024" }), {
    what: "the place that became free",
  })
})

/** The client's own socket, to send what no client sends. */
function socketOf(client: pg.Client): Socket {
  const { connection } = client as unknown as { connection: { stream: Socket } }
  return connection.stream
}

/** The beginning of a message of `bytes`, of which as many come as are given. */
function begun(bytes: number, come: number): Buffer {
  const message = Buffer.alloc(5 + come, "a")
  message.write("Q")
  message.writeInt32BE(bytes, 1)
  return message
}

/** Resolves with the code of the error that ended it. */
function ended(client: pg.Client): Promise<string | undefined> {
  let code: string | undefined
  client.on("error", (error) => {
    if (error instanceof pg.DatabaseError) code ??= error.code
  })
  return new Promise((resolve) => client.once("end", () => resolve(code)))
}

const mebibyte = 2 ** 20

test("half-sent messages of one user fill no more than that user's share", async (t) => {
  const { client: connect, port } = await testWarehouse(t, {
    limits: { share: { ...usualShare, incomingBytes: 8 * mebibyte } },
  })
  const admin = await connect("admin", "shop")
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect("analyst", "shop")))
  const codes: (string | undefined)[] = []
  for (const client of clients) {
    void ended(client).then((code) => codes.push(code))
    socketOf(client).write(begun(3 * mebibyte, 3 * mebibyte - 1_000))
  }
  await waitUntil(() => codes.length >= 8, { what: "those beyond the share to be ended" })
  // Where the end comes while the client writes, the error may be lost on the way.
  assert.ok(
    codes.every((code) => code === "53200" || code === undefined),
    codes.join(),
  )
  assert.ok(codes.includes("53200"))
  assert.equal(codes.length, 8, "whoever is within the share goes on")
  assert.equal(port.connections(), 3)
  assert.deepEqual(await select1(admin), one)
  assert.deepEqual(await select1(await connect("loader", "dev")), one)
  const [left] = clients.filter((client) => !socketOf(client).destroyed)
  assert.ok(left)
  await left.end()
  const again = await connect("analyst", "shop")
  assert.equal((await again.query(`SELECT length('${"x".repeat(3 * mebibyte)}') AS n`)).rowCount, 1)
})

test("a message that does not go on ends its session", async (t) => {
  const { client: connect } = await testWarehouse(t, { limits: { halfSentMs: 1_000 } })
  const client = await connect("analyst", "shop")
  const code = ended(client)
  socketOf(client).write(begun(1_000, 10))
  assert.equal(await code, "08P01")
})

test("a large statement sent byte by byte is whole in the end", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const client = await connect("analyst", "shop")
  const socket = socketOf(client)
  socket.setNoDelay(true)
  const write = socket.write.bind(socket)
  const pieces = async (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += 7) {
      write(bytes.subarray(at, at + 7))
      if (at % 700 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  let sent: Promise<void> = Promise.resolve()
  socket.write = ((bytes: Buffer) => {
    sent = sent.then(() => pieces(Buffer.from(bytes)))
    return true
  }) as typeof socket.write
  const text = "é".repeat(40_000)
  assert.deepEqual((await client.query(`SELECT length('${text}') AS n`)).rows, [{ n: "40000" }])
  await sent
})

test("prepared statements are counted by user, and given back with the session", async (t) => {
  const share = { ...usualShare, keptBytes: mebibyte, statements: 10 }
  const { client: connect } = await testWarehouse(t, { limits: { share } })
  const filler = "x".repeat(300 * 1024)
  const large = (client: pg.Client, name: string) =>
    client.query({ name, text: `SELECT length('${filler}') AS n` })
  const [first, second] = [await connect("analyst", "shop"), await connect("analyst", "shop")]
  await large(first, "a")
  await large(second, "a")
  await large(second, "b")
  await assert.rejects(large(second, "c"), { code: "53000" })
  const admin = await connect("admin", "shop")
  await large(admin, "a")
  await first.end()
  await waitUntil(() => large(second, "d"), { what: "the share of the session that ended" })
  for (let i = 0; i < 7; i++) await second.query({ name: `small${i}`, text: "SELECT 1" })
  await assert.rejects(second.query({ name: "one more", text: "SELECT 1" }), { code: "53000" })
})

test("an administrator's statement is not read behind those of others", async (t) => {
  const { client: connect } = await testWarehouse(t)
  const admin = await connect("admin", "shop")
  const clients = await Promise.all(Array.from({ length: 30 }, () => connect("analyst", "shop")))
  // Deep texts take the engine's parser the longest; each is another, so that none is known already.
  const deep = (at: number) => `SELECT ${`${"(".repeat(180)}1${")".repeat(180)}, `.repeat(30)}${at} ]`
  let sent = 0
  let answered = 0
  let isOver = false
  // Each sends its next text when it has its answer: about as many as there are clients wait at any time.
  const sending = async (client: pg.Client) => {
    while (!isOver) {
      const error = await client.query(deep(++sent)).catch((failure: unknown) => failure)
      assert.ok(error instanceof pg.DatabaseError && error.code === "42601", String(error))
      answered++
    }
  }
  const all = clients.map(sending)
  await waitUntil(() => answered > clients.length, { what: "every client to wait" })
  const answeredMeanwhile: number[] = []
  for (let at = 0; at < 5; at++) {
    const before = answered
    assert.deepEqual(await select1(admin), one)
    answeredMeanwhile.push(answered - before)
  }
  isOver = true
  await Promise.all(all)
  // Behind the others, each of its statements would wait for all that were sent before it.
  assert.ok(Math.min(...answeredMeanwhile) < clients.length / 2, `answered meanwhile: ${answeredMeanwhile}`)
})
