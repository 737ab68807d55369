/** No limit of time frees anything in these tests: each holds what it opened until its end. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { type TestContext, test } from "node:test"
import { received, served, talk } from "../../../test/support/served-http.ts"
import { waitUntil } from "../../../test/support/wait-until.ts"
import { readBody } from "./body.ts"
import { addressOf } from "./connections.ts"
import type { WireResponse } from "./message.ts"

const patient = {
  headersTimeoutMs: 600_000,
  requestTimeoutMs: 600_000,
  idleTimeoutMs: 600_000,
  keepAliveTimeoutMs: 600_000,
}
const get = "GET / HTTP/1.1\r\nHost: h\r\n"
const last = `${get}Connection: close\r\n\r\n`
const fine: WireResponse = { status: 200, headers: {}, body: "fine" }

interface Opened {
  sockets: Socket[]
  /** Those that the server has not cut. */
  open(): Socket[]
}

/** Connections that each send `text` and then nothing, and stay as long as the server lets them. */
async function openMany(
  context: TestContext,
  port: number,
  count: number,
  text = "",
  from = "127.0.0.1",
): Promise<Opened> {
  const sockets = Array.from({ length: count }, () =>
    connect({ port, host: "127.0.0.1", localAddress: from }),
  )
  context.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (const socket of sockets) socket.on("error", () => socket.destroy()).resume()
  await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, "connect")
      if (text !== "") socket.write(text)
    }),
  )
  return { sockets, open: () => sockets.filter((socket) => !socket.closed) }
}

async function fewerOpen(opened: Opened, most: number): Promise<void> {
  await waitUntil(async () => (opened.open().length <= most ? true : undefined), {
    what: `${most} connections to be left`,
    timeoutMs: 60_000,
  })
}

test("1,100 connections that say nothing shut nobody out, and most of them are cut", async (context) => {
  await served(async ({ port }) => {
    const silent = await openMany(context, port, 1_100)
    assert.match(await talk(port, last), /fine$/)
    await fewerOpen(silent, 250)
  }, patient)
})

for (const [name, text] of [
  ["half of a header", get],
  ["half of a body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n123"],
  ["half of a body in chunks", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"],
  ["one request, and are kept alive", `${get}\r\n`],
] as const)
  test(`connections that sent ${name} shut nobody out`, async (context) => {
    await served(
      async ({ port }) => {
        const slow = await openMany(context, port, 10, text)
        for (let at = 0; at < 5; at++) assert.match(await talk(port, last), /fine$/)
        const left = slow.open().length
        assert.ok(left < 10, `${left} are left`)
      },
      { ...patient, connectionsPerAddress: 10 },
    )
  })

test("a client that does not read its answer shuts nobody out", async (context) => {
  const large = { ...fine, body: "x".repeat(50_000_000) }
  await served(
    async ({ port }, seen) => {
      const socket = connect(port, "127.0.0.1")
      context.after(() => socket.destroy())
      socket.on("error", () => socket.destroy()).pause()
      socket.write(`${get}\r\n`)
      await waitUntil(async () => (seen.length === 1 ? true : undefined), { what: "the request to arrive" })
      assert.match(
        await talk(port, `HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`),
        /^HTTP\/1.1 200/,
      )
    },
    { ...patient, connectionsPerAddress: 1 },
    async () => large,
  )
})

test("a request that is being worked on is never cut; where all are, a new connection is refused", async (context) => {
  const release = Promise.withResolvers<void>()
  await served(
    async ({ port }, seen) => {
      const answers = Array.from({ length: 3 }, () => talk(port, last))
      await waitUntil(async () => (seen.length === 3 ? true : undefined), {
        what: "three requests to arrive",
      })
      const more = await openMany(context, port, 5)
      await fewerOpen(more, 0)
      release.resolve()
      for (const answer of await Promise.all(answers)) assert.match(answer, /fine$/)
      assert.match(await talk(port, last), /fine$/)
    },
    { ...patient, connectionsPerAddress: 3 },
    async () => {
      await release.promise
      return fine
    },
  )
})

test("of several addresses, the one with the most connections gives way", {
  skip: process.platform !== "linux" && "only Linux has every address of 127.0.0.0/8",
}, async (context) => {
  await served(
    async ({ port }) => {
      const crowd = await openMany(context, port, 8, "", "127.0.0.2")
      const few = await openMany(context, port, 2, "", "127.0.0.3")
      assert.match(await talk(port, last), /fine$/)
      await fewerOpen(crowd, 7)
      assert.equal(few.open().length, 2)
    },
    { ...patient, connections: 10, connectionsPerAddress: 100 },
  )
})

test("requests sent ahead of their answers: a few are answered in order, a flood is cut", async () => {
  await served(
    async ({ port }, seen) => {
      const eight = await talk(port, `${get}\r\n`.repeat(7) + last)
      assert.equal(eight.split("HTTP/1.1 200").length, 9)
      seen.length = 0
      await talk(port, `${get}\r\n`.repeat(5_000))
      assert.ok(seen.length <= 16, `${seen.length} were worked on`)
      assert.match(await talk(port, last), /fine$/)
    },
    patient,
    async () => {
      await new Promise(setImmediate)
      return fine
    },
  )
})

test("a client that has ended its side is still answered", async () => {
  await served(async ({ port }) => {
    assert.match(await talk(port, `${get}\r\n`, true), /fine$/)
  }, patient)
})

test("bodies that are coming hold a bounded memory together: the one that takes longest is cut", async (context) => {
  const server = createServer(async (incoming, outgoing) => {
    const read = await readBody(incoming, 1_000_000, 2_000_000)
    outgoing.end(read.kind === "read" ? String(read.body.length) : read.kind)
  }).listen(0, "127.0.0.1")
  context.after(() => server.closeAllConnections())
  context.after(() => server.close())
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n"
  const first = await openMany(context, port, 1, head + "x".repeat(900_000))
  const others = await openMany(context, port, 3, head + "x".repeat(900_000))
  await fewerOpen(first, 0)
  const whole = connect(port, "127.0.0.1")
  whole.write(head + "x".repeat(1_000_000))
  assert.match(await received(whole), /1000000$/)
  assert.ok(others.open().length <= 2)
})

test("a body of many parts holds no more than its bytes", async () => {
  await served(async ({ port }, seen) => {
    const before = process.memoryUsage().arrayBuffers
    const parts = 200_000
    const head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert.match(await talk(port, `${head}${"1\r\nx\r\n".repeat(parts)}0\r\n\r\n`), /fine$/)
    assert.equal(seen[0]?.body.length, parts)
    assert.ok(process.memoryUsage().arrayBuffers - before < 50_000_000)
  }, patient)
})

for (const [given, counted] of [
  ["10.1.2.3", "10.1.2.3"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["2001:db8:0:7::1", "2001:db8:0:7"],
  ["2001:db8:0:7:ffff::2", "2001:db8:0:7"],
  ["2001:0db8::9", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
] as const)
  test(`${given} counts as ${counted}`, () => assert.equal(addressOf(given), counted))
