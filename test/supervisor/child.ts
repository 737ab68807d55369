/** A process under a supervisor that does what a test wants: told at its start, and on SIGUSR2. */
import { liveAsChild } from "../../src/supervisor/in-child.ts"
import { openStatementFile } from "../../src/supervisor/running-statements.ts"

export interface ChildStart {
  /** `fail`: it does not start. */
  at: "serve" | "fail" | "hang at stop"
  /** What SIGUSR2 does. */
  onSignal?: "freeze" | "eat" | "break"
  /** Where it tells which statement it runs. */
  statements?: string
}

export interface ChildFacts {
  pid: number
}

function freeze(): never {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
}

const kept: Buffer[] = []

function eat(): void {
  for (let chunks = 0; chunks < 4; chunks++) kept.push(Buffer.alloc(16 * 2 ** 20, 1))
  setTimeout(eat, 10)
}

process.exitCode = await liveAsChild<ChildStart, ChildFacts>({
  aliveEveryMs: 50,
  exit: (status) => process.exit(status),
  async run({ at, onSignal, statements }) {
    if (at === "fail") process.exit(7)
    const broken = Promise.withResolvers<void>()
    process.on("SIGUSR2", () => {
      if (statements !== undefined) openStatementFile(statements).slot().begin("ann", "f00d")
      if (onSignal === "freeze") freeze()
      if (onSignal === "eat") eat()
      if (onSignal === "break") broken.resolve()
    })
    const serving = setInterval(() => undefined, 1_000)
    return {
      facts: { pid: process.pid },
      broken: broken.promise,
      async stop() {
        if (at === "hang at stop") await new Promise(() => undefined)
        clearInterval(serving)
        return 0
      },
    }
  },
})
