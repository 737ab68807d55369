/** Stops by signals, as the bootstrap passes them on: many times, with a program that has only the handling of signals in it. */
import assert from "node:assert/strict"
import { readFile, writeFile } from "node:fs/promises"
import { join, relative } from "node:path"
import { type TestContext, test } from "node:test"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type Reach, startInGroup } from "./pressed.ts"

const root = join(import.meta.dirname, "..", "..", "..")
const text = (path: string) => JSON.stringify(join(root, path))

/** Ends in order within 150 ms of a signal, and writes so to a file. */
const program = `
import { appendFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { stopSignal, stopWithin } from ${text("src/cli/serve/stopping.ts")}
const alive = setInterval(() => undefined, 1000)
const stopped = stopSignal()
console.log("ready")
await stopped
const stop = async () => {
  await sleep(150)
  clearInterval(alive)
  appendFileSync(process.argv[2] ?? "", "in order\\n")
}
process.exitCode = await stopWithin({ stop }, 20_000)
`

/** The bootstrap with that program: its command, and the file in which orderly ends are counted. */
async function orderlyProgram(context: TestContext): Promise<{ command: string[]; ends: string }> {
  const folder = await temporaryFolder("stops")
  context.after(() => removeFolder(folder))
  const [entry, wrapper, ends] = ["program.ts", "wrapper.mjs", "ends"].map((name) => join(folder, name))
  if (entry === undefined || wrapper === undefined || ends === undefined) throw new Error("no paths")
  await writeFile(entry, program)
  await writeFile(ends, "")
  const start = `await run(${JSON.stringify(relative(root, entry))}, [${JSON.stringify(ends)}])`
  await writeFile(wrapper, `import { run } from ${text("scripts/bootstrap/run.mjs")}\n${start}\n`)
  return { command: [process.execPath, wrapper], ends }
}

const presses: [NodeJS.Signals, Reach][] = [
  ["SIGINT", "group"],
  ["SIGTERM", "group"],
  ["SIGTERM", "bootstrap"],
]

test("36 stops, to the bootstrap or to the whole group: each in order, none by the signal", async (context) => {
  const { command, ends } = await orderlyProgram(context)
  await Promise.all(
    presses.map(async ([signal, reach]) => {
      for (let turn = 0; turn < 12; turn++) {
        const started = await startInGroup(command, /^ready$/)
        const end = await started.press(signal, reach)
        assert.deepEqual(end, { code: 0, signal: null, output: "ready\n" }, `${signal} to the ${reach}`)
      }
    }),
  )
  assert.equal(await readFile(ends, "utf8"), "in order\n".repeat(36))
})

test("a shell of npm that dies of SIGTERM: the program ends in order", async (context) => {
  const { command, ends } = await orderlyProgram(context)
  // As npm runs a package: by a shell that stays, and that alone gets what npm is ended by.
  const shell = ["/bin/sh", "-c", `'${command.join("' '")}'; exit $?`]
  const started = await startInGroup(shell, /^ready$/, { ...process.env, npm_lifecycle_event: "npx" })
  await started.press("SIGTERM", "bootstrap")
  await waitUntil(async () => (await readFile(ends, "utf8")) === "in order\n", { what: "an orderly end" })
})
