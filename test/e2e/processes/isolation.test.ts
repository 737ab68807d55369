/** `serve` as a supervisor over a process for the API and one for the engine. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { isRunning } from "../../../src/embedded-postgres/processes.ts"
import { fingerprintOf } from "../../../src/query/text/fingerprint.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { embeddedPid } from "../place.ts"
import { ask, assertEqualContent, caughtUp, connectSql } from "../warehouse.ts"
import { startWorkload } from "../workload.ts"
import {
  endEngine,
  type IsolatedServer,
  isolatedServer,
  processesOf,
  watchApi,
  ways,
} from "./ended-engine.ts"

async function endsOf(pids: readonly number[]): Promise<void> {
  await waitUntil(async () => (await Promise.all(pids.map(isRunning))).every((one) => !one), {
    what: "the processes to end",
  })
}

test("the engine ended by a signal, by memory and by a frozen loop: the API answers all the time, another engine goes on exactly", async (context) => {
  const server = await isolatedServer(context)
  const { place, sourceUrl, api } = server
  const { api: apiPid } = await processesOf(place)
  const load = startWorkload(context, sourceUrl, 71)
  const watch = watchApi(context, server)
  const parts = new Map<string, number>()
  for (const way of ways) {
    const { tookMs, allowedMs } = await endEngine(server, way)
    context.diagnostic(`${way.name}: ${Math.round(tookMs)} of ${Math.round(allowedMs)} ms`)
    parts.set(way.name, tookMs / allowedMs)
  }
  // A busy machine may add to one of them whatever it likes.
  for (const alike of [
    ["SIGKILL", "SIGSEGV"],
    ["a frozen loop", "SIGSTOP"],
  ])
    assert.ok(
      alike.some((name) => (parts.get(name) ?? 1) < 1),
      `${alike}: not replaced in time`,
    )
  await api.becomes("bank", "active")
  const { count, notReady, engineUp, longestMs } = await watch.stop()
  context.diagnostic(`${count} looks at the API, the longest took ${Math.round(longestMs)} ms`)
  assert.ok(count > 20)
  for (const text of notReady)
    assert.match(text, /^not ready: the engine process (?:is starting|was|held|did)/)
  assert.ok(notReady.size > 0, "the API said so while the engine was away")
  assert.deepEqual([...engineUp].sort(), ["0", "1"])
  await load.stop()
  await caughtUp(place, sourceUrl, "bank")
  await assertEqualContent(place, sourceUrl, "bank")
  assert.equal((await processesOf(place)).api, apiPid)
})

test("the API process ended: another one serves, and the engine goes on", async (context) => {
  const { place, sourceUrl, running } = await isolatedServer(context)
  const before = await processesOf(place)
  process.kill(before.api, "SIGKILL")
  await waitUntil(async () => (await fetch(`http://127.0.0.1:${place.httpPort}/readyz`)).status === 200, {
    what: "the API to answer again",
  })
  const after = await processesOf(place)
  assert.notEqual(after.api, before.api)
  assert.equal(after.engine, before.engine)
  assert.match(running.output(), /the api process was ended by SIGKILL/)
  await caughtUp(place, sourceUrl, "bank")
})

/** Runs for minutes. */
const slow = (text: string) =>
  `SELECT max(damerau_levenshtein(repeat('a', 990) || range, repeat('b', 990) || range)) FROM range(2048) WHERE '${text}' <> ''`

async function endWhileRunning({ place, running }: IsolatedServer, statement: string, end: NodeJS.Signals) {
  const logged = running.output().length
  const { engine } = await processesOf(place)
  const client = await connectSql(place, "dev")
  const answer = client.query(statement).then(
    () => undefined,
    (error: Error) => error,
  )
  // Asked and answered after it, on the way of all messages.
  for (let asked = 0; asked < 3; asked++) await ask(place, "dev", "SELECT 1")
  process.kill(engine, end)
  assert.ok((await answer) instanceof Error, "it was not running any more")
  await waitUntil(async () => (await processesOf(place)).engine !== engine, { what: "another engine" })
  await waitUntil(() => ask(place, "dev", "SELECT 1").then(() => true), { what: "the engine to answer" })
  return running.output().slice(logged)
}

test("the statement that ran at the engine's end is named by its fingerprint; after two ends it is refused to its user for a while", async (context) => {
  const server = await isolatedServer(context)
  const { place } = server
  const fingerprint = fingerprintOf(slow("a"))
  for (const [text, signal] of [
    ["first-MARKER", "SIGKILL"],
    ["second-MARKER", "SIGSEGV"],
  ] as const) {
    const log = await endWhileRunning(server, slow(text), signal)
    assert.match(log, new RegExp(`"user":"admin","fingerprint":"${fingerprint}".*this statement ran`))
    assert.doesNotMatch(log, /MARKER|damerau/)
  }
  await assert.rejects(
    ask(place, "dev", slow("third")),
    (error: Error & { code?: string; detail?: string }) => {
      assert.equal(error.code, "54000")
      assert.match(error.message, /ended the warehouse's process twice and is refused until \d{4}-/)
      assert.match(error.detail ?? "", new RegExp(fingerprint))
      return true
    },
  )
  assert.deepEqual(await ask(place, "dev", "SELECT count(*) FROM range(3)"), [["3"]])
})

test("SIGINT to all processes at once, as a terminal sends it: all end in order, with exit 0", async (context) => {
  const { place, running } = await isolatedServer(context)
  const { api, engine } = await processesOf(place)
  for (const pid of [engine, api, running.pid]) process.kill(pid, "SIGINT")
  const { code, output } = await running.ended
  assert.equal(code, 0, output)
  assert.equal(output.match(/^millrace ready:/gm)?.length, 1)
  await endsOf([api, engine])
})

test("the supervisor killed: both processes end, the next start works at once", async (context) => {
  const server = await isolatedServer(context, "embedded")
  const { place, running, sourceUrl } = server
  const left = await processesOf(place)
  // It hears of nothing.
  process.kill(left.engine, "SIGSTOP")
  running.child.kill("SIGKILL")
  const next = await place.start()
  await endsOf([left.api, left.engine])
  await caughtUp(place, sourceUrl, "bank")
  const pids = await processesOf(place)
  assert.equal((await next.terminate()).code, 0)
  await endsOf([pids.api, pids.engine])
  assert.equal(await embeddedPid(place.dataDir), undefined)
})
