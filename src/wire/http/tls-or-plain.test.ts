import assert from "node:assert/strict"
import { once } from "node:events"
import { connect } from "node:net"
import { test } from "node:test"
import { type ConnectionOptions, connect as connectTls } from "node:tls"
import { selfSignedCertificate } from "../../../test/support/certificates.ts"
import { received, served, talk } from "../../../test/support/served-http.ts"

const get = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
const certificate = () => selfSignedCertificate("port", ["localhost"])
const anybody = () => true

async function talkTls(port: number, ca: string, options: ConnectionOptions = {}): Promise<string> {
  const socket = connectTls({ host: "localhost", port, ca, ...options })
  socket.write(get)
  return await received(socket)
}

test("one port answers with TLS and without, and knows which it was", async () => {
  const tls = { ...(await certificate()), mayBePlain: anybody }
  await served(
    async ({ port }, seen) => {
      assert.match(await talk(port, get), /^HTTP\/1.1 200 OK\r\n.*fine$/s)
      assert.match(await talkTls(port, tls.cert), /^HTTP\/1.1 200 OK\r\n.*fine$/s)
      assert.deepEqual(
        seen.map(({ isSecure, address }) => [isSecure, address]),
        [
          [false, "127.0.0.1"],
          [true, "127.0.0.1"],
        ],
      )
    },
    { tls },
  )
})

test("who may not come without TLS is told so, and the request reaches nobody", async () => {
  const tls = { ...(await certificate()), mayBePlain: (address?: string) => address !== "127.0.0.1" }
  await served(
    async ({ port }, seen) => {
      assert.match(await talk(port, get), /^HTTP\/1.1 426 .*upgrade: TLS.*https:\/\//is)
      assert.equal(seen.length, 0)
      assert.match(await talkTls(port, tls.cert), /fine$/)
    },
    { tls },
  )
})

test("another certificate holds for connections that come after it, and failed handshakes harm nobody", async () => {
  const [first, second] = [await certificate(), await certificate()]
  await served(
    async (server) => {
      const failed = connectTls({ host: "localhost", port: server.port, ca: second.cert })
      await assert.rejects(once(failed, "secureConnect"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" })
      const alert = await talk(server.port, "\x16\x03\x01\x00\x05nonsense")
      assert.ok(alert.startsWith("\x15\x03\x03"), JSON.stringify(alert))
      server.renewTls({ ...second, mayBePlain: anybody })
      assert.match(await talkTls(server.port, second.cert), /fine$/)
      assert.match(await talkTls(server.port, second.cert, { minVersion: "TLSv1.3" }), /fine$/)
      const old = connectTls({ host: "localhost", port: server.port, maxVersion: "TLSv1.1", ca: second.cert })
      await assert.rejects(once(old, "secureConnect"))
    },
    { tls: { ...first, mayBePlain: anybody } },
  )
})

test("a connection that says nothing, or never ends its handshake, is closed", async () => {
  await served(
    async ({ port }, seen) => {
      for (const begun of ["", "\x16\x03\x01"]) {
        const socket = connect(port, "127.0.0.1")
        if (begun !== "") socket.write(begun, "latin1")
        assert.equal(await received(socket), "")
      }
      assert.equal(seen.length, 0)
    },
    { headersTimeoutMs: 200, tls: { ...(await certificate()), mayBePlain: anybody } },
  )
})
