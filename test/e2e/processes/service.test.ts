/** Millrace under a service manager: the unit that is shipped, and what systemd's protocol hears from a start to a stop. */
import assert from "node:assert/strict"
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { type TestContext, test } from "node:test"
import { promisify } from "node:util"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace } from "../place.ts"

const run = promisify(execFile)
const unitPath = join(import.meta.dirname, "../../../packaging/systemd/millrace.service")

/** Node has no sockets for datagrams at a path; Python has. */
const listener = `
import socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind(sys.argv[1])
print("listens", flush=True)
while True:
    for line in one.recv(65536).decode().splitlines():
        print(line, flush=True)
`

/** Where a service manager would listen, and what it has heard. */
async function managerOf(context: TestContext): Promise<{ socket: string; heard: string[] }> {
  const folder = await temporaryFolder("manager")
  const socket = join(folder, "notify")
  const child = spawn("python3", ["-c", listener, socket], { stdio: ["ignore", "pipe", "inherit"] })
  context.after(async () => {
    child.kill()
    await removeFolder(folder)
  })
  const heard: string[] = []
  const lines = createInterface(child.stdout)
  const [first] = await once(lines, "line")
  assert.equal(first, "listens")
  lines.on("line", (line) => heard.push(line))
  return { socket, heard }
}

test("systemd hears that the service is ready, that it lives, and that it stops", async (context) => {
  const { socket, heard } = await managerOf(context)
  const place = await newPlace(context, { sources: [], isIsolated: true })
  const millrace = await place.start({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: "300000" })
  const has = (line: string) => waitUntil(() => heard.includes(line), { what: line, timeoutMs: 30_000 })
  await has("READY=1")
  await has("WATCHDOG=1")
  assert.ok(!heard.includes("STOPPING=1"))
  assert.equal((await millrace.terminate()).code, 0)
  await has("STOPPING=1")
  assert.deepEqual(
    heard.filter((line) => !/^(WATCHDOG|BARRIER)=/.test(line)), // each call waits behind a barrier
    ["READY=1", "STATUS=running", "STOPPING=1"],
  )
})

test("the unit that is shipped is one that systemd takes", async (context) => {
  const folder = await temporaryFolder("unit")
  context.after(() => removeFolder(folder))
  const path = join(folder, "millrace.service")
  const unit = await readFile(unitPath, "utf8")
  // The program lies elsewhere on this machine.
  await writeFile(path, unit.replace(/^(ExecStart|ExecReload)=\S+/gm, `$1=${process.execPath}`))
  const { stdout, stderr } = await run("systemd-analyze", ["verify", "--recursive-errors=no", path])
  assert.equal(stdout + stderr, "")
})
