/** Taken together, in one run. */
export const throughputNames = [
  "snapshot_vs_copy",
  "snapshot_rows_per_second",
  "copy_rows_per_second",
  "snapshot_vs_subscription",
  "drain_vs_read",
  "drain_changes_per_second",
  "read_changes_per_second",
  "drain_vs_subscription",
  "rows_per_cpu_second",
  "peak_rss_mb",
] as const

/** Of PostgreSQL as the warehouse, on a server of its own, beside that server's own COPY and subscription. */
export const postgresWarehouseNames = [
  "snapshot_postgres_warehouse_vs_copy",
  "snapshot_postgres_warehouse_vs_subscription",
  "snapshot_postgres_warehouse_rows_per_second",
  "drain_postgres_warehouse_vs_subscription",
  "drain_postgres_warehouse_changes_per_second",
  "wal_postgres_warehouse_vs_subscription",
] as const

/** Of the same server, what a pipeline into it adds to a commit, and what one large transaction costs. */
export const postgresWarehouseLagNames = [
  "latency_postgres_warehouse_idle_p50_ms",
  "latency_postgres_warehouse_idle_p99_ms",
  "latency_postgres_warehouse_1000tps_p50_ms",
  "latency_postgres_warehouse_1000tps_p99_ms",
] as const

export const postgresWarehouseBigNames = [
  "big_transaction_postgres_warehouse_rss_mb",
  "big_transaction_postgres_warehouse_recovery_ms",
  "big_transaction_postgres_warehouse_visible_ms",
] as const

/** Of MariaDB as the source, on a server of its own. */
export const mysqlNames = [
  "snapshot_mysql_vs_select",
  "snapshot_mysql_rows_per_second",
  "select_mysql_rows_per_second",
  "drain_mysql_vs_read",
  "drain_mysql_changes_per_second",
  "read_mysql_changes_per_second",
  "drain_mysql_small_vs_read",
  "drain_mysql_small_transactions_per_second",
] as const

export const mysqlLatencyNames = [
  "latency_mysql_idle_p50_ms",
  "latency_mysql_idle_p99_ms",
  "latency_mysql_1000tps_p50_ms",
  "latency_mysql_1000tps_p99_ms",
] as const

/** Of DynamoDB Local as the source. */
export const dynamoDbNames = [
  "snapshot_dynamodb_items_per_second",
  "dynamodb_writes_per_second",
  "dynamodb_lag_p99_ms",
] as const

/** Of the SQL port, beside DuckDB in the same process. */
export const sqlNames = [
  "sql_roundtrip_p50_ms",
  "sql_in_process_p50_ms",
  "sql_roundtrip_ratio",
  "sql_report_ratio",
] as const

/** Of the API's most frequent call. */
export const describeNames = [
  "describe_integrations_p50_ms",
  "describe_integrations_p99_ms",
  "describe_integrations_per_second",
] as const

/** Of policies: a table of 5 M rows read through them, beside the same filter and mask written by hand. */
export const governedNames = [
  "governed_duckdb_report_ratio",
  "governed_duckdb_lookup_added_ms",
  "governed_postgres_report_ratio",
  "governed_postgres_lookup_added_ms",
  "governed_apply_1000_sources_seconds",
  "governed_change_ms",
  "governed_sessions_200_statements_per_second",
] as const

/** Every figure the bench can take, in the order it prints them. */
export const benchNames = [
  ...throughputNames,
  ...postgresWarehouseNames,
  ...postgresWarehouseLagNames,
  ...postgresWarehouseBigNames,
  ...mysqlNames,
  ...mysqlLatencyNames,
  ...dynamoDbNames,
  ...sqlNames,
  ...describeNames,
  ...governedNames,
  "latency_idle_p50_ms",
  "latency_idle_p99_ms",
  "latency_1000tps_p50_ms",
  "latency_1000tps_p99_ms",
  "latency_50m_p99_ms",
  "big_transaction_rss_mb",
  "big_transaction_recovery_ms",
  "big_transaction_visible_ms",
  "tables_2000_latency_ratio",
  "idle_50_integrations_cpu",
  "idle_50_integrations_rss_mb",
] as const

export type BenchName = (typeof benchNames)[number]

export interface Figure {
  /** Median of the runs. */
  value: number
  /** What it is held against: `<= 2` and the like. */
  bar: string | undefined
  runs: number[]
}

export type Figures = Partial<Record<BenchName, Figure>>

export interface Bench {
  /** Removed at the end. */
  folder: string
  url: string
  rows: number
  changes: number
  runs: number
  /** How long each latency measurement writes. */
  seconds: number
  wants(...names: BenchName[]): boolean
  say(line: string): void
}

export function figure(runs: number[], bar?: string): Figure {
  return { value: median(runs), bar, runs }
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
