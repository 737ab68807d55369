/** Three hosts by their data folders, on one machine: pipelines into a PostgreSQL warehouse go from one to another. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import { testDatabase } from "../../support/postgres.ts"
import { type TcpProxy, tcpProxy } from "../../support/tcp-proxy.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { onDatabase } from "../workload.ts"
import { type Hosts, sourceArnOf, startHosts, warehouseArn } from "./hosts.ts"
import { type Flow, startTraffic, type Traffic, trafficTables } from "./traffic.ts"

const siteNames = ["a", "b", "c"]
const pipelines = 3
/** Of a machine that many others use: a pipeline starts within a second on one of its own. */
const patienceMs = 240_000

interface Scene extends Hosts {
  traffic: Traffic
  sourceUrl: string
  names: string[]
  /** Of each host: its wire to the sources. */
  wires: readonly TcpProxy[]
}

async function scene(context: TestContext): Promise<Scene> {
  const [state, warehouse] = await Promise.all([stateDatabase(), testDatabase()])
  atEnd(context, () => Promise.all([state.drop(), warehouse.drop()]))
  const sources = new Map<string, string>()
  for (let n = 0; n < pipelines; n++) {
    const source = await testDatabase()
    atEnd(context, () => source.drop())
    await onDatabase(source.url, (client) => client.query(trafficTables))
    sources.set(source.name, source.url)
  }
  const servers = { stateUrl: state.url, warehouseUrl: warehouse.url, sources }
  const port = Number(new URL([...sources.values()][0] ?? "").port)
  const wires: TcpProxy[] = []
  for (const _ of siteNames) wires.push(await tcpProxy({ host: "127.0.0.1", port }))
  atEnd(context, () => Promise.all(wires.map((wire) => wire.close())))
  const sites = siteNames.map((name, n) => {
    const through = wires[n]?.through ?? ((url: string) => url)
    const seen = new Map([...sources].map(([source, url]) => [source, through(url)]))
    return { name, servers: { ...servers, sources: seen } }
  })
  const hosts = await startHosts(context, { sites, servers })
  const flows: Flow[] = [...sources].map(([name, url]) => ({ name, url, schema: `${name}.public` }))
  const traffic = await startTraffic(context, { flows, warehouseUrl: warehouse.url, everyMs: 200 })
  for (const name of sources.keys())
    await hosts.api.create(name.replaceAll("_", "-"), `include: ${name}.*.*`, sourceArnOf(name), warehouseArn)
  await traffic.firstAfter(performance.now(), [...sources.keys()], patienceMs)
  return { ...hosts, traffic, sourceUrl: [...sources.values()][0] ?? "", names: [...sources.keys()], wires }
}

async function becomes({ counts, store }: Hosts, wanted: Record<string, number>): Promise<void> {
  let last: unknown
  const isSo = async () => {
    const now = Object.fromEntries(await counts())
    last = now
    return Object.entries(wanted).every(([name, count]) => now[name] === count)
  }
  const what = `pipelines to be spread as ${JSON.stringify(wanted)}`
  await waitUntil(isSo, { what, timeoutMs: patienceMs, intervalMs: 250 }).catch(async (error) => {
    throw new Error(`they are ${JSON.stringify([last, await store.workers.present()])}`, { cause: error })
  })
}

const slots = (url: string, databases: string[]) =>
  onDatabase(url, async (client) => {
    const found = await client.query("SELECT FROM pg_replication_slots WHERE database = ANY($1)", [databases])
    return found.rowCount
  })

/** What hosts have said of pipelines that they gave away. */
const given = ({ hosts }: Hosts) =>
  hosts.flatMap(({ process }) =>
    process
      .output()
      .split("\n")
      .filter((line) => line.includes("pipeline given to another process")),
  )

/** Longer than a host waits from when it is sure of a silence until it gives a pipeline away. */
const settledMs = 3_000

/** A source that is silent for one host is read by another. One that is silent for all stays where it is. */
async function outliveSilence(all: Scene): Promise<void> {
  const { wires, traffic, names, store } = all
  const [a, b, c] = wires
  c?.stall()
  await traffic.firstAfter(performance.now(), names, patienceMs)
  await becomes(all, { c: 0 })
  const before = given(all)
  a?.stall()
  b?.stall()
  let sinceMs = Number.POSITIVE_INFINITY
  const allSaySo = async () => {
    const { workers } = await store.workers.present()
    const isSo = workers.every(({ unreachable }) => unreachable.length === names.length)
    sinceMs = isSo ? Math.min(sinceMs, performance.now()) : Number.POSITIVE_INFINITY
    return performance.now() - sinceMs >= settledMs
  }
  await waitUntil(allSaySo, {
    what: "all hosts to say for a while that no source answers",
    timeoutMs: patienceMs,
  })
  assert.deepEqual(given(all), before)
  for (const wire of wires) wire.mend()
  await traffic.firstAfter(performance.now(), names, patienceMs)
}

test("pipelines spread over three hosts, outlive a killed one, and are handed over by one that is stopped", async (context) => {
  const all = await scene(context)
  const { hosts, traffic, store, api, names } = all
  await becomes(all, { a: 1, b: 1, c: 1 })
  const [first, second] = hosts
  assert.ok(first && second)

  await first.process.kill9()
  await traffic.firstAfter(performance.now(), names, patienceMs)
  await becomes(all, { a: 0 })
  await first.start()
  await becomes(all, { a: 1, b: 1, c: 1 })
  const moved = (await store.leases.all()).reduce((sum, { generation }) => sum + generation - 1, 0)
  assert.ok(
    moved <= 6,
    `${moved} moves: two away, two back, and two at the most that were spread at the start`,
  )

  await outliveSilence(all)

  const ended = await second.process.terminate()
  assert.equal(ended.code, 0, ended.output)
  await traffic.firstAfter(performance.now(), names, patienceMs)
  await becomes(all, { b: 0 })
  await traffic.assertEqual()

  for (const name of names) await api.delete(name.replaceAll("_", "-"))
  await waitUntil(async () => (await api.all()).length === 0, {
    what: "all integrations to be gone",
    timeoutMs: patienceMs,
  })
  assert.equal(await slots(all.sourceUrl, names), 0)
})
