import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { type TestContext, test } from "node:test"
import pg from "pg"
import { accountToRunAs, type Launcher, launcherFor } from "../../src/embedded-postgres/account.ts"
import { binariesOf, packageRoot } from "../../src/embedded-postgres/binaries.ts"
import { isRunning } from "../../src/embedded-postgres/processes.ts"
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../../src/embedded-postgres/server.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { waitUntil } from "../support/wait-until.ts"

const asRoot = process.getuid?.() === 0
const childProgram = join(import.meta.dirname, "..", "support", "postgres", "embedded-postgres-child.ts")

async function folderFor(context: TestContext): Promise<string> {
  const folder = await temporaryFolder("embedded")
  context.after(() => removeFolder(folder))
  return folder
}

async function start(context: TestContext, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options)
  context.after(() => server.stop())
  return server
}

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  try {
    return (await client.query({ text: statement, rowMode: "array" })).rows.flat()
  } finally {
    await client.end()
  }
}

async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL")
  await waitUntil(async () => !(await isRunning(pid)), { what: `process ${pid} to die`, timeoutMs: 60_000 })
}

type Answer = "starting" | { pid: number; url: string } | { error: string }

function startInChild(
  context: TestContext,
  folder: string,
  launcher?: Launcher,
  ...more: string[]
): ChildProcess {
  const [program = "", ...rest] = [
    ...(launcher?.prefix ?? []),
    process.execPath,
    childProgram,
    folder,
    ...more,
  ]
  const child = spawn(program, rest, {
    ...launcher?.ids,
    cwd: "/",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  context.after(() => child.kill("SIGKILL"))
  return child
}

async function answerOf(child: ChildProcess): Promise<{ pid: number; url: string }> {
  while (true) {
    const [answer] = (await once(child, "message", { signal: AbortSignal.timeout(60_000) })) as [Answer]
    if (answer === "starting") continue
    if ("error" in answer) throw new Error(answer.error)
    return answer
  }
}

test("a new cluster answers only on the loopback, with its password, ready for logical replication", async (context) => {
  const folder = await folderFor(context)
  const server = await start(context, { folder })
  assert.deepEqual(await ask(server.url(), "SELECT current_setting('wal_level'), current_setting('fsync')"), [
    "logical",
    "on",
  ])
  assert.deepEqual(await ask(server.url(), "SHOW listen_addresses"), ["127.0.0.1"])
  const stranger = new URL(server.url())
  stranger.password = "wrong"
  await assert.rejects(ask(stranger.href, "SELECT 1"), { code: "28P01" })
  assert.equal((await stat(join(folder, "cluster", "password"))).mode & 0o777, 0o600)
  await server.stop()
  assert.equal(await isRunning(server.pid), false)
  await server.stop()
})

test("stopped and started again it has its port and its rows", async (context) => {
  const folder = await folderFor(context)
  const first = await start(context, { folder })
  await ask(first.url(), "CREATE TABLE kept AS SELECT 7 AS n")
  await first.stop()
  const second = await start(context, { folder })
  assert.equal(second.url(), first.url())
  assert.deepEqual(await ask(second.url(), "SELECT n FROM kept"), [7])
})

test("names with spaces, quotes and other scripts are fine for folder and database", async (context) => {
  const folder = join(await folderFor(context), 'it\'s a "Földer" 数据')
  const server = await start(context, { folder })
  await ask(server.url(), 'CREATE DATABASE "shöp 1"')
  assert.deepEqual(await ask(server.url("shöp 1"), "SELECT current_database()"), ["shöp 1"])
})

test("another start adopts the running server; other settings restart it", async (context) => {
  const folder = await folderFor(context)
  const first = await start(context, { folder })
  const again = await start(context, { folder })
  assert.equal(again.pid, first.pid)
  const changed = await start(context, { folder, settings: { max_connections: 17 } })
  assert.notEqual(changed.pid, first.pid)
  assert.deepEqual(await ask(changed.url(), "SHOW max_connections"), ["17"])
})

test("kill -9 of the parent leaves the server running, and the next start adopts it", async (context) => {
  const folder = await folderFor(context)
  const parent = startInChild(context, folder)
  const { pid } = await answerOf(parent)
  assert.ok(parent.pid)
  await killAndWait(parent.pid)
  assert.equal((await start(context, { folder })).pid, pid)
})

test("kill -9 of the server is recovered from", async (context) => {
  const folder = await folderFor(context)
  const first = await start(context, { folder })
  await ask(first.url(), "CREATE TABLE kept AS SELECT 1 AS n")
  await killAndWait(first.pid)
  const second = await start(context, { folder })
  assert.deepEqual(await ask(second.url(), "SELECT n FROM kept"), [1])
})

test("a stranger under the dead server's process id does not hinder the start", async (context) => {
  const folder = await folderFor(context)
  const first = await start(context, { folder })
  await killAndWait(first.pid)
  const stranger = startInChild(context, await folderFor(context))
  await answerOf(stranger).then(({ url }) => context.after(() => ask(url, "SELECT 1").catch(() => undefined)))
  const pidFile = join(folder, "cluster", "data", "postmaster.pid")
  await writeFile(pidFile, (await readFile(pidFile, "utf8")).replace(/^\d+/, String(process.pid)))
  assert.deepEqual(await ask((await start(context, { folder })).url(), "SELECT 1"), [1])
})

test("two first starts at once end in one server", async (context) => {
  const folder = await folderFor(context)
  const children = [startInChild(context, folder), startInChild(context, folder)]
  const [one, other] = await Promise.all(children.map(answerOf))
  assert.deepEqual(one, other)
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith("new-")),
    [],
  )
  await start(context, { folder })
})

test("an interrupted initdb is done anew", async (context) => {
  const folder = await folderFor(context)
  const parent = startInChild(context, folder)
  await waitUntil(async () => (await readdir(folder)).some((name) => name.startsWith("new-")), {
    what: "initdb to begin",
  })
  assert.ok(parent.pid)
  await killAndWait(parent.pid)
  const server = await start(context, { folder })
  assert.deepEqual(await ask(server.url(), "SELECT 1"), [1])
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith("new-")),
    [],
  )
})

test("a server that cannot start says why, with its own words", async (context) => {
  const folder = await folderFor(context)
  const began = Date.now()
  await assert.rejects(
    startEmbeddedPostgres({ folder, settings: { shared_buffers: "nonsense" } }),
    /shared_buffers.*nonsense/,
  )
  assert.ok(Date.now() - began < 30_000, "it must not wait for the whole start limit")
})

test("the log holds neither statements nor row values", async (context) => {
  const folder = await folderFor(context)
  const server = await start(context, { folder })
  await ask(server.url(), "CREATE TABLE one (secret text PRIMARY KEY)")
  await ask(server.url(), "INSERT INTO one VALUES ('sesame')")
  await assert.rejects(ask(server.url(), "INSERT INTO one VALUES ('sesame')"), { code: "23505" })
  const log = await readFile(join(folder, "server.log"), "utf8")
  assert.match(log, /duplicate key/)
  assert.doesNotMatch(log, /sesame|INSERT/)
})

if (asRoot) {
  test("a folder that only root may enter works for root", async (context) => {
    const closed = join(await folderFor(context), "closed")
    await mkdir(closed, { mode: 0o700 })
    const server = await start(context, { folder: join(closed, "postgres") })
    assert.deepEqual(await ask(server.url(), "SELECT 1"), [1])
  })

  test("an installation in a folder that only root may enter works for root", async (context) => {
    const closed = join(await folderFor(context), "closed")
    await mkdir(closed, { mode: 0o700 })
    const native = join(closed, "package", "native")
    await cp(join(packageRoot(), "native"), native, { recursive: true, verbatimSymlinks: true })
    const binaries = await binariesOf(join(closed, "package"), join(closed, "links"))
    const server = await start(context, { folder: join(closed, "postgres"), binaries })
    assert.deepEqual(await ask(server.url(), "SELECT 1"), [1])
  })

  test("a folder that everyone may enter works for root without any of its rights", async (context) => {
    const folder = await folderFor(context)
    await chmod(folder, 0o755)
    const account = await accountToRunAs()
    const launcher = await launcherFor(account, [folder, "/usr/bin/env"])
    assert.deepEqual(launcher.prefix, [])
    assert.equal(launcher.ids.uid, account?.uid)
  })
}

test("a place that no way leads to is refused with advice", async () => {
  const account = (await accountToRunAs()) ?? {
    name: "someone",
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  }
  await assert.rejects(launcherFor(account, ["/no/such/place"]), /cannot reach \/no\/such\/place.*data_dir/)
})

/** Runs as the account that PostgreSQL would get from root, or simply as ourselves. */
async function ordinaryUser(context: TestContext): Promise<{ folder: string; launcher: Launcher }> {
  const folder = await folderFor(context)
  await chmod(folder, 0o755)
  const account = await accountToRunAs()
  const launcher = await launcherFor(account, [folder, process.execPath, dirname(childProgram)])
  const own = join(folder, "own")
  await mkdir(own)
  if (account) await chown(own, account.uid, account.gid)
  return { folder: own, launcher }
}

test("an ordinary user needs nothing of root's", async (context) => {
  const { folder, launcher } = await ordinaryUser(context)
  const { url, pid } = await answerOf(startInChild(context, folder, launcher))
  context.after(() => killAndWait(pid))
  assert.deepEqual(await ask(url, "SELECT 1"), [1])
})

test("library links that an install script would have made are made; in a read-only package, elsewhere", async (context) => {
  for (const readOnly of [false, true]) {
    const { folder, launcher } = await ordinaryUser(context)
    const copy = await packageWithoutLinks(folder, launcher)
    const lib = join(copy, "native", "lib")
    if (readOnly) await chmod(lib, 0o555)
    const { url, pid } = await answerOf(startInChild(context, join(folder, "db"), launcher, copy)).finally(
      () => chmod(lib, 0o755),
    )
    context.after(() => killAndWait(pid))
    assert.deepEqual(await ask(url, "SELECT 'straße' ~* 'STRASSE', 1"), [false, 1])
    const linked = await stat(join(lib, "libicuuc.so.60")).then(
      () => true,
      () => false,
    )
    assert.equal(linked, !readOnly)
  }
})

async function packageWithoutLinks(folder: string, launcher: Launcher): Promise<string> {
  const copy = join(folder, "package")
  const native = join(packageRoot(), "native")
  for (const part of ["bin", "lib", "pg-symlinks.json"])
    await cp(join(native, part), join(copy, "native", part), { recursive: true, verbatimSymlinks: true })
  await symlink(join(native, "share"), join(copy, "native", "share"))
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as { target: string }[]
  for (const { target } of links) await rm(join(copy, target), { force: true })
  // As root the copy is root's, and the links are to be made by another account.
  if (launcher.prefix.length > 0 || "uid" in launcher.ids) await chmod(join(copy, "native", "lib"), 0o777)
  return copy
}
