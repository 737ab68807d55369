import { rm } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/embedded-postgres/server.ts"
import { type PipelineChild, runCopy, startPipelineChild } from "./children.ts"
import { type Bench, type Figures, figure, postgresWarehouseNames } from "./figures.ts"
import { checksumAtSource, createOrders, makeBacklog, makeOrders } from "./shop.ts"
import { type Subscriber, startSubscriber, walBytes } from "./subscription.ts"
import { currentLsn, drain, firstConnection, perSecond } from "./throughput.ts"

interface Run {
  copyMs: number
  snapshotMs: number
  subscriptionCopyMs: number
  changes: number
  drainMs: number
  subscriptionDrainMs: number
  /** Bytes of WAL at the destination, ours by the subscription's, over the drain. */
  walRatio: number
}

interface Place {
  bench: Bench
  /** At the source. */
  client: pg.Client
  /** Holds the peer's copy, in its database postgres, and ours, in its database bench. */
  target: EmbeddedPostgres
  subscriber: Subscriber
}

/** PostgreSQL as the warehouse beside that server's own means: in turn, each run on fresh data of the same shape. */
export async function measurePostgresWarehouse(bench: Bench): Promise<Figures> {
  if (!bench.wants(...postgresWarehouseNames)) return {}
  const client = new pg.Client({ connectionString: bench.url })
  // The servers are stopped when something has failed: that must be told, not this.
  client.on("error", () => undefined)
  await client.connect()
  const settings = {
    shared_buffers: "512MB",
    max_wal_size: "8GB",
    checkpoint_timeout: "30min",
    autovacuum: "off",
  }
  const target = await startEmbeddedPostgres({ folder: join(bench.folder, "target"), settings })
  const subscriber = await startSubscriber(bench)
  const runs: Run[] = []
  for (let i = 1; i <= bench.runs; i++) {
    bench.say(`PostgreSQL as the warehouse, run ${i} of ${bench.runs}`)
    runs.push(await oneRun({ bench, client, target, subscriber }))
  }
  await client.query("DROP TABLE orders")
  await client.end()
  await subscriber.stop()
  await target.stop()
  return figuresOf(bench, runs)
}

function figuresOf(bench: Bench, runs: readonly Run[]): Figures {
  const of = (value: (run: Run) => number, bar?: string) => figure(runs.map(value), bar)
  return {
    snapshot_postgres_warehouse_vs_copy: of((run) => run.snapshotMs / run.copyMs, "<= 1.3"),
    snapshot_postgres_warehouse_vs_subscription: of(
      (run) => run.subscriptionCopyMs / run.snapshotMs,
      ">= 1.2",
    ),
    snapshot_postgres_warehouse_rows_per_second: of((run) => (bench.rows / run.snapshotMs) * 1000),
    drain_postgres_warehouse_vs_subscription: of(
      (run) => run.subscriptionDrainMs / run.drainMs,
      ">= 1.3 (goal 2)",
    ),
    drain_postgres_warehouse_changes_per_second: of((run) => (run.changes / run.drainMs) * 1000),
    wal_postgres_warehouse_vs_subscription: of((run) => run.walRatio, "<= 1"),
  }
}

async function oneRun({ bench, client, target, subscriber }: Place): Promise<Run> {
  await makeOrders(client, bench.rows)
  const copyMs = await peerCopy(bench, target)
  bench.say(`  COPY into COPY      ${perSecond(bench.rows, copyMs, "rows")}`)
  const folder = join(bench.folder, "ours in PostgreSQL")
  await rm(folder, { recursive: true, force: true })
  const started = () => startPipelineChild(folder, bench.url, ["orders"], { warehouseUrl: target.url() })
  const askedMs = Date.now()
  const first = started()
  const startedMs = await firstConnection(client, askedMs)
  const snapshotMs = (await first.next("streaming")).atMs - startedMs
  bench.say(`  our snapshot        ${perSecond(bench.rows, snapshotMs, "rows")}`)
  await compare(client, first)
  await first.stop()
  const subscriptionCopyMs = await subscriber.copy()
  bench.say(`  subscription copies ${perSecond(bench.rows, subscriptionCopyMs, "rows")}`)
  await subscriber.disable()

  const changes = await makeBacklog(client, bench.changes)
  await client.query("CHECKPOINT")
  const until = await currentLsn(client)
  const ours = await onServer(target, "postgres", async (there) => {
    const before = await walBytes(there)
    const { drainMs, child } = await drain(started(), changes)
    return { drainMs, child, wal: (await walBytes(there)) - before }
  })
  bench.say(
    `  our drain           ${perSecond(changes, ours.drainMs, "changes")}, ${megabytes(ours.wal)} of WAL`,
  )
  await compare(client, ours.child)
  await ours.child.stop()
  const before = await subscriber.walBytes()
  const subscriptionDrainMs = await subscriber.drain(until)
  const subscriptionWal = (await subscriber.walBytes()) - before
  bench.say(
    `  subscription drains ${perSecond(changes, subscriptionDrainMs, "changes")}, ${megabytes(subscriptionWal)} of WAL`,
  )
  await subscriber.unsubscribe()
  await cleanUp(client, target)
  const walRatio = Number(ours.wal) / Number(subscriptionWal)
  return {
    copyMs,
    snapshotMs,
    subscriptionCopyMs,
    changes,
    drainMs: ours.drainMs,
    subscriptionDrainMs,
    walRatio,
  }
}

/** Into a table without its key, which comes afterwards, as ours does. */
async function peerCopy(bench: Bench, target: EmbeddedPostgres): Promise<number> {
  return await onServer(target, "postgres", async (there) => {
    await createOrders(there)
    await there.query("ALTER TABLE orders DROP CONSTRAINT orders_pkey; CHECKPOINT")
    const copyMs = await runCopy(bench.url, target.url(), "orders")
    await there.query("DROP TABLE orders; CHECKPOINT")
    return copyMs
  })
}

/** What the next run begins without. */
async function cleanUp(client: pg.Client, target: EmbeddedPostgres): Promise<void> {
  await client.query("SELECT pg_drop_replication_slot('millrace_bench')")
  await client.query("DROP PUBLICATION millrace_bench")
  await onServer(target, "postgres", (there) => there.query("DROP DATABASE bench WITH (FORCE)"))
}

async function onServer<T>(
  server: EmbeddedPostgres,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: server.url(database) })
  client.on("error", () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Contents, not counts. */
async function compare(client: pg.Client, child: PipelineChild): Promise<void> {
  const [source] = (await client.query<{ count: string; sum: string }>(checksumAtSource)).rows
  const [warehouse] = await child.query(checksumAtSource.replace(" FROM orders", " FROM public.orders"))
  if (source?.count === warehouse?.[0] && source?.sum === warehouse?.[1]) return
  throw new Error(
    `contents differ: source ${source?.count} rows, sum ${source?.sum}; warehouse ${warehouse?.join(" rows, sum ")}`,
  )
}

function megabytes(bytes: bigint): string {
  return `${Math.round(Number(bytes) / 2 ** 20)} MB`
}
