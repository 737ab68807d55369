import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { isRunning } from "../../../src/embedded-postgres/processes.ts"
import { controlAt, startControl } from "../../support/control.ts"
import { testServer } from "../../support/postgres.ts"
import { tcpProxy } from "../../support/tcp-proxy.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { embeddedPid, newPlace, type Place, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask, assertEqualContent, caughtUp, connectSql } from "../warehouse.ts"
import { onDatabase, startWorkload } from "../workload.ts"

const nowhere = { arn: sourceArn, url: "postgres://nobody:pw-nobody-MARKER@127.0.0.1:1/none" }

async function occupy(context: TestContext, port: number): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  atEnd(context, async () => server.close())
}

/** Streaming, with its state in an embedded PostgreSQL. */
async function streamingPlace(context: TestContext) {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }], state: "embedded" })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  return { source, place, running, api }
}

async function assertNothingRuns(place: Place): Promise<void> {
  assert.equal(await embeddedPid(place.dataDir), undefined, "an embedded PostgreSQL was left running")
}

test("wrong configuration: one line for each mistake, exit 2, nothing started", async (context) => {
  const place = await newPlace(context, { sources: [nowhere], state: "embedded" })
  await place.configure((configuration) => {
    configuration.region = "Not A Region"
    configuration.listen = { http: "nonsense" }
    configuration.unknown_key = 1
    configuration.sources = [
      { arn: "arn:aws:rds", engine: "postgres", url: "mysql://u:pw-nobody-MARKER@h/d" },
    ]
  })
  const ended = await place.fail()
  assert.equal(ended.code, 2)
  assert.equal(ended.stdout, "")
  const lines = ended.stderr.trim().split("\n")
  assert.equal(lines.length, 5, ended.stderr)
  for (const line of lines)
    assert.match(line, /^millrace: (region|listen\.http|unknown_key|sources\[0\]\.(arn|url))/)
  await assertNothingRuns(place)
  assert.match((await place.run("status")).stderr, /^millrace: region/m)
})

for (const door of ["http", "sql"] as const) {
  test(`the ${door} port taken: one clear line, exit 1, nothing left running`, async (context) => {
    const place = await newPlace(context, { sources: [nowhere], state: "embedded" })
    const port = door === "http" ? place.httpPort : place.sqlPort
    await occupy(context, port)
    const ended = await place.fail()
    assert.equal(ended.code, 1)
    assert.match(
      ended.stderr,
      new RegExp(
        `^millrace: Port ${port} of 127.0.0.1 is taken: stop what uses it, or set listen.${door}`,
        "m",
      ),
    )
    await assertNothingRuns(place)
  })
}

test("a second start on the same data folder names the process that has it, and does not disturb it", async (context) => {
  const { source, place, running } = await streamingPlace(context)
  const ended = await place.fail()
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, new RegExp(`in use by another Millrace \\(process ${running.pid}\\)`))
  await caughtUp(place, source.url, "bank")
})

test("two starts at once: one runs, the other says so", async (context) => {
  const place = await newPlace(context, { sources: [nowhere], state: "embedded" })
  const both = [place.spawn(), place.spawn()]
  const ready = both.map(async (one) => {
    await one.ready()
    return one
  })
  const first = await Promise.any(ready)
  const other = both.find((one) => one !== first)
  const ended = await other?.ended
  assert.equal(ended?.code, 1)
  assert.match(ended?.stderr ?? "", new RegExp(`in use by another Millrace \\(process ${first.pid}\\)`))
  assert.deepEqual(await apiOf(place).all(), [])
  // Both settled: the one by its end.
  await Promise.allSettled(ready)
})

test("killed alone: the embedded PostgreSQL is adopted; killed together: both recover", async (context) => {
  const { source, place, running, api } = await streamingPlace(context)
  const load = startWorkload(context, source.url, 31)
  const before = await embeddedPid(place.dataDir)
  assert.ok(before)
  await running.kill9()
  assert.match(
    (await place.run("status")).stderr,
    /nothing answers on 127.0.0.1:\d+: is `millrace serve` running\?/,
  )
  const second = await place.start()
  assert.equal(await embeddedPid(place.dataDir), before)
  await api.becomes("bank", "active")

  process.kill(before, "SIGKILL")
  await second.kill9()
  await waitUntil(async () => !(await isRunning(before)), { what: "PostgreSQL to die" })
  await place.start()
  await api.becomes("bank", "active")
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test("the embedded PostgreSQL killed while Millrace runs: replication goes on, and it is started again", async (context) => {
  const { source, place, api } = await streamingPlace(context)
  const before = await embeddedPid(place.dataDir)
  process.kill(before ?? 0, "SIGKILL")
  await caughtUp(place, source.url, "bank")
  const after = await waitUntil(() => embeddedPid(place.dataDir), { what: "a new embedded PostgreSQL" })
  assert.notEqual(after, before)
  await waitUntil(async () => (await api.describe("bank"))?.Status === "active", {
    what: "the API to answer again",
  })
})

test("the state database down at the start: one clear line without its password, exit 1", async (context) => {
  const place = await newPlace(context, {
    sources: [nowhere],
    state: { url: "postgres://someone:pw-state-MARKER@127.0.0.1:1/state" },
  })
  const ended = await place.fail()
  assert.equal(ended.code, 1)
  assert.match(
    ended.stderr,
    /^millrace: The state database 127\.0\.0\.1:1\/state cannot be used: .*Start it, or correct `state`/m,
  )
})

test("the state database lost while running: 503 at the door, replication and queries go on, all recovers", async (context) => {
  const source = await bank(context)
  const server = await testServer()
  atEnd(context, () => server.remove())
  const place = await newPlace(context, {
    sources: [{ arn: sourceArn, url: source.url }],
    state: { url: server.url() },
  })
  await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  await server.kill9()
  await assert.rejects(
    api.all(),
    (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 503,
  )
  const readyz = await fetch(`http://127.0.0.1:${place.httpPort}/readyz`)
  assert.equal(readyz.status, 503)
  assert.match(await readyz.text(), /state database does not answer/)
  assert.equal((await fetch(`http://127.0.0.1:${place.httpPort}/healthz`)).status, 200)
  assert.match((await place.run("status")).stderr, /^millrace: The state database does not answer/)
  await onDatabase(source.url, (client) => client.query("UPDATE accounts SET owner = owner || ' unrecorded'"))
  await caughtUp(place, source.url, "bank")
  await server.restart()
  await waitUntil(async () => (await api.describe("bank"))?.Status === "active", {
    what: "the API to answer again",
  })
  await assertEqualContent(place, source.url, "bank")
  await waitUntil(async () => (await fetch(`http://127.0.0.1:${place.httpPort}/readyz`)).ok, {
    what: "readiness",
  })
})

test("SIGTERM under load ends within 10 s with exit 0, and leaves no process", async (context) => {
  const { source, place, running } = await streamingPlace(context)
  const load = startWorkload(context, source.url, 33, 0)
  await waitUntil(() => load.done > 100, { what: "some load" })
  const control = await controlAt(context, source.url)
  const ended = await running.terminate()
  assert.equal(ended.code, 0, ended.output)
  assert.ok(ended.tookMs < 10_000 + control.slackMs(), `took ${ended.tookMs} ms`)
  await assertNothingRuns(place)
  await place.start()
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test("SIGTERM during a copy ends within 10 s with exit 0; the next start copies", async (context) => {
  const source = await bank(context, 120_000)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }], state: "embedded" })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await waitUntil(() => running.output().includes('"copying"'), { what: "the copy to begin", intervalMs: 5 })
  const control = await controlAt(context, source.url)
  const ended = await running.terminate()
  assert.equal(ended.code, 0, ended.output)
  assert.ok(ended.tookMs < 10_000 + control.slackMs(), `took ${ended.tookMs} ms`)
  await assertNothingRuns(place)
  await place.start()
  await api.becomes("bank", "active")
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test("SIGTERM while the source makes a slot wait for a long transaction ends within 10 s with exit 0", async (context) => {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }], state: "embedded" })
  const running = await place.start()
  await onDatabase(source.url, async (client) => {
    await client.query("BEGIN")
    await client.query("UPDATE accounts SET owner = owner || ' held'")
    await apiOf(place).create("bank", `include: ${source.name}.public.*`)
    await waitUntil(
      () =>
        onDatabase(source.url, async (other) => {
          const { rows } = await other.query(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT%' AND datname = current_database()",
          )
          return rows.length > 0
        }),
      { what: "the slot to be waited for" },
    )
    const control = await controlAt(context, source.url)
    const ended = await running.terminate()
    assert.equal(ended.code, 0, ended.output)
    assert.ok(ended.tookMs < 10_000 + control.slackMs(), `took ${ended.tookMs} ms`)
    await client.query("COMMIT")
  })
  await assertNothingRuns(place)
  await place.start()
  await apiOf(place).becomes("bank", "active")
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test("SIGTERM during a call of the engine that cannot be stopped ends within 10 s with exit 0; nothing is lost", async (context) => {
  const place = await newPlace(context, { sources: [nowhere] })
  const running = await place.start()
  await ask(place, "dev", "CREATE TABLE kept AS SELECT range AS id FROM range(1000)")
  const client = await connectSql(place, "dev")
  // One block of rows, and no cancel is heeded inside of one.
  const stuck = client
    .query(
      "SELECT max(damerau_levenshtein(repeat('a', 990) || range, repeat('b', 990) || range)) FROM range(2048)",
    )
    .then(
      () => "answered",
      () => "lost",
    )
  for (let asked = 0; asked < 3; asked++) await ask(place, "dev", "SELECT 1")
  const control = startControl(context, () => readFile(import.meta.filename))
  const ended = await running.terminate()
  assert.equal(await stuck, "lost")
  assert.equal(ended.code, 0, ended.output)
  assert.ok(ended.tookMs < 10_000 + control.slackMs(), `took ${ended.tookMs} ms`)
  await place.start()
  assert.deepEqual(await ask(place, "dev", "SELECT count(*) FROM kept"), [["1000"]])
})

test("killed during the migrations, again and again: the next start finishes them", async (context) => {
  const server = await testServer()
  atEnd(context, () => server.remove())
  const proxy = await tcpProxy({ host: "127.0.0.1", port: server.port })
  atEnd(context, () => proxy.close())
  // Slowly, so that the kills hit between statements.
  proxy.delay(15)
  const place = await newPlace(context, { sources: [nowhere], state: { url: proxy.through(server.url()) } })
  for (let statements = 1; statements <= 6; statements++) {
    const running = place.spawn()
    await waitUntil(() => proxy.connections > 0, { what: "the migrations to begin", intervalMs: 5 })
    await new Promise((resolve) => setTimeout(resolve, statements * 60))
    await running.kill9()
    await waitUntil(() => proxy.connections === 0, { what: "the connection to end" })
  }
  proxy.mend()
  await place.start()
  assert.deepEqual(await apiOf(place).all(), [])
  assert.deepEqual(await ask(place, "dev", "SELECT 1"), [["1"]])
})

test("bin/millrace passes SIGTERM on and leaves no process", async (context) => {
  const place = await newPlace(context, { sources: [nowhere], state: "embedded" })
  const entry = join(import.meta.dirname, "..", "..", "..", "bin", "millrace")
  const running = await place.start({ MILLRACE_TEST_ENTRY: entry })
  const ended = await running.terminate()
  assert.equal(ended.code, 0, ended.output)
  await assertNothingRuns(place)
})
