/** A port of its own process, for tests in which the process could end: says its port and password, and runs until it is killed. */
import { monitorEventLoopDelay } from "node:perf_hooks"
import type { TestContext } from "node:test"
import { password, testWarehouse } from "../warehouse.ts"

const standIn = { after: () => undefined, diagnostic: () => undefined } as unknown as TestContext
const { port } = await testWarehouse(standIn, {
  memoryLimitBytes: 2 ** 31,
  memory: { statementBytes: 2 ** 29, allBytes: 2 ** 30, spillBytes: 2 ** 32 },
  statementTimeoutMs: 2000,
})
process.send?.({ port: port.port, password })
const pauses = monitorEventLoopDelay({ resolution: 10 })
pauses.enable()
// Everybody waits for as long as this thread does something else.
setInterval(() => process.send?.({ pauseMs: pauses.max / 1e6 }), 500).unref()
// Its parent is gone.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"))
