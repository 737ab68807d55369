/**
 * Three hosts in network namespaces of their own, and every fault that takes a host from its pipelines. How many integrations:
 * MILLRACE_MOVING_PIPELINES (6; the first is the busy one). How many faults: MILLRACE_MOVING_FAULTS (10). The times it prints are those of
 * docs/operating/moving.md.
 */
import assert from "node:assert/strict"
import { appendFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { type TestServer, testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { onDatabase } from "../workload.ts"
import { type Host, type Hosts, sourceArnOf, startHosts, warehouseArn } from "./hosts.ts"
import { type NetworkHost, newNetworkHost, noNetwork, type WireName } from "./network.ts"
import { type Flow, startTraffic, type Traffic, trafficTables } from "./traffic.ts"

const pipelines = Number(process.env.MILLRACE_MOVING_PIPELINES ?? "6")
const faults = Number(process.env.MILLRACE_MOVING_FAULTS ?? "10")
/** Of a small source. All of them together commit 200 times a second at most: the network's wires take processor time, too. */
const everyMs = Math.max(200, pipelines * 5)
/** Of the busy one. */
const busyEveryMs = 10
const bandMs = 10_000

interface Scene extends Hosts {
  networks: readonly NetworkHost[]
  /** Of each host: the file by which its clock is set. */
  clocks: readonly string[]
  traffic: Traffic
  sources: TestServer
  names: string[]
}

const faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

async function scene(context: TestContext): Promise<Scene> {
  const networks: NetworkHost[] = []
  for (const [index, name] of ["a", "b", "c"].entries())
    networks.push(await newNetworkHost(context, name, index))
  const serverOn = async (wire: WireName, settings: Record<string, number>) => {
    const addresses = ["127.0.0.1", ...networks.map((one) => one.addressOf(wire))].join(",")
    const server = await testServer({ listen_addresses: addresses, max_connections: 1_000, ...settings })
    await admitAll(server)
    return server
  }
  const slots = { max_replication_slots: 250, max_wal_senders: 250 }
  const [state, warehouse, sources] = [
    await serverOn("state", {}),
    await serverOn("warehouse", {}),
    await serverOn("sources", slots),
  ]
  const names = Array.from({ length: pipelines }, (_, n) => `shop${n}`)
  for (const name of names) {
    await onDatabase(sources.url(), (client) => client.query(`CREATE DATABASE ${name}`))
    await onDatabase(sources.url(name), (client) => client.query(trafficTables))
  }
  const folder = await mkdtemp(join(tmpdir(), "millrace-clocks-"))
  atEnd(context, () => rm(folder, { recursive: true, force: true }))
  const clocks = networks.map(({ site }) => join(folder, site.name))
  for (const clock of clocks) await writeFile(clock, "+0")
  const hasClocks = (await readdir("/usr/lib/x86_64-linux-gnu/faketime").catch(() => [])).length > 0
  const hosts = await startHosts(context, {
    servers: {
      stateUrl: state.url(),
      warehouseUrl: warehouse.url(),
      sources: new Map(names.map((name) => [name, sources.url(name)])),
    },
    sites: networks.map((one, n) => ({
      ...one.site,
      ...(hasClocks && { environment: fakeClock(clocks[n] ?? "") }),
      servers: {
        stateUrl: at(state.url(), one.addressOf("state")),
        warehouseUrl: at(warehouse.url(), one.addressOf("warehouse")),
        sources: new Map(names.map((name) => [name, at(sources.url(name), one.addressOf("sources"))])),
      },
    })),
  })
  const flows: Flow[] = names.map((name, n) => ({
    name,
    url: sources.url(name),
    schema: `${name}.public`,
    ...(n === 0 && { everyMs: busyEveryMs }),
  }))
  const traffic = await startTraffic(context, { flows, warehouseUrl: warehouse.url(), everyMs })
  for (const name of names)
    await hosts.api.create(name, `include: ${name}.*.*`, sourceArnOf(name), warehouseArn)
  await traffic.firstAfter(performance.now(), names, 600_000)
  return { ...hosts, networks, clocks: hasClocks ? clocks : [], traffic, sources, names }
}

function fakeClock(file: string): Record<string, string> {
  return {
    LD_PRELOAD: faketime,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  }
}

function at(url: string, address: string): string {
  const moved = new URL(url)
  moved.hostname = address
  return moved.href
}

/** The embedded server lets in what comes from this machine's loopback only. */
async function admitAll(server: TestServer): Promise<void> {
  await onDatabase(server.url(), async (client) => {
    const { rows } = await client.query("SHOW hba_file")
    await appendFile(rows[0]?.hba_file, "\nhost all all 10.0.0.0/8 scram-sha-256\n")
    await client.query("SELECT pg_reload_conf()")
  })
}

/** A fault of one host: what happens, and how it is mended. */
interface Fault {
  name: string
  begin(all: Scene, n: number): Promise<void> | void
  mend(all: Scene, n: number): Promise<void> | void
}

const hostOf = ({ hosts }: Scene, n: number) => hosts[n] as Host
const networkOf = ({ networks }: Scene, n: number) => networks[n] as NetworkHost

const cutOff = (name: string, names: readonly WireName[]): Fault => ({
  name,
  begin: (all, n) => networkOf(all, n).cut(names),
  mend: (all, n) => networkOf(all, n).mend(),
})

const clockTo = (offset: string) => async (all: Scene, n: number) => {
  if (all.clocks[n] !== undefined) await writeFile(all.clocks[n], offset)
}

const allFaults: readonly Fault[] = [
  {
    name: "killed",
    begin: async (all, n) => void (await hostOf(all, n).process.kill9()),
    mend: (all, n) => hostOf(all, n).start(),
  },
  cutOff("cut off from the warehouse", ["warehouse"]),
  cutOff("cut off from the state database", ["state"]),
  cutOff("cut off from both, and the sources", ["state", "warehouse", "sources"]),
  cutOff("cut off from the sources", ["sources"]),
  {
    name: "frozen",
    begin: (all, n) => void hostOf(all, n).process.child.kill("SIGSTOP"),
    mend: (all, n) => void hostOf(all, n).process.child.kill("SIGCONT"),
  },
  {
    name: "on a slow line",
    begin: (all, n) => networkOf(all, n).slow(),
    mend: (all, n) => networkOf(all, n).mend(),
  },
  { name: "with its clock an hour ahead", begin: clockTo("+3600"), mend: clockTo("+0") },
  { name: "with its clock an hour behind", begin: clockTo("-3600"), mend: clockTo("+0") },
  {
    name: "killed with its line cut, so that no server is told",
    async begin(all, n) {
      networkOf(all, n).cut(["state", "warehouse", "sources"])
      await hostOf(all, n).process.kill9()
    },
    async mend(all, n) {
      networkOf(all, n).mend()
      await hostOf(all, n).start()
    },
  },
]

/** No host has more than 1.5 times its share, nor less than half of it. */
async function becomesEven({ counts }: Hosts): Promise<void> {
  let last = ""
  const most = Math.max(Math.floor((pipelines / 3) * 1.5), Math.ceil(pipelines / 3))
  const least = Math.floor(pipelines / 6)
  await waitUntil(
    async () => {
      const now = [...(await counts()).values()]
      last = now.join(", ")
      return (
        now.reduce((sum, one) => sum + one, 0) === pipelines &&
        now.every((one) => one <= most && one >= least)
      )
    },
    { what: "pipelines to be spread evenly", timeoutMs: 180_000, intervalMs: 250 },
  ).catch((error: unknown) => {
    throw new Error(`they are ${last}`, { cause: error })
  })
}

function percentile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN)
}

const inMs = (times: readonly number[]) =>
  `p50 ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms, most ${percentile(times, 1)} ms of ${times.length}`

async function once(all: Scene, fault: Fault, n: number): Promise<number[]> {
  const { traffic, store, hosts } = all
  const pid = hosts[n]?.process.pid
  const his = (await store.leases.all()).filter(({ processId }) => processId === pid)
  const ids = new Map((await store.databases.all()).map((one) => [one.integrationId, one.sourceDatabase]))
  const names = his.map(({ pipeline }) => ids.get(pipeline.split("/")[0] ?? "") ?? "")
  const atMs = performance.now()
  await fault.begin(all, n)
  const times = [...(await traffic.firstAfter(atMs, names, 120_000)).values()]
  // The fault lasts: what has moved stays, and the host must change nothing when it is back.
  await sleep(2_000)
  await fault.mend(all, n)
  return times
}

test(`pipelines of three hosts outlive ${faults} faults of a host, are equal at the end, and nothing is left at the source`, {
  skip: noNetwork() ?? false,
}, async (context) => {
  const all = await scene(context)
  if (all.clocks.length === 0) console.error("clocks are left alone: Debian's libfaketime is not there")
  await becomesEven(all)
  const times = new Map<string, number[]>()
  for (let n = 0; n < faults; n++) {
    const fault = allFaults[n % allFaults.length] as Fault
    const took = await once(all, fault, n % 3)
    times.set(fault.name, [...(times.get(fault.name) ?? []), ...took])
    console.error(`${fault.name}: ${inMs(took)}`)
    await all.traffic.firstAfter(performance.now())
    await becomesEven(all)
  }
  const every = [...times.values()].flat()
  console.error(`all: ${inMs(every)}`)
  for (const [name, took] of times) console.error(`  ${name}: ${inMs(took)}`)
  const begunMs = performance.now()
  for (const host of all.hosts) {
    assert.equal((await host.process.terminate()).code, 0)
    await host.start()
    await becomesEven(all)
  }
  console.error(`rolling restart, longest gap: ${inMs([...all.traffic.longestGap(begunMs).values()])}`)
  await all.traffic.assertEqual()
  for (const name of all.names) await all.api.delete(name)
  await waitUntil(async () => (await all.api.all()).length === 0, {
    what: "all to be gone",
    timeoutMs: 300_000,
  })
  await onDatabase(all.sources.url(), async (client) => {
    assert.equal((await client.query("SELECT FROM pg_replication_slots")).rowCount, 0)
  })
  assert.ok(percentile(every, 0.99) <= bandMs, `p99 ${percentile(every, 0.99)} ms`)
})
