import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { connect } from "node:net"
import { test } from "node:test"
import { phantomVerifier } from "./admission/scram.ts"
import { startPgWire } from "./server.ts"

const secret = randomBytes(32)

function startup(): Buffer {
  const body = Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from("user\0nobody\0\0")])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  return Buffer.concat([length, body])
}

test("whoever has not logged in yet cannot make the server hold a large message", async (t) => {
  const server = await startPgWire({
    host: "127.0.0.1",
    port: 0,
    verifierFor: (user) => phantomVerifier(secret, user),
    openSession: () => Promise.reject(new Error("nobody logs in here")),
    onError: (error) => assert.fail(String(error)),
  })
  t.after(() => server.close(0))
  const socket = connect(server.port, "127.0.0.1")
  t.after(() => socket.destroy())
  const got: Buffer[] = []
  socket.on("data", (chunk: Buffer) => got.push(chunk))
  const header = Buffer.from("p\0\0\0\0")
  header.writeUInt32BE(60 * 2 ** 20, 1)
  socket.write(Buffer.concat([startup(), header]))
  await once(socket, "close")
  assert.match(
    Buffer.concat(got).toString("latin1"),
    /C08P01\0Mmessage of 62914560 bytes is outside the limit of 65535 bytes/,
  )
})
