import assert from "node:assert/strict"
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { test } from "node:test"
import { freePort } from "../../support/free-port.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace } from "../place.ts"

async function silentConnections(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, "127.0.0.1"))
  for (const socket of sockets) socket.on("error", () => socket.destroy()).resume()
  await Promise.all(sockets.map((socket) => once(socket, "connect")))
  return sockets
}

test("1,100 silent connections keep neither calls nor health checks out; the health listener has its own", async (context) => {
  const place = await newPlace(context, { sources: [] })
  const healthPort = await freePort()
  await place.configure((configuration) => {
    configuration.listen = { ...Object(configuration.listen), health: `127.0.0.1:${healthPort}` }
  })
  await place.start()
  const text = async (port: number, path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return `${response.status} ${await response.text()}`
  }
  const silent = [
    ...(await silentConnections(place.httpPort, 1_100)),
    ...(await silentConnections(healthPort, 200)),
  ]
  atEnd(context, async () => {
    for (const socket of silent) socket.destroy()
  })
  for (const port of [place.httpPort, healthPort]) {
    assert.equal(await text(port, "/healthz"), "200 ok\n")
    assert.match(await text(port, "/readyz"), /^200 ready/)
    assert.match(await text(port, "/metrics"), /^200 # HELP/)
  }
  assert.match(await text(healthPort, "/status"), /^404/)
  const status = await place.run("status", "--json")
  assert.deepEqual((JSON.parse(status.stdout) as { integrations: unknown[] }).integrations, [], status.output)
  const drawing = await place.run("sql", `SELECT chr(27) || '[2J' || chr(10) || 'x' AS "a\u{202e}b"`)
  assert.match(drawing.stdout, /^ a\\u\{202e\}b\n-+\n \\u\{1b\}\[2J\\nx\n\(1 row\)\n$/)
})
