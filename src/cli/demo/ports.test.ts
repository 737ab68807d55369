import assert from "node:assert/strict"
import { once } from "node:events"
import { createServer } from "node:net"
import { test } from "node:test"
import { freePlace } from "./ports.ts"

test("a free address is kept, a taken one becomes any free port of its host", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  const place = { host: "127.0.0.1", port }
  assert.deepEqual(await freePlace(place), { host: "127.0.0.1", port: 0 })
  server.close()
  await once(server, "close")
  assert.deepEqual(await freePlace(place), place)
})
