import { rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"
import { type PipelineChild, startPipelineChild } from "./children.ts"
import { type Bench, type Figures, figure } from "./figures.ts"
import { lagsWhile, percentile } from "./latency.ts"

/** What a few rows on a laptop do not show: a huge table, a huge transaction, very many tables, many idle pipelines. */
export async function measureExtremes(bench: Bench): Promise<Figures> {
  const client = new pg.Client({ connectionString: bench.url })
  await client.connect()
  try {
    return {
      ...(bench.wants("latency_50m_p99_ms") && (await hugeTable(bench, client))),
      ...(bench.wants(
        "big_transaction_rss_mb",
        "big_transaction_recovery_ms",
        "big_transaction_visible_ms",
      ) && (await hugeTransaction(bench, client))),
      ...(bench.wants("tables_2000_latency_ratio") && (await manyTables(bench, client))),
      ...(bench.wants("idle_50_integrations_cpu", "idle_50_integrations_rss_mb") && (await manyIdle(bench))),
    }
  } finally {
    await client.end()
  }
}

async function withPipeline<T>(
  bench: Bench,
  client: pg.Client,
  { tables, warehouseUrl }: { tables: string[]; warehouseUrl?: string | undefined },
  work: (child: PipelineChild) => Promise<T>,
): Promise<T> {
  const folder = join(bench.folder, "extremes")
  await rm(folder, { recursive: true, force: true })
  const warehouse = warehouseUrl === undefined ? {} : { warehouseUrl }
  const child = startPipelineChild(folder, bench.url, tables, warehouse)
  await child.next("streaming")
  try {
    return await work(child)
  } finally {
    await child.stop()
    await client.query("SELECT pg_drop_replication_slot('millrace_bench')")
    await client.query("DROP PUBLICATION millrace_bench")
    await rm(folder, { recursive: true, force: true })
  }
}

/** Twice the size would double the figure: deletes look for keys in the whole table. */
async function hugeTable(bench: Bench, client: pg.Client): Promise<Figures> {
  const rows = Math.min(50_000_000, Math.round(bench.rows * (50 / 3)))
  bench.say(`200 random updates/s on a table of ${rows.toLocaleString("en-US")} rows: making it`)
  await client.query(
    "CREATE TABLE huge (id bigint PRIMARY KEY, status text, amount numeric(12,2), created timestamptz)",
  )
  await client.query(
    `INSERT INTO huge SELECT g, 'new', g % 100000, timestamptz '2024-01-01' + g * interval '1 second' FROM generate_series(1::bigint, ${rows}) g`,
  )
  const runs = await withPipeline(bench, client, { tables: ["huge"] }, async (child) => {
    const found: number[] = []
    for (let i = 0; i < bench.runs; i++) {
      const lags = await lagsWhile(child, () =>
        atRate(200, bench.seconds, async () => {
          await client.query("UPDATE huge SET amount = amount + 1 WHERE id = $1", [
            1 + Math.floor(Math.random() * rows),
          ])
        }),
      )
      found.push(percentile(lags, 0.99))
    }
    return found
  })
  await client.query("DROP TABLE huge")
  return { latency_50m_p99_ms: figure(runs, "<= 500") }
}

async function atRate(perSecond: number, seconds: number, work: () => Promise<void>): Promise<void> {
  const startedMs = performance.now()
  for (let done = 0; done < perSecond * seconds; done++) {
    await delay(Math.max(0, startedMs + (done / perSecond) * 1000 - performance.now()))
    await work()
  }
}

async function hugeTransaction(bench: Bench, client: pg.Client): Promise<Figures> {
  const { rssMb, recoveryMs, visibleMs } = await bigRuns(bench, client)
  return {
    big_transaction_rss_mb: figure(rssMb, "<= 600 over idle"),
    big_transaction_recovery_ms: figure(recoveryMs, "<= 5000"),
    big_transaction_visible_ms: figure(visibleMs),
  }
}

/**
 * One transaction that must land as one: how far memory grows above idle, and how soon other tables are fresh again. By run.
 * `warehouseUrl`: as `startPipelineChild` takes it.
 */
export async function bigRuns(bench: Bench, client: pg.Client, warehouseUrl?: string): Promise<BigRuns> {
  const rows = Math.min(5_000_000, Math.round(bench.rows * (5 / 3)))
  const runs: BigRun[] = []
  for (let i = 1; i <= bench.runs; i++) {
    bench.say(`one transaction of ${rows.toLocaleString("en-US")} changes, run ${i} of ${bench.runs}`)
    runs.push(await bigRun({ bench, warehouseUrl }, client, rows))
  }
  return {
    rssMb: runs.map((run) => run.rssMb),
    recoveryMs: runs.map((run) => run.recoveryMs),
    visibleMs: runs.map((run) => run.visibleMs),
  }
}

export type BigRuns = { [K in keyof BigRun]: number[] }

interface BigRun {
  rssMb: number
  recoveryMs: number
  /** From its commit until it is visible. */
  visibleMs: number
}

async function bigRun(
  { bench, warehouseUrl }: { bench: Bench; warehouseUrl: string | undefined },
  client: pg.Client,
  rows: number,
): Promise<BigRun> {
  await client.query(
    "CREATE TABLE big (id bigint PRIMARY KEY, status text, amount numeric(12,2)); CREATE TABLE small (id int PRIMARY KEY, at timestamptz)",
  )
  await client.query("INSERT INTO small VALUES (1, now())")
  const run = await withPipeline(bench, client, { tables: ["big", "small"], warehouseUrl }, async (child) => {
    await client.query("UPDATE small SET at = now()")
    await child.next("applied")
    const idle = await child.usage()
    let applied = 0
    let bigAtMs = 0
    let visibleMs = 0
    let freshAtMs = 0
    child.on((report) => {
      if (report.kind !== "applied") return
      applied += report.changes
      if (bigAtMs === 0 && applied >= rows) {
        bigAtMs = report.atMs
        visibleMs = report.atMs - report.firstCommittedAtMs
      } else if (bigAtMs > 0 && freshAtMs === 0 && report.atMs - report.firstCommittedAtMs < 1000)
        freshAtMs = report.atMs
    })
    await client.query(
      `INSERT INTO big SELECT g, 'new', g % 100000 FROM generate_series(1::bigint, ${rows}) g`,
    )
    while (freshAtMs === 0) {
      await client.query("UPDATE small SET at = now()")
      await delay(50)
    }
    const after = await child.usage()
    return { rssMb: after.peakRssMb - idle.rssMb, recoveryMs: freshAtMs - bigAtMs, visibleMs }
  })
  await client.query("DROP TABLE big; DROP TABLE small")
  return run
}

/** The same writes on 20 tables, alone in their database and among 2,000: in turn. */
async function manyTables(bench: Bench, client: pg.Client): Promise<Figures> {
  const [few, many] = [await tablesIn(bench, client, 20), await tablesIn(bench, client, 2000)]
  const runs: number[] = []
  for (let i = 1; i <= bench.runs; i++) {
    bench.say(`writes on 20 of 20 and of 2,000 tables, run ${i} of ${bench.runs}`)
    const alone = await few.p50()
    const among = await many.p50()
    runs.push(among / Math.max(1, alone))
  }
  for (const tables of [few, many]) await tables.drop()
  return { tables_2000_latency_ratio: figure(runs, "<= 1.5") }
}

/** A database of its own with so many tables. */
async function tablesIn({ url, seconds, ...bench }: Bench, admin: pg.Client, count: number) {
  const database = `bench_${count}`
  await admin.query(`CREATE DATABASE ${database}`)
  const there = new URL(url)
  there.pathname = `/${database}`
  const client = new pg.Client({ connectionString: there.href })
  await client.connect()
  const names = Array.from({ length: count }, (_, index) => `many_${index}`)
  for (const name of names)
    await client.query(
      `CREATE TABLE ${name} (id int PRIMARY KEY, v text); INSERT INTO ${name} VALUES (1, 'a')`,
    )
  const write = () =>
    client.query(`UPDATE many_${Math.floor(Math.random() * 20)} SET v = left(v || 'x', 100) WHERE id = 1`)
  return {
    p50: () =>
      withPipeline({ ...bench, seconds, url: there.href }, client, { tables: names }, async (child) => {
        const lags = await lagsWhile(child, () => atRate(50, seconds, async () => void (await write())))
        return percentile(lags, 0.5)
      }),
    async drop() {
      await client.end()
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`)
    },
  }
}

function allStreaming(child: PipelineChild, count: number): Promise<void> {
  let streaming = 0
  return new Promise((resolve) => {
    child.on((report) => {
      if (report.kind === "streaming" && ++streaming === count) resolve()
    })
  })
}

/** Processor time of one core, and memory, that 50 idle pipelines take above one. */
async function manyIdle(bench: Bench): Promise<Figures> {
  const measured = async (count: number) => {
    bench.say(`${count} idle ${count === 1 ? "pipeline" : "pipelines"}`)
    const admin = new pg.Client({ connectionString: bench.url })
    await admin.connect()
    await admin.query("CREATE TABLE quiet (id int PRIMARY KEY); INSERT INTO quiet VALUES (1)")
    const folder = join(bench.folder, "idle")
    await rm(folder, { recursive: true, force: true })
    const child = startPipelineChild(folder, bench.url, ["quiet"], { pipelines: count })
    await allStreaming(child, count)
    await delay(2000)
    const before = await child.usage()
    await delay(bench.seconds * 1000)
    const after = await child.usage()
    await child.stop()
    await admin.query(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'millrace_bench%'",
    )
    const { rows } = await admin.query<{ name: string }>(
      "SELECT pubname AS name FROM pg_publication WHERE pubname LIKE 'millrace_bench%'",
    )
    for (const { name } of rows) await admin.query(`DROP PUBLICATION "${name}"`)
    await admin.query("DROP TABLE quiet")
    await admin.end()
    return { cpu: (after.cpuMs - before.cpuMs) / (bench.seconds * 1000), rssMb: after.rssMb }
  }
  const cpu: number[] = []
  const rssMb: number[] = []
  for (let i = 1; i <= bench.runs; i++) {
    const one = await measured(1)
    const fifty = await measured(50)
    cpu.push(fifty.cpu)
    rssMb.push(fifty.rssMb - one.rssMb)
  }
  return {
    idle_50_integrations_cpu: figure(cpu, "< 0.05"),
    idle_50_integrations_rss_mb: figure(rssMb, "< 400"),
  }
}
