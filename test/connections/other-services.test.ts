import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer as createHttpServer } from "node:http"
import { type AddressInfo, createServer, type Server } from "node:net"
import { test } from "node:test"
import { answeringService } from "../../src/connections/answering-service.ts"
import { testServer } from "../support/postgres.ts"

/** A server of lines that says what it is, by itself or when a line has come. */
function lineServer(says: { first?: string; answer?: string }): Server {
  return createServer((socket) => {
    socket.on("error", () => undefined)
    if (says.first !== undefined) socket.write(says.first)
    socket.on("data", (data) => {
      if (says.answer !== undefined && data.includes(10)) socket.write(says.answer)
    })
  })
}

async function nameAt(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const service = await answeringService({ host: "127.0.0.1", port })
  return service.kind === "other" ? service.name : service.kind
}

const wrongArguments = "-ERR wrong number of arguments for 'get' command\r\n"
for (const [name, server, expected] of [
  ["an HTTP server", createHttpServer((_, answer) => answer.end("hello")), "an HTTP server"],
  ["an SSH server", lineServer({ first: "SSH-2.0-OpenSSH_9.2\r\n" }), "an SSH server"],
  ["Redis", lineServer({ answer: wrongArguments }), "Redis"],
  ["a server that says nothing", lineServer({}), "silent"],
] as const) {
  test(`what answers at a port: ${name}`, async (context) => {
    context.after(() => {
      server.close()
      if ("closeAllConnections" in server) server.closeAllConnections()
    })
    assert.equal(await nameAt(server), expected)
  })
}

test("what answers at a port: PostgreSQL, and nothing", async () => {
  const server = await testServer()
  const at = { host: "127.0.0.1", port: server.port }
  assert.deepEqual(await answeringService(at), { kind: "postgres", offersTls: false })
  await server.stop()
  assert.deepEqual(await answeringService(at), { kind: "none" })
})
