import assert from "node:assert/strict"
import { test } from "node:test"
import { controlAt } from "../../support/control.ts"
import { tcpProxy } from "../../support/tcp-proxy.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank, bankServer } from "../source.ts"
import { ask, assertEqualContent, caughtUp } from "../warehouse.ts"
import { startWorkload } from "../workload.ts"

/** Samples of `/metrics` by name and, where they tell several apart, value of the last label. */
async function scraped(place: Place): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${place.httpPort}/metrics`)).text()
  const samples = text.matchAll(/^(millrace_\w+)(?:\{[^}]*?(?:(?:status|state|code)="(\w+)")?\})? (\S+)$/gm)
  return new Map(
    [...samples].map(([, name, last, value]) => [
      last === undefined ? `${name}` : `${name} ${last}`,
      Number(value),
    ]),
  )
}

/** While the source is away its integration is told of, and the age of what was applied grows. */
async function assertOutageIsSeen(place: Place): Promise<void> {
  const expected = {
    "integration_status needs_attention": 1,
    "integration_status active": 0,
    "integration_error SOURCE_UNREACHABLE": 1,
    "integration_tables Synced": 4,
    integration_lag_seconds: undefined,
  }
  const first = await waitUntil(
    async () => {
      const samples = await scraped(place)
      const shown = Object.keys(expected).map((name) => [name, samples.get(`millrace_${name}`)])
      assert.deepEqual(Object.fromEntries(shown), expected)
      return samples
    },
    { what: "the metrics to tell of the outage" },
  )
  assert.ok(first.has("millrace_source_retained_bytes"), "what the source kept is still told")
  const age = "millrace_integration_applied_commit_age_seconds"
  const before = first.get(age) ?? Number.POSITIVE_INFINITY
  await waitUntil(async () => ((await scraped(place)).get(age) ?? 0) > before + 2, {
    what: `${age} to grow beyond ${before} + 2`,
  })
}

test("the source server is killed under load, three times", async (context) => {
  const { server, url } = await bankServer(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.start()
  const api = apiOf(place)
  await api.create("bank", "include: bank.public.*")
  await api.becomes("bank", "active")
  const load = startWorkload(context, url, 3)
  await waitUntil(async () => (await scraped(place)).has("millrace_source_retained_bytes"), {
    what: "a look at what the source keeps",
  })
  for (let round = 0; round < 3; round++) {
    const before = load.done
    await waitUntil(() => load.done > before + 30, { what: "some load" })
    await server.kill9()
    const message = await api.reports("bank", "SOURCE_UNREACHABLE")
    assert.match(message, /Start the source database/)
    assert.equal((await api.describe("bank"))?.Status, "needs_attention")
    if (round === 0) await assertOutageIsSeen(place)
    await server.restart()
    assert.deepEqual(await api.becomes("bank", "active"), [])
  }
  await load.stop()
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank")
})

test("connections are cut again and again, while copying and while streaming", async (context) => {
  const source = await bank(context, 30_000)
  const at = new URL(source.url)
  const proxy = await tcpProxy({ host: at.hostname, port: Number(at.port) })
  atEnd(context, () => proxy.close())
  const place = await newPlace(context, {
    sources: [{ arn: sourceArn, url: proxy.through(source.url) }],
  })
  await place.start()
  const api = apiOf(place)
  const load = startWorkload(context, source.url, 5)
  await api.create("bank", `include: ${source.name}.public.*`)
  for (let round = 0; round < 6; round++) {
    await waitUntil(() => proxy.connections > 0, { what: "a connection to cut" })
    const before = load.done
    await waitUntil(() => load.done > before + 5, { what: "some load" })
    proxy.cut()
  }
  await api.becomes("bank", "active")
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})

test("a source that is down at the start is reported with what to do, and taken up when it comes", async (context) => {
  const { server, url } = await bankServer(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await server.stop()
  await place.start()
  const api = apiOf(place)
  await api.create("bank", "include: bank.public.*")
  const errors = await api.becomes("bank", "needs_attention")
  assert.deepEqual(
    errors.map(({ code }) => code),
    ["SOURCE_UNREACHABLE"],
  )
  assert.match(errors[0]?.message ?? "", /Start the source database or mend the network/)
  assert.match((await place.run("status")).output, /needs_attention[\s\S]*SOURCE_UNREACHABLE/)
  await server.restart()
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank")
  assert.match((await place.run("status")).output, /bank {2}active/)
})

test("a source that falls silent delays rows, and neither loses them nor keeps Millrace from stopping", async (context) => {
  const source = await bank(context)
  const at = new URL(source.url)
  const proxy = await tcpProxy({ host: at.hostname, port: Number(at.port) })
  atEnd(context, () => proxy.close())
  const place = await newPlace(context, {
    sources: [{ arn: sourceArn, url: proxy.through(source.url) }],
  })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  const load = startWorkload(context, source.url, 9)
  proxy.stall()
  await waitUntil(() => load.done > 100, { what: "some load" })
  proxy.mend()
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")

  proxy.stall()
  proxy.cut()
  await waitUntil(() => proxy.connections > 0, { what: "a new connection that gets no answer" })
  assert.deepEqual(await ask(place, "bank", "SELECT count(*) FROM accounts"), [["200"]])
  const control = await controlAt(context, source.url)
  const ended = await running.terminate()
  assert.equal(ended.code, 0, ended.output)
  assert.ok(ended.tookMs < 10_000 + control.slackMs(), `took ${ended.tookMs} ms`)
})

test("a slow wire only delays rows", async (context) => {
  const source = await bank(context)
  const at = new URL(source.url)
  const proxy = await tcpProxy({ host: at.hostname, port: Number(at.port) })
  atEnd(context, () => proxy.close())
  const place = await newPlace(context, {
    sources: [{ arn: sourceArn, url: proxy.through(source.url) }],
  })
  proxy.delay(60)
  await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  const load = startWorkload(context, source.url, 9)
  await waitUntil(() => load.done > 100, { what: "some load" })
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})
