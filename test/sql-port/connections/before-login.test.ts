import assert from "node:assert/strict"
import { once } from "node:events"
import { createConnection, Socket } from "node:net"
import { type TestContext, test } from "node:test"
import { waitUntil } from "../../support/wait-until.ts"
import { testWarehouse } from "../warehouse.ts"

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

interface Crowd {
  open(): number
}

/** Connections that say at most `first` and then nothing, all at once, from an address of this machine. */
async function crowd(
  t: TestContext,
  port: number,
  { count, from, first }: { count: number; from: string; first?: Buffer },
): Promise<Crowd> {
  const sockets: Socket[] = []
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = createConnection({ port, host: "127.0.0.1", localAddress: from })
      sockets.push(socket)
      socket.on("error", () => socket.destroy())
      await Promise.race([once(socket, "connect"), once(socket, "close")])
      if (first && !socket.destroyed) socket.write(first)
      socket.resume()
    }),
  )
  return { open: () => sockets.filter((one) => !one.destroyed && !one.readableEnded).length }
}

/** So long that only making room can let anybody in. */
const patient = { silentMs: 600_000, startupMs: 600_000 }

test("700 connections of one address that say nothing shut nobody out, not from there either", async (t) => {
  const { client: connect, port } = await testWarehouse(t, { limits: patient })
  const silent = await crowd(t, port.port, { count: 700, from: "127.0.0.2" })
  for (const localAddress of ["127.0.0.1", "127.0.0.2"]) {
    const client = await connect("analyst", "shop", { stream: () => createFrom(localAddress) })
    assert.deepEqual((await client.query("SELECT 1 AS fine")).rows, [{ fine: 1 }])
  }
  await waitUntil(() => silent.open() <= 100, {
    what: "all but those of one address's share to be sent away",
  })
})

test("many addresses that say nothing shut nobody out", async (t) => {
  const { client: connect, port } = await testWarehouse(t, { limits: { ...patient, connections: 40 } })
  const crowds = await Promise.all(
    [2, 3, 4, 5].map((n) => crowd(t, port.port, { count: 60, from: `127.0.0.${n}` })),
  )
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect("analyst", "shop")))
  for (const client of clients) assert.deepEqual((await client.query("SELECT 1 AS a")).rows, [{ a: 1 }])
  assert.ok(crowds.reduce((sum, one) => sum + one.open(), 0) < 240)
})

test("who began to log in is not sent away at once, but does not stay either", async (t) => {
  const { client: connect, port } = await testWarehouse(t, { limits: { ...patient, loginsPerAddress: 10 } })
  const begun = await crowd(t, port.port, { count: 10, from: "127.0.0.1", first: sslRequest })
  assert.equal(begun.open(), 10)
  await waitUntil(() => connect("analyst", "shop"), {
    what: "a login once they have been quiet for a second",
  })
  assert.ok(begun.open() < 10)
})

test("a connection that says nothing ends soon, one that says something a little later", async (t) => {
  const { port } = await testWarehouse(t, { limits: { silentMs: 1_000, startupMs: 4_000 } })
  const silent = await crowd(t, port.port, { count: 1, from: "127.0.0.1" })
  const begun = await crowd(t, port.port, { count: 1, from: "127.0.0.1", first: sslRequest })
  await waitUntil(() => silent.open() === 0, { what: "the silent one to be ended" })
  assert.equal(begun.open(), 1)
  await waitUntil(() => begun.open() === 0, { what: "the other to be ended" })
})

function createFrom(localAddress: string): Socket {
  const socket = new Socket()
  const connect = socket.connect.bind(socket)
  const from = (port: number, host: string) => connect({ port, host, localAddress })
  return Object.assign(socket, { connect: from })
}

test("only proven passwords count as sessions", async (t) => {
  const { client: connect, port } = await testWarehouse(t, { limits: { ...patient, connections: 3 } })
  const startup = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 3, 0, 0]),
    Buffer.from("user\0analyst\0database\0shop\0\0"),
  ])
  startup.writeInt32BE(startup.length)
  await crowd(t, port.port, { count: 20, from: "127.0.0.2", first: startup })
  assert.equal(port.connections(), 0)
  await Promise.all([connect("analyst", "shop"), connect("analyst", "shop"), connect("analyst", "shop")])
  await assert.rejects(connect("analyst", "shop"), { code: "53300" })
})
