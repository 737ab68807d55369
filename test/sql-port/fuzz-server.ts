/** A port of its own process, for tests in which the process could end: says its port and password, and runs until it is killed. */
import type { TestContext } from "node:test"
import { password, testWarehouse } from "./warehouse.ts"

const standIn = { after: () => undefined, diagnostic: () => undefined } as unknown as TestContext
const { port } = await testWarehouse(standIn, {
  memoryLimitBytes: 2 ** 31,
  memory: { statementBytes: 2 ** 29, allBytes: 2 ** 30, spillBytes: 2 ** 32 },
  statementTimeoutMs: 2000,
})
process.send?.({ port: port.port, password })
// Its parent is gone.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"))
