import assert from "node:assert/strict"
import { once } from "node:events"
import { connect } from "node:net"
import { test } from "node:test"
import { Hono } from "hono"
import { served, talk } from "../../../test/support/served-http.ts"
import type { WireResponse } from "./message.ts"
import { type HttpEnvironment, serveHttp } from "./server.ts"

test("a handler sees path, query, headers and body exactly as sent", async () => {
  await served(async (server, seen) => {
    const answer = await talk(
      server.port,
      "POST /a%2fb/./c//d?x=%7e+&&y HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two:  2 \r\nContent-Length: 3\r\nConnection: close\r\n\r\n\0\xff!",
    )
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n/)
    assert.match(answer, /fine$/)
    const [request] = seen
    assert.equal(request?.method, "POST")
    assert.equal(request.path, "/a%2fb/./c//d")
    assert.equal(request.query, "x=%7e+&&y")
    assert.deepEqual(request.headers.slice(0, 3), [
      ["Host", "h"],
      ["X-Two", "1"],
      ["x-two", "2"],
    ])
    assert.deepEqual([...request.body], [0, 255, 33])
  })
})

test("a body over the limit is refused by its declared length, unread", async () => {
  await served(
    async (server, seen) => {
      const answer = await talk(server.port, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n12345")
      assert.match(answer, /^HTTP\/1.1 413 /)
      assert.match(answer, /connection: close/i)
      assert.equal(seen.length, 0)
    },
    { bodyBytes: 10 },
  )
})

test("a body over the limit is refused by its real length when it comes in chunks", async () => {
  await served(
    async (server, seen) => {
      const head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      const answer = await talk(server.port, `${head}6\r\n123456\r\n6\r\n123456\r\n0\r\n\r\n`)
      assert.match(answer, /^HTTP\/1.1 413 /)
      assert.equal(seen.length, 0)
    },
    { bodyBytes: 10 },
  )
})

test("a body exactly at the limit is served", async () => {
  await served(
    async (server, seen) => {
      const head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 10\r\n\r\n"
      assert.match(await talk(server.port, `${head}1234567890`), /fine$/)
      assert.equal(seen[0]?.body.length, 10)
    },
    { bodyBytes: 10 },
  )
})

test("a client that never ends its headers, or its body, is cut off", async () => {
  await served(
    async (server, seen) => {
      const headers = await talk(server.port, "POST / HTTP/1.1\r\nHost: h\r\n")
      assert.match(headers, /^HTTP\/1.1 408 /)
      await talk(server.port, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n123")
      assert.equal(seen.length, 0)
    },
    { headersTimeoutMs: 100, requestTimeoutMs: 200 },
  )
})

test("headers over their limit are refused", async () => {
  await served(
    async (server, seen) => {
      const answer = await talk(server.port, `GET / HTTP/1.1\r\nHost: h\r\nX: ${"x".repeat(5_000)}\r\n\r\n`)
      assert.match(answer, /^HTTP\/1.1 431 /)
      assert.equal(seen.length, 0)
    },
    { headerBytes: 4_096 },
  )
})

test("more headers than any client sends are refused; none is dropped", async () => {
  await served(async (server, seen) => {
    const headers = (count: number) => Array.from({ length: count }, (_, at) => `x${at}: ${at}\r\n`).join("")
    const request = (count: number) =>
      `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${headers(count)}\r\n`
    assert.match(await talk(server.port, request(98)), /fine$/)
    assert.equal(seen[0]?.headers.length, 100)
    for (const count of [99, 1_600]) assert.match(await talk(server.port, request(count)), /^HTTP\/1.1 431 /)
    assert.equal(seen.length, 1)
  })
})

/** What two programs could read as different requests: whoever stands between them must not be told two things. */
const ambiguous: Record<string, string> = {
  "two lengths": "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
  "a length and chunks":
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
  "chunks under another name":
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabc",
  "chunks that are not last":
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
  "a length with a sign": "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc",
  "a length of several values": "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc",
  "a space before the colon": "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\nabc",
  "a folded header": "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n Content-Length: 3\r\n\r\nabc",
  "lines without carriage returns": "GET / HTTP/1.1\nHost: h\nX: y\n\n",
  "a carriage return alone": "GET / HTTP/1.1\r\nHost: h\r\nX: a\rContent-Length: 3\r\n\r\nabc",
  "NUL in a header": "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
  "another protocol": "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
  "a size of chunk that overflows":
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n",
  "a chunk longer than it says":
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
}

for (const [name, text] of Object.entries(ambiguous))
  test(`${name}: refused, and nothing after it is read as a request`, async () => {
    await served(async (server, seen) => {
      const answer = await talk(server.port, `${text}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`)
      assert.match(answer, /^HTTP\/1.1 [45]\d\d /)
      assert.deepEqual(
        seen.map(({ path }) => path),
        [],
      )
    })
  })

test("a client that hangs up in mid-body leaves the server serving", async () => {
  await served(async (server) => {
    const socket = connect(server.port, "127.0.0.1")
    socket.write("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n123")
    await once(socket, "connect")
    socket.resetAndDestroy()
    await once(socket, "close")
    const next = await talk(server.port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert.match(next, /fine$/)
  })
})

test("closing lets a running request finish", async () => {
  const started = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const slow = async (): Promise<WireResponse> => {
    started.resolve()
    await release.promise
    return { status: 200, headers: {}, body: "finished" }
  }
  await served(
    async (server) => {
      const answer = talk(server.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      await started.promise
      const closed = server.close(30_000)
      release.resolve()
      const cutOffMs = performance.now() + 10_000
      assert.match(await answer, /finished$/)
      await closed
      assert.ok(performance.now() < cutOffMs, "the idle connection held the server open")
      await assert.rejects(once(connect(server.port, "127.0.0.1"), "connect"), { code: "ECONNREFUSED" })
    },
    {},
    slow,
  )
})

test("closing cuts what does not finish in time", async () => {
  const started = Promise.withResolvers<void>()
  const never = () => {
    started.resolve()
    return new Promise<WireResponse>(() => undefined)
  }
  await served(
    async (server) => {
      const answer = talk(server.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      await started.promise
      await server.close(50)
      assert.equal(await answer, "")
    },
    {},
    never,
  )
})

test("a port that is taken is told by the system's own error", async () => {
  await served(async (server) => {
    const app = new Hono<HttpEnvironment>()
    await assert.rejects(serveHttp(app, { host: "127.0.0.1", port: server.port }), { code: "EADDRINUSE" })
  })
})
