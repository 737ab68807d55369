/** 200 stops of the whole server by signals, on a machine whose processors are all wanted. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { isRunning } from "../../../src/embedded-postgres/processes.ts"
import { embeddedPid, newPlace } from "../place.ts"
import { type Reach, startInGroup } from "./pressed.ts"

const bootstrap = join(import.meta.dirname, "..", "..", "..", "bin", "millrace")
const turns = 50

const presses: [NodeJS.Signals, Reach][] = [
  ["SIGINT", "group"],
  ["SIGTERM", "group"],
  ["SIGINT", "bootstrap"],
  ["SIGTERM", "bootstrap"],
]

/** Wants every processor for as long as the test lasts. */
function burden(context: TestContext): void {
  for (let at = 0; at < availableParallelism(); at++) {
    const child = spawn("/bin/sh", ["-c", "while :; do :; done"], { stdio: "ignore" })
    context.after(() => child.kill("SIGKILL"))
  }
}

/** What the last lock of this kind says. */
async function lastLock(dataDir: string, kind: "lock" | "worker-lock"): Promise<string> {
  const numbers = (await readdir(dataDir)).flatMap((name) =>
    name.startsWith(`${kind}.`) ? [Number(name.slice(kind.length + 1))] : [],
  )
  return await readFile(join(dataDir, `${kind}.${Math.max(...numbers)}`), "utf8")
}

async function childrenOf(dataDir: string): Promise<number[]> {
  const recorded: { pid: number }[] = JSON.parse(await readFile(join(dataDir, "processes"), "utf8"))
  return recorded.map(({ pid }) => pid)
}

for (const [signal, reach] of presses) {
  test(`${turns} times ${signal} to the ${reach}: exit 0, nothing left running, the locks released`, async (context) => {
    const place = await newPlace(context, { sources: [], state: "embedded" })
    burden(context)
    const command = [process.execPath, bootstrap, "serve", "--config", place.configPath]
    for (let turn = 0; turn < turns; turn++) {
      const started = await startInGroup(command, /^millrace ready:/)
      const children = await childrenOf(place.dataDir)
      assert.equal(children.length, 2)
      const { code, signal: endedBy, output } = await started.press(signal, reach)
      assert.deepEqual({ code, endedBy }, { code: 0, endedBy: null }, output)
      for (const pid of children) assert.equal(await isRunning(pid), false, output)
      assert.equal(await embeddedPid(place.dataDir), undefined, output)
      for (const kind of ["lock", "worker-lock"] as const)
        assert.equal(await lastLock(place.dataDir, kind), "released")
    }
  })
}
