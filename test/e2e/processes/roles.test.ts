/** One installation in several processes on one host, over one configuration file and data folder. */
import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { hostname } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { parse } from "yaml"
import { lockDataFolder } from "../../../src/configuration/data-folder.ts"
import { fingerprintOf } from "../../../src/query/text/fingerprint.ts"
import { freePort } from "../../support/free-port.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { type MillraceProcess, runMillrace, spawnMillrace } from "../process.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask, assertEqualContent, caughtUp, connectSql } from "../warehouse.ts"

/** The words of `status` and `check` for where a pipeline into the database `bank` runs. */
function runsIn({ pid }: MillraceProcess): RegExp {
  return new RegExp(`at ${hostname()} \\(process ${pid}\\), which has its file /\\S+/bank\\.duckdb$`, "m")
}

/** As long as nobody reads a source. */
const noSource = { arn: sourceArn, url: "postgres://nobody@127.0.0.1:1/none" }

async function emptyPlace(context: TestContext, state?: "embedded"): Promise<Place> {
  return await newPlace(context, { sources: [noSource], ...(state && { state }) })
}

test("api apart from sql,worker: an integration lives its whole life, and the command line works through the api process", async (context) => {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  const [api, engine] = await Promise.all([place.startRoles("api"), place.startRoles("sql,worker")])
  assert.match(
    api.output(),
    new RegExp(`^millrace ready: http http://127\\.0\\.0\\.1:${place.httpPort}$`, "m"),
  )
  assert.match(
    engine.output(),
    new RegExp(`^millrace ready: sql postgres://127\\.0\\.0\\.1:${place.sqlPort}$`, "m"),
  )
  const rds = apiOf(place)
  await rds.create("bank", `include: ${source.name}.public.*`)
  await rds.becomes("bank", "active")
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
  for (const [command, shows] of [
    [["status"], /bank {2}active/],
    [["status"], runsIn(engine)],
    [["check"], new RegExp(`bank: ${source.name} → bank: ${runsIn(engine).source}`, "m")],
    [["wait", "--integration", "bank", "--now"], /./],
    [["resync", "--integration", "bank", "--table", "public.accounts"], /./],
    [["verify", "--integration", "bank"], /./],
  ] as const) {
    const { code, output } = await place.run(...command)
    assert.equal(code, 0, output)
    assert.match(output, shows)
  }
  assert.equal((await fetch(`http://127.0.0.1:${place.httpPort}/readyz`)).status, 200)
  await rds.delete("bank")
  await rds.gone("bank")
  assert.deepEqual(await ask(place, "bank", "SELECT sum(balance) FROM accounts"), [["200000.00"]])
  for (const one of [engine, api]) assert.equal((await one.terminate()).code, 0)
})

test("processes that start at once on an empty data folder agree on the credentials", async (context) => {
  const place = await emptyPlace(context)
  await place.configure((configuration) => {
    delete configuration.credentials
    delete configuration.sql_users
  })
  await Promise.all([place.startRoles("api"), place.startRoles("sql,worker")])
  // It answers, whatever is known of the warehouse yet.
  assert.match((await place.run("status")).output, /^no integrations$/m)
  const sql = await place.run("sql", "SELECT 41 + 1 AS answer")
  assert.equal(sql.code, 0, sql.output)
  assert.match(sql.output, /42/)
})

test("one process opens the warehouses of a data folder; api processes may be many", async (context) => {
  const place = await emptyPlace(context)
  const whole = await place.start()
  const second = await place.spawn({}, "sql,worker").ended
  assert.equal(second.code, 1)
  assert.match(second.stderr, new RegExp(`is in use by another Millrace \\(process ${whole.pid}\\)`))
  const httpPort = await freePort()
  const configuration = parse(await readFile(place.configPath, "utf8"))
  configuration.listen.http = `127.0.0.1:${httpPort}`
  const configPath = join(place.folder, "second.yaml")
  await writeFile(configPath, JSON.stringify(configuration))
  const api = spawnMillrace(["serve", "--config", configPath, "--roles", "api"])
  try {
    await api.ready()
    const { output } = await runMillrace(["status", "--config", configPath])
    assert.match(output, /^no integrations$/m)
  } finally {
    await api.kill9()
  }
})

test("while a process still has the warehouses, no start opens them, though nobody has the installation", async (context) => {
  const place = await emptyPlace(context)
  // As an engine has whose supervisor was killed.
  const lock = await lockDataFolder(place.dataDir, "worker")
  for (const roles of [undefined, "sql,worker"]) {
    const { code, stderr } = await place.spawn({}, roles).ended
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`warehouses and pipelines .* in use by .* \\(process ${process.pid}\\)`))
  }
  await lock.release()
  await (await place.startRoles("sql,worker")).terminate()
})

/** Runs for minutes. */
const slow = (text: string) =>
  `SELECT max(damerau_levenshtein(repeat('a', 990) || range, repeat('b', 990) || range)) FROM range(2048) WHERE '${text}' <> ''`

test("killed while a statement runs: the next start names it by its fingerprint; an end in order leaves nothing", async (context) => {
  const place = await emptyPlace(context)
  const first = await place.startRoles("sql,worker")
  const client = await connectSql(place, "dev")
  const answer = client.query(slow("one-MARKER")).then(
    () => "answered",
    () => "lost",
  )
  // Asked and answered after it, on the way of all messages.
  for (let asked = 0; asked < 3; asked++) await ask(place, "dev", "SELECT 1")
  await first.kill9()
  assert.equal(await answer, "lost")
  const second = await place.startRoles("sql,worker")
  const named = new RegExp(
    `"user":"admin","fingerprint":"${fingerprintOf(slow("two"))}".*this statement ran when the process before this one ended`,
  )
  assert.match(second.output(), named)
  assert.doesNotMatch(second.output(), /MARKER|damerau/)
  await second.terminate()
  assert.equal(existsSync(join(place.dataDir, "running-statements")), false)
})

test("roles that cannot be a process of their own are refused with what to do", async (context) => {
  const place = await emptyPlace(context)
  for (const roles of ["sql", "worker", "api,sql", "worker,api"]) {
    const { code, stderr } = await place.spawn({}, roles).ended
    assert.equal(code, 2, stderr)
    assert.match(stderr, /use --roles sql,worker, or api,sql,worker/)
  }
  for (const roles of ["", "api,", "all", "API"]) {
    const { code, stderr } = await place.spawn({}, roles).ended
    assert.equal(code, 2, stderr)
    assert.match(stderr, /--roles is a list of api, sql and worker/)
  }
  const embedded = await emptyPlace(context, "embedded")
  for (const roles of ["api", "sql,worker"]) {
    const { code, stderr } = await embedded.spawn({}, roles).ended
    assert.equal(code, 2, stderr)
    assert.match(stderr, /Set `state: postgres:\/\/…` in the configuration/)
  }
})

test("a process without api serves health checks and metrics where listen.worker_health says", async (context) => {
  const place = await emptyPlace(context)
  const port = await freePort()
  await place.configure((configuration) => {
    configuration.listen = { ...(configuration.listen as object), worker_health: `127.0.0.1:${port}` }
  })
  const worker = await place.startRoles("sql,worker")
  const api = await place.startRoles("api")
  const at = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  assert.equal((await at("/healthz")).status, 200)
  assert.match(await (await at("/metrics")).text(), /millrace_/)
  await worker.terminate()
  await assert.rejects(at("/healthz"))
  assert.equal((await fetch(`http://127.0.0.1:${place.httpPort}/healthz`)).status, 200)
  await api.terminate()
})
