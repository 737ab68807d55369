/**
 * `millrace serve` that ends itself by SIGKILL when it passes a named point of the write order for the n-th time:
 * told by MILLRACE_KILL_AT=point:n at its start, or by a message { point, passes } later. A message { shiftMs } sets the
 * clock that it sees.
 */

import { readyLine } from "../../src/cli/serve/ready-line.ts"
import { stopSignal, stopWithin } from "../../src/cli/serve/stopping.ts"
import { loadConfiguration } from "../../src/configuration/load.ts"
import { SetupError } from "../../src/configuration/setup-error.ts"
import type { WritePoint } from "../../src/replication/write-order.ts"
import { exitNow } from "../../src/server/forced-exit.ts"
import { newLog } from "../../src/server/log/log.ts"
import { engines } from "../../src/server/registries.ts"
import { startServer } from "../../src/server/start.ts"

export interface KillOrder {
  point: WritePoint
  /** 1: the next time. */
  passes: number
}

/** The machine's clock is set: by so much it is another than it was. */
export interface ClockOrder {
  shiftMs: number
}

let shiftMs = 0
const MachineDate = Date
globalThis.Date = new Proxy(MachineDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now() + shiftMs] : args, newTarget) as Date,
  get: (target, key) => (key === "now" ? () => target.now() + shiftMs : Reflect.get(target, key)),
})

let order: KillOrder | undefined = orderFrom(process.env.MILLRACE_KILL_AT)

function orderFrom(text: string | undefined): KillOrder | undefined {
  if (text === undefined) return undefined
  const [point, passes] = text.split(":")
  return { point: point as WritePoint, passes: Number(passes) }
}

function observe(point: WritePoint): void {
  if (order?.point === point && --order.passes === 0) process.kill(process.pid, "SIGKILL")
}

process.on("message", (message: KillOrder | ClockOrder) => {
  if ("shiftMs" in message) shiftMs += message.shiftMs
  else order = message
  process.send?.("armed")
})
// Only a kill or SIGTERM ends it, whatever becomes of the test. After SIGTERM it hangs up by itself.
process.on("disconnect", () => exitNow(process.exitCode === 0 ? 0 : 1))

const loaded = loadConfiguration(process.argv.at(-1), process.env, engines)
if (!("ok" in loaded)) throw new Error(loaded.mistakes.join("\n"))
const stopped = stopSignal()
try {
  const server = await startServer({
    configuration: loaded.ok,
    log: newLog({ level: "info" }),
    observe,
    cleanUpPatienceMs: Number(process.env.MILLRACE_TEST_PATIENCE_MS ?? 60_000),
    retentionEveryMs: Number(process.env.MILLRACE_TEST_RETENTION_MS ?? 10_000),
    ...(process.env.MILLRACE_TEST_TURN_MS && { turnEveryMs: Number(process.env.MILLRACE_TEST_TURN_MS) }),
    waits: { longestRetryMs: Number(process.env.MILLRACE_TEST_LONGEST_RETRY_MS ?? 30_000) },
  })
  process.stdout.write(`${readyLine(server)}\n`)
  await stopped
  process.exitCode = await stopWithin(server, 9_000)
  process.disconnect()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  process.stderr.write(`millrace: ${error.message}\n`)
  process.exit(1)
}
