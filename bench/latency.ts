import { rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"
import { type PipelineChild, startPipelineChild } from "./children.ts"
import { type Bench, type Figure, type Figures, figure } from "./figures.ts"
import { makeOrders } from "./shop.ts"

/** Rows in the table that the latency runs write to. */
const tableRows = 200_000

/** From commit at the source to visible in the warehouse, on one clock (both run on this machine). */
export async function measureLatency(bench: Bench): Promise<Figures> {
  if (
    !bench.wants(
      "latency_idle_p50_ms",
      "latency_idle_p99_ms",
      "latency_1000tps_p50_ms",
      "latency_1000tps_p99_ms",
    )
  )
    return {}
  const { idle, busy } = await measureLags(bench, "latency")
  return {
    latency_idle_p50_ms: lagFigure(idle, 0.5, "<= 10 (goal 3)"),
    latency_idle_p99_ms: lagFigure(idle, 0.99, "<= 50"),
    latency_1000tps_p50_ms: lagFigure(busy, 0.5, "<= 30"),
    latency_1000tps_p99_ms: lagFigure(busy, 0.99, "<= 150"),
  }
}

/** Lags in ms, by run. */
export interface Lags {
  idle: number[][]
  busy: number[][]
}

/** `what`: names the figures. `warehouseUrl`: as `startPipelineChild` takes it. */
export async function measureLags(bench: Bench, what: string, warehouseUrl?: string): Promise<Lags> {
  const client = new pg.Client({ connectionString: bench.url })
  await client.connect()
  await makeOrders(client, tableRows)
  const folder = join(bench.folder, what)
  await rm(folder, { recursive: true, force: true })
  const warehouse = warehouseUrl === undefined ? {} : { warehouseUrl }
  const child = startPipelineChild(folder, bench.url, ["orders"], warehouse)
  await child.next("streaming")
  const lags: Lags = { idle: [], busy: [] }
  for (let i = 1; i <= bench.runs; i++) {
    bench.say(`${what}, run ${i} of ${bench.runs}: idle, then 1,000 transactions/s`)
    lags.idle.push(await lagsWhile(child, () => writeSlowly(client, bench.seconds)))
    lags.busy.push(await lagsWhile(child, () => writeFast(bench)))
  }
  await child.stop()
  await client.query("SELECT pg_drop_replication_slot('millrace_bench')")
  await client.query("DROP PUBLICATION millrace_bench")
  await client.end()
  return lags
}

/** `share`: 0.5 for the median. */
export function lagFigure(runs: number[][], share: number, bar: string): Figure {
  return figure(
    runs.map((lags) => percentile(lags, share)),
    bar,
  )
}

/** Each transaction counts once, with the lag of the oldest of its batch. */
export async function lagsWhile(child: PipelineChild, write: () => Promise<void>): Promise<number[]> {
  const lags: number[] = []
  let counting = true
  child.on((report) => {
    if (!counting || report.kind !== "applied") return
    for (let i = 0; i < report.transactions; i++)
      lags.push(Math.max(0, report.atMs - report.firstCommittedAtMs))
  })
  await write()
  await delay(200)
  counting = false
  return lags
}

async function writeSlowly(client: pg.Client, seconds: number): Promise<void> {
  const endMs = Date.now() + seconds * 1000
  while (Date.now() < endMs) {
    await client.query("UPDATE orders SET amount = amount + 1 WHERE id = $1", [
      1 + Math.floor(Math.random() * tableRows),
    ])
    await delay(20 + Math.random() * 40)
  }
}

const writers = 4

async function writeFast({ url, seconds }: Bench): Promise<void> {
  await Promise.all(Array.from({ length: writers }, () => writeAtRate(url, 1000 / writers, seconds)))
}

async function writeAtRate(url: string, perSecond: number, seconds: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const startedMs = performance.now()
  for (let sent = 0; sent < perSecond * seconds; sent++) {
    const dueMs = startedMs + (sent / perSecond) * 1000
    await delay(Math.max(0, dueMs - performance.now()))
    const from = 1 + Math.floor(Math.random() * (tableRows - 5))
    const rows = 1 + Math.floor(Math.random() * 5)
    await client.query("UPDATE orders SET amount = amount + 1, status = 'paid' WHERE id >= $1 AND id < $2", [
      from,
      from + rows,
    ])
  }
  await client.end()
}

export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
