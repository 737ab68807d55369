import type { DuckDBConnection } from "@duckdb/node-api"
import { startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import { settleRules } from "../../../control-plane/governance/data/sources.ts"
import type { KnownGovernance } from "../../../control-plane/governance/enforcement/governance-watch.ts"
import type { ColumnKind, GovernedColumn, GovernedSource } from "../../../governance/model/source.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { DuckDbInstance } from "../../../warehouses/duckdb/files/instance.ts"
import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"

type SeenColumn = Omit<GovernedColumn, "tags">

export interface SourceColumnsOptions {
  instance: DuckDbInstance
  store: GovernanceStore
  now(): KnownGovernance
  onError(error: unknown): void
  /** Default 2 s. Until a table's columns are recorded nobody but administrators reads it. */
  everyMs?: number
}

/**
 * Lists the tables that rules govern, and records the columns that governed tables of this warehouse have. Only where something is
 * governed the engine is asked: one query on its catalog.
 */
export async function startSourceColumns(options: SourceColumnsOptions): Promise<{ stop(): Promise<void> }> {
  const { instance, everyMs = 2_000, onError } = options
  const connection = await instance.connect()
  const work = () => recordAll(connection, options)
  const recording = startPeriodicTask({ everyMs, work, onError, keepsAlive: false })
  return {
    stop: async () => {
      await recording.stop()
      connection.closeSync()
    },
  }
}

async function recordAll(
  connection: DuckDBConnection,
  { instance, store, now }: SourceColumnsOptions,
): Promise<void> {
  const known = now()
  if (known.kind === "unknown") return
  const { rules, sources } = known.facts
  if (rules.length > 0) await settleRules(store)
  const here = new Set(instance.databases())
  const mine = sources.filter(({ table }) => here.has(table.database))
  if (mine.length === 0) return
  const seen = await columnsSeen(connection, mine)
  for (const source of mine) {
    const columns = seen.get(keyOf(source.table.database, source.table.schema, source.table.name))
    if (columns !== undefined && !isRecorded(source, columns)) await store.recordColumns(source.id, columns)
  }
}

function isRecorded({ columns: recorded }: GovernedSource, columns: readonly SeenColumn[]): boolean {
  const shape = (all: readonly SeenColumn[]) =>
    JSON.stringify(all.map(({ name, kind, type }) => [name, kind, type]))
  return shape(recorded) === shape(columns)
}

async function columnsSeen(
  connection: DuckDBConnection,
  sources: readonly GovernedSource[],
): Promise<Map<string, SeenColumn[]>> {
  const databases = [...new Set(sources.map(({ table }) => quoteLiteral(table.database)))].join(", ")
  const result = await connection.runAndReadAll(
    `SELECT database_name, schema_name, table_name, column_name, data_type FROM duckdb_columns()
      WHERE database_name IN (${databases}) ORDER BY database_name, schema_name, table_name, column_index`,
  )
  const seen = new Map<string, SeenColumn[]>()
  for (const row of result.getRows()) {
    const [database = "", schema = "", table = "", name = "", type = ""] = row.map(String)
    const key = keyOf(database, schema, table)
    const columns = seen.get(key) ?? []
    seen.set(key, columns)
    columns.push({ name, kind: kindOf(type), type })
  }
  return seen
}

function keyOf(...parts: string[]): string {
  return parts.join("\0")
}

const kinds: ReadonlyMap<string, ColumnKind> = new Map([
  ["VARCHAR", "text"],
  ["TINYINT", "integer"],
  ["SMALLINT", "integer"],
  ["INTEGER", "integer"],
  ["BIGINT", "integer"],
  ["HUGEINT", "integer"],
  ["FLOAT", "float"],
  ["DOUBLE", "float"],
  ["BOOLEAN", "boolean"],
  ["DATE", "date"],
  ["TIMESTAMP", "timestamp"],
  ["TIMESTAMP WITH TIME ZONE", "timestamptz"],
])

function kindOf(type: string): ColumnKind {
  return kinds.get(type) ?? (/^DECIMAL\(\d+,\d+\)$/.test(type) ? "decimal" : "other")
}
