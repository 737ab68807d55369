import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, afterEach, describe, it } from "node:test"
import { pathToFileURL } from "node:url"
import { lockDataFolder } from "./data-folder.ts"
import { processStart } from "./process-start.ts"
import { SetupError } from "./setup-error.ts"

const root = mkdtempSync(join(tmpdir(), "millrace lock "))
after(() => rmSync(root, { recursive: true }))
let folders = 0
const newFolder = () => join(root, String(folders++))

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
})

/** Takes the lock, tells the outcome in one line, lives until its input ends. */
const locker = `
  const { lockDataFolder } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, "data-folder.ts")).href)})
  const outcome = await lockDataFolder(process.argv[1]).then(() => "locked", (error) => error.name + ": " + error.message)
  process.stdout.write(outcome + "\\n")
  if (outcome === "locked") process.stdin.resume()
`

async function startLocker(folder: string): Promise<{ child: ChildProcess; outcome: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", locker, folder], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  children.push(child)
  assert.ok(child.stdout)
  const [line] = await once(child.stdout, "data")
  return { child, outcome: String(line).trim() }
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit")
  child.kill("SIGKILL")
  await gone
}

describe("the lock of a data folder", () => {
  it("makes the folder private, and is free again when let go", async () => {
    const folder = newFolder()
    for (let round = 0; round < 3; round++) {
      const lock = await lockDataFolder(folder)
      await assert.rejects(lockDataFolder(folder), SetupError)
      await lock.release()
      await lock.release()
    }
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(folder), ["lock.3"])
  })

  it("names the process that has it", async () => {
    const folder = newFolder()
    const { child, outcome } = await startLocker(folder)
    assert.equal(outcome, "locked")
    await assert.rejects(
      lockDataFolder(folder),
      new RegExp(`in use by another Millrace \\(process ${child.pid}\\)`),
    )
  })

  it("is taken over from a killed process", async () => {
    const folder = newFolder()
    const { child } = await startLocker(folder)
    await kill(child)
    const lock = await lockDataFolder(folder)
    await assert.rejects(lockDataFolder(folder), SetupError)
    await lock.release()
  })

  it("is taken over when its process id was given to another process", async () => {
    const folder = newFolder()
    await (await lockDataFolder(folder)).release()
    const someoneElse = { pid: process.pid, startedAt: "long ago" }
    writeFileSync(join(folder, "lock.7"), JSON.stringify(someoneElse))
    await (await lockDataFolder(folder)).release()
    assert.deepEqual(readdirSync(folder), ["lock.8"])
  })

  it("that a crash of the machine left empty is taken over", async () => {
    const folder = newFolder()
    await (await lockDataFolder(folder)).release()
    writeFileSync(join(folder, "lock.2"), "")
    await (await lockDataFolder(folder)).release()
  })

  for (const [left, prepare] of [
    ["nothing", async () => undefined],
    ["a dead owner's lock", async (folder: string) => kill((await startLocker(folder)).child)],
  ] as const) {
    it(`of many starts at once exactly one gets it, after ${left}`, async () => {
      const folder = newFolder()
      await prepare(folder)
      const started = await Promise.all(Array.from({ length: 4 }, () => startLocker(folder)))
      const outcomes = started.map(({ outcome }) => outcome)
      assert.equal(outcomes.filter((outcome) => outcome === "locked").length, 1, outcomes.join("\n"))
      for (const outcome of outcomes)
        if (outcome !== "locked") assert.match(outcome, /^SetupError: .*in use by another/)
      assert.equal(readdirSync(folder).length, 1)
    })
  }

  it("many in one process at once: one", async () => {
    const folder = newFolder()
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => lockDataFolder(folder)))
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1)
  })

  it("of a folder that is a file says what to do", async () => {
    const file = newFolder()
    writeFileSync(file, "")
    await assert.rejects(lockDataFolder(file), /choose another one/)
  })

  it("clears away the drafts of the dead", async () => {
    const folder = newFolder()
    const { child } = await startLocker(folder)
    await kill(child)
    writeFileSync(join(folder, `credentials.${child.pid}.0123abcd.tmp`), "x")
    const living = `credentials.${process.pid}.0123abcd.tmp`
    writeFileSync(join(folder, living), "x")
    await lockDataFolder(folder)
    assert.deepEqual(readdirSync(folder).sort(), [living, "lock.2"])
  })
})

describe("the start of a process", () => {
  it("is the same each time, and nothing for a process that is not there", async () => {
    assert.equal(processStart(process.pid), processStart(process.pid))
    const { child } = await startLocker(newFolder())
    const pid = child.pid ?? 0
    assert.ok(processStart(pid))
    assert.notEqual(processStart(pid), processStart(process.pid))
    await kill(child)
    assert.equal(processStart(pid), undefined)
  })
})
