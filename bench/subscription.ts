import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/embedded-postgres/server.ts"
import type { Bench } from "./figures.ts"
import { createOrders } from "./shop.ts"

/** PostgreSQL's own subscription into a second server: the peer that everybody has. */
export interface Subscriber {
  /** Copies the table into an empty one; how long until it is in step, in ms. */
  copy(): Promise<number>
  /** From here on changes gather at the source. */
  disable(): Promise<void>
  /** How long until everything up to `until` is applied, in ms. */
  drain(until: bigint): Promise<number>
  unsubscribe(): Promise<void>
  /** Bytes of WAL that the server has ever written. */
  walBytes(): Promise<bigint>
  stop(): Promise<void>
}

const pollMs = 10

/** Bytes of WAL that a server has ever written. */
export async function walBytes(client: pg.Client): Promise<bigint> {
  const { rows } = await client.query<{ bytes: string }>(
    "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text AS bytes",
  )
  return BigInt(rows[0]?.bytes ?? "0")
}

export async function startSubscriber(bench: Bench): Promise<Subscriber> {
  const settings = {
    shared_buffers: "512MB",
    max_wal_size: "8GB",
    checkpoint_timeout: "30min",
    autovacuum: "off",
  }
  const server: EmbeddedPostgres = await startEmbeddedPostgres({
    folder: join(bench.folder, "subscriber"),
    settings,
  })
  const source = new pg.Client({ connectionString: bench.url })
  const client = new pg.Client({ connectionString: server.url() })
  await source.connect()
  await client.connect()
  const until = async (sql: string) => {
    while ((await client.query<{ done: boolean }>(sql)).rows[0]?.done !== true) await delay(pollMs)
  }
  return {
    async copy() {
      await createOrders(client)
      await source.query("CREATE PUBLICATION bench_sub FOR TABLE orders")
      const startedMs = performance.now()
      await client.query(`CREATE SUBSCRIPTION bench_sub CONNECTION '${bench.url}' PUBLICATION bench_sub`)
      await until("SELECT bool_and(srsubstate = 'r') AS done FROM pg_subscription_rel")
      return performance.now() - startedMs
    },
    disable: async () => {
      await client.query("ALTER SUBSCRIPTION bench_sub DISABLE")
    },
    async drain(position) {
      const startedMs = performance.now()
      await client.query("ALTER SUBSCRIPTION bench_sub ENABLE")
      await until(
        `SELECT latest_end_lsn - '0/0'::pg_lsn >= ${position} AS done FROM pg_stat_subscription WHERE subname = 'bench_sub' AND relid IS NULL`,
      )
      return performance.now() - startedMs
    },
    async unsubscribe() {
      await client.query("DROP SUBSCRIPTION bench_sub")
      await source.query("DROP PUBLICATION bench_sub")
      await client.query("DROP TABLE orders")
    },
    walBytes: () => walBytes(client),
    async stop() {
      await client.end()
      await source.end()
      await server.stop()
    },
  }
}
