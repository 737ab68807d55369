/** A supervisor of one process; a test kills it. Prints the process ids of the processes that were ready. */
import { keepProcess } from "../../src/supervisor/kept-process.ts"
import { recordProcesses } from "../../src/supervisor/leftovers.ts"
import { startProcess } from "../../src/supervisor/supervised-process.ts"
import type { ChildFacts, ChildStart } from "./child.ts"

const [program = "", dataDir = ""] = process.argv.slice(2)
const start: ChildStart = { at: "serve", onSignal: "freeze" }
const kept = keepProcess<ChildStart, ChildFacts>({
  name: "engine",
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  start: () =>
    startProcess({
      args: [program],
      environment: process.env,
      start: Promise.resolve(start),
      isFirstToEnd: true,
      limits: { everyMs: 100, silentLooks: 1_000, memoryBytes: Number.MAX_SAFE_INTEGER },
    }),
  onEnd: () => undefined,
  onState: () => undefined,
})
await kept.first
recordProcesses(dataDir, { engine: kept.pid })
process.stdout.write(`${kept.pid}\n`)
