import { join } from "node:path"
import pg from "pg"
import { startEmbeddedPostgres } from "../src/embedded-postgres/server.ts"
import { bigRuns } from "./extremes.ts"
import {
  type Bench,
  type Figures,
  figure,
  postgresWarehouseBigNames,
  postgresWarehouseLagNames,
} from "./figures.ts"
import { lagFigure, measureLags } from "./latency.ts"

/** From commit at the source to commit in a PostgreSQL that is the warehouse, with that server's own settings. */
export async function measurePostgresWarehouseLags(bench: Bench): Promise<Figures> {
  const [wantsLags, wantsBig] = [
    bench.wants(...postgresWarehouseLagNames),
    bench.wants(...postgresWarehouseBigNames),
  ]
  if (!wantsLags && !wantsBig) return {}
  const target = await startEmbeddedPostgres({ folder: join(bench.folder, "lag target") })
  try {
    const figures = wantsLags ? await lags(bench, target.url()) : {}
    await dropDestination(target.url())
    return { ...figures, ...(wantsBig && (await big(bench, target.url()))) }
  } finally {
    await target.stop()
  }
}

/** The next pipeline begins with a snapshot. */
async function dropDestination(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query("DROP DATABASE IF EXISTS bench WITH (FORCE)")
  await client.end()
}

async function lags(bench: Bench, warehouseUrl: string): Promise<Figures> {
  const { idle, busy } = await measureLags(bench, "latency into PostgreSQL", warehouseUrl)
  return {
    latency_postgres_warehouse_idle_p50_ms: lagFigure(idle, 0.5, "<= 5"),
    latency_postgres_warehouse_idle_p99_ms: lagFigure(idle, 0.99, "<= 50"),
    latency_postgres_warehouse_1000tps_p50_ms: lagFigure(busy, 0.5, "<= 30"),
    latency_postgres_warehouse_1000tps_p99_ms: lagFigure(busy, 0.99, "<= 100"),
  }
}

async function big(bench: Bench, warehouseUrl: string): Promise<Figures> {
  const client = new pg.Client({ connectionString: bench.url })
  await client.connect()
  try {
    const { rssMb, recoveryMs, visibleMs } = await bigRuns(bench, client, warehouseUrl)
    return {
      big_transaction_postgres_warehouse_rss_mb: figure(rssMb, "<= 600 over idle"),
      big_transaction_postgres_warehouse_recovery_ms: figure(recoveryMs, "<= 5000"),
      big_transaction_postgres_warehouse_visible_ms: figure(visibleMs),
    }
  } finally {
    await client.end()
  }
}
