import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { test } from "node:test"

const source = (name: string) => JSON.stringify(join(import.meta.dirname, "..", "..", "..", "src", name))

/** Runs a program; how it ended. */
async function ending(program: string): Promise<{ code: number | null; signal: string | null }> {
  const options = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program]
  // Without what is tested it would not end at all.
  const child = spawn(process.execPath, options, {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: 60_000,
    killSignal: "SIGABRT",
  })
  const [code, signal] = await once(child, "exit")
  return { code, signal }
}

/** Keeps a thread of the pool for hours. */
const stuck =
  'import { pbkdf2 } from "node:crypto"; pbkdf2("a", "b", 2 ** 31 - 1, 64, "sha512", () => undefined);'

test("a native call that does not end keeps no process alive that has stopped, nor its exit status", async () => {
  const stopping = `import { stopWithin } from ${source("cli/serve/stopping.ts")};`
  const good = `${stuck} ${stopping} process.exitCode = await stopWithin({ stop: async () => undefined }, 1000)`
  assert.deepEqual((await ending(good)).code, 0)
  const late = `${stuck} ${stopping} process.exitCode = await stopWithin({ stop: () => new Promise(() => undefined) }, 100)`
  assert.deepEqual((await ending(late)).code, 1)
})

test("a main thread that does not come back from a native call is killed", async () => {
  const blocked = `import { killAfter } from ${source("server/forced-exit.ts")}; killAfter(200);
    await new Promise((resolve) => setTimeout(resolve, 100)); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`
  assert.equal((await ending(blocked)).signal, "SIGKILL")
})
