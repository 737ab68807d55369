import { rm } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import { type PipelineChild, runDiscard, startPipelineChild } from "./children.ts"
import { type Bench, type Figures, figure, throughputNames } from "./figures.ts"
import { checksumAtSource, checksumInWarehouse, makeBacklog, makeOrders } from "./shop.ts"
import { type Subscriber, startSubscriber } from "./subscription.ts"

interface Run {
  subscriptionCopyMs: number
  subscriptionDrainMs: number
  copyMs: number
  snapshotMs: number
  readMs: number
  drainMs: number
  changes: number
  cpuSeconds: number
  peakRssMb: number
}

/** Snapshot against a COPY thrown away, drain against a stream thrown away: in turn, each run on fresh data of the same shape. */
export async function measureThroughput(bench: Bench): Promise<Figures> {
  if (!bench.wants(...throughputNames)) return {}
  const client = new pg.Client({ connectionString: bench.url })
  await client.connect()
  const subscriber = bench.wants("snapshot_vs_subscription", "drain_vs_subscription")
    ? await startSubscriber(bench)
    : undefined
  const runs: Run[] = []
  for (let i = 1; i <= bench.runs; i++) {
    bench.say(`run ${i} of ${bench.runs}: making ${bench.rows.toLocaleString("en-US")} rows`)
    runs.push(await oneRun(bench, client, subscriber))
  }
  await client.query("DROP TABLE orders")
  await client.end()
  await subscriber?.stop()
  return {
    snapshot_vs_copy: figure(
      runs.map((run) => run.snapshotMs / run.copyMs),
      "<= 2 (goal 1.5)",
    ),
    snapshot_rows_per_second: figure(runs.map((run) => (bench.rows / run.snapshotMs) * 1000)),
    copy_rows_per_second: figure(runs.map((run) => (bench.rows / run.copyMs) * 1000)),
    ...(subscriber && {
      snapshot_vs_subscription: figure(
        runs.map((run) => run.subscriptionCopyMs / run.snapshotMs),
        ">= 2",
      ),
      drain_vs_subscription: figure(
        runs.map((run) => run.subscriptionDrainMs / run.drainMs),
        ">= 1.3",
      ),
    }),
    drain_vs_read: figure(
      runs.map((run) => run.readMs / run.drainMs),
      ">= 0.75 (goal 0.9)",
    ),
    drain_changes_per_second: figure(runs.map((run) => (run.changes / run.drainMs) * 1000)),
    read_changes_per_second: figure(runs.map((run) => (run.changes / run.readMs) * 1000)),
    rows_per_cpu_second: figure(runs.map((run) => (bench.rows + run.changes) / run.cpuSeconds)),
    peak_rss_mb: figure(runs.map((run) => run.peakRssMb)),
  }
}

async function oneRun(bench: Bench, client: pg.Client, subscriber: Subscriber | undefined): Promise<Run> {
  await makeOrders(client, bench.rows)
  const copyMs = await runDiscard("copy", bench.url, "orders")
  bench.say(`  COPY thrown away    ${perSecond(bench.rows, copyMs, "rows")}`)
  const folder = join(bench.folder, "ours")
  await rm(folder, { recursive: true, force: true })
  let startedMs = Date.now()
  const first = startPipelineChild(folder, bench.url, ["orders"])
  // The first figure counts from when the process asks for the snapshot: starting Node is not part of it.
  startedMs = await firstConnection(client, startedMs)
  const { atMs } = await first.next("streaming")
  const snapshotMs = atMs - startedMs
  bench.say(`  our snapshot        ${perSecond(bench.rows, snapshotMs, "rows")}`)
  await compare(client, first)
  const usage = await first.usage()
  await first.stop()
  const subscriptionCopyMs = (await subscriber?.copy()) ?? Number.NaN
  if (subscriber !== undefined)
    bench.say(`  subscription copies ${perSecond(bench.rows, subscriptionCopyMs, "rows")}`)
  await subscriber?.disable()

  await client.query("DROP PUBLICATION IF EXISTS bench_read")
  await client.query("CREATE PUBLICATION bench_read FOR TABLE orders")
  await client.query("SELECT pg_create_logical_replication_slot('bench_read', 'pgoutput')")
  const changes = await makeBacklog(client, bench.changes)
  await client.query("CHECKPOINT")
  const until = await currentLsn(client)
  const readMs = await runDiscard("stream", bench.url, "bench_read", "bench_read", String(until))
  bench.say(`  stream thrown away  ${perSecond(changes, readMs, "changes")}`)
  await dropSlot(client)
  const { drainMs, child } = await drain(startPipelineChild(folder, bench.url, ["orders"]), changes)
  bench.say(`  our drain           ${perSecond(changes, drainMs, "changes")}`)
  await compare(client, child)
  const subscriptionDrainMs = (await subscriber?.drain(until)) ?? Number.NaN
  if (subscriber !== undefined)
    bench.say(`  subscription drains ${perSecond(changes, subscriptionDrainMs, "changes")}`)
  await subscriber?.unsubscribe()
  const second = await child.usage()
  await child.stop()
  await client.query("SELECT pg_drop_replication_slot('millrace_bench')")
  await client.query("DROP PUBLICATION millrace_bench")
  return {
    subscriptionCopyMs,
    subscriptionDrainMs,
    copyMs,
    snapshotMs,
    readMs,
    drainMs,
    changes,
    cpuSeconds: (usage.cpuMs + second.cpuMs) / 1000,
    peakRssMb: Math.max(usage.peakRssMb, second.peakRssMb),
  }
}

/** When the pipeline's first connection began, by the server's clock (the same machine's). */
export async function firstConnection(client: pg.Client, afterMs: number): Promise<number> {
  for (;;) {
    const { rows } = await client.query<{ at: number | null }>(
      "SELECT extract(epoch FROM min(backend_start)) * 1000 AS at FROM pg_stat_activity WHERE application_name = 'millrace' AND backend_start > to_timestamp($1)",
      [afterMs / 1000],
    )
    const at = rows[0]?.at
    if (at !== null && at !== undefined) return Number(at)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** From when the stream is opened until all changes are applied. */
export async function drain(
  child: PipelineChild,
  changes: number,
): Promise<{ drainMs: number; child: PipelineChild }> {
  const { atMs: startedMs } = await child.next("streaming")
  let applied = 0
  return new Promise((resolve) => {
    child.on((report) => {
      if (report.kind !== "applied") return
      applied += report.changes
      if (applied >= changes) resolve({ drainMs: report.atMs - startedMs, child })
    })
  })
}

/** Contents, not counts: a figure for rows that did not arrive as they were is worth nothing. */
async function compare(client: pg.Client, child: PipelineChild): Promise<void> {
  const [source] = (await client.query<{ count: string; sum: string }>(checksumAtSource)).rows
  const [warehouse] = await child.query(checksumInWarehouse)
  if (source?.count === warehouse?.[0] && source?.sum === warehouse?.[1]) return
  throw new Error(
    `contents differ: source ${source?.count} rows, sum ${source?.sum}; warehouse ${warehouse?.join(" rows, sum ")}`,
  )
}

export async function currentLsn(client: pg.Client): Promise<bigint> {
  const { rows } = await client.query<{ lsn: string }>(
    "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::text AS lsn",
  )
  return BigInt(rows[0]?.lsn ?? "0")
}

async function dropSlot(client: pg.Client): Promise<void> {
  await client.query(
    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'bench_read' AND active_pid IS NOT NULL",
  )
  for (;;) {
    const { rows } = await client.query(
      "SELECT FROM pg_replication_slots WHERE slot_name = 'bench_read' AND active",
    )
    if (rows.length === 0) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await client.query("SELECT pg_drop_replication_slot('bench_read')")
}

export function perSecond(count: number, ms: number, what: string): string {
  return `${Math.round((count / ms) * 1000).toLocaleString("en-US")} ${what}/s  (${(ms / 1000).toFixed(2)} s)`
}
