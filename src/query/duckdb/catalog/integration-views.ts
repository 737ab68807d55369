import type { DuckDBConnection } from "@duckdb/node-api"
import { noCopyFacts } from "../../../control-plane/copy-jobs/copy-facts.ts"
import type {
  IntegrationFacts,
  SystemViewFacts,
  SystemViewKind,
  TableFacts,
} from "../../../control-plane/databases/system-views.ts"
import type { Activity, TableStateChange } from "../../../state/history.ts"
import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { copyViews } from "./copy-views.ts"

/** A schema that nothing but administrators' statements may name. */
export const integrationViewSchema = "pgsys"

/** A cell before it is SQL. */
export type Cell = string | number | boolean | Date | undefined

export interface View {
  kind: SystemViewKind
  /** `character(n)` is held as text without padding, cut to n. */
  columns: Record<string, `char${number}` | "VARCHAR" | "BIGINT" | "INTEGER" | "BOOLEAN" | "TIMESTAMP">
  /** In the order of the columns. */
  rows(facts: SystemViewFacts): Cell[][]
}

function checkpoint(position: string | undefined | null): string | undefined {
  return position === undefined || position === null ? undefined : JSON.stringify({ position })
}

/** The cloud's, column by column. */
export const integrationViews: Record<string, View> = {
  svv_integration: {
    kind: "integrations",
    columns: {
      integration_id: "char128",
      target_database: "char128",
      source: "char128",
      state: "char128",
      current_lag: "BIGINT",
      last_replicated_checkpoint: "char128",
      total_tables_replicated: "INTEGER",
      total_tables_failed: "INTEGER",
      creation_time: "TIMESTAMP",
      refresh_interval: "INTEGER",
      source_database: "char128",
      is_history_mode: "BOOLEAN",
      latest_detected_change_time: "TIMESTAMP",
      latest_applied_change_time: "TIMESTAMP",
      auto_remediation: "BOOLEAN",
      latest_shipped_source_commit_time: "TIMESTAMP",
    },
    rows: ({ integrations }) => integrations.map(integrationRow),
  },
  svv_integration_table_state: {
    kind: "tables",
    columns: {
      integration_id: "char128",
      target_database: "char128",
      schema_name: "char128",
      table_name: "char128",
      table_state: "char128",
      table_last_replicated_checkpoint: "char128",
      reason: "char256",
      last_updated_timestamp: "TIMESTAMP",
      table_rows: "BIGINT",
      table_size: "BIGINT",
      is_history_mode: "BOOLEAN",
    },
    rows: ({ tables }) => tables.map(tableRow),
  },
  sys_integration_activity: {
    kind: "activities",
    columns: {
      integration_id: "char128",
      target_database: "char128",
      source: "char128",
      checkpoint_name: "char128",
      checkpoint_type: "char16",
      checkpoint_bytes: "BIGINT",
      last_commit_timestamp: "TIMESTAMP",
      modified_tables: "INTEGER",
      integration_start_time: "TIMESTAMP",
      integration_end_time: "TIMESTAMP",
    },
    rows: ({ activities }) => activities.map(activityRow),
  },
  sys_integration_table_state_change: {
    kind: "stateChanges",
    columns: {
      integration_id: "char128",
      database_name: "char128",
      schema_name: "char128",
      table_name: "char128",
      new_state: "char128",
      table_last_replicated_checkpoint: "char128",
      state_change_reason: "char256",
      record_time: "TIMESTAMP",
    },
    rows: ({ stateChanges }) => stateChanges.map(stateChangeRow),
  },
  ...copyViews,
}

function integrationRow(one: IntegrationFacts): Cell[] {
  return [
    one.integrationId,
    one.database?.name,
    one.source,
    one.state,
    one.lagMs,
    checkpoint(one.position),
    one.tablesReplicated,
    one.tablesFailed,
    one.database?.createdAt,
    one.database?.options.refreshIntervalSeconds,
    one.sourceDatabase,
    one.database?.options.historyMode ?? false,
    one.receivedAt,
    one.appliedAt,
    one.database?.options.autoRemediation ?? false,
    one.receivedAt,
  ]
}

function tableRow(one: TableFacts): Cell[] {
  return [
    one.integrationId,
    one.database,
    one.schema,
    one.name,
    one.state,
    checkpoint(one.position),
    one.reason,
    one.updatedAt,
    one.rows,
    // Tables share the blocks of one file: the engine does not say how much of it is whose.
    undefined,
    one.keepsVersions,
  ]
}

function activityRow(one: Activity & { source: string | undefined }): Cell[] {
  return [
    one.integrationId,
    one.targetDatabase,
    one.source,
    one.position === null ? undefined : `checkpoints/checkpoint_${one.position.replaceAll(/\W/g, "_")}.json`,
    one.kind,
    one.bytes ?? undefined,
    one.lastCommitAt ?? undefined,
    one.tables,
    one.startedAt,
    one.endedAt,
  ]
}

function stateChangeRow(one: TableStateChange): Cell[] {
  return [
    one.integrationId,
    one.targetDatabase,
    one.schema,
    one.name,
    one.state,
    checkpoint(one.position),
    one.reason ?? undefined,
    one.recordedAt,
  ]
}

function engineType(type: View["columns"][string]): string {
  return type.startsWith("char") ? "VARCHAR" : type
}

function literal(cell: Cell, type: View["columns"][string]): string {
  if (cell === undefined) return "NULL"
  if (cell instanceof Date) return `TIMESTAMP ${quoteLiteral(cell.toISOString().slice(0, -1))}`
  if (typeof cell !== "string") return String(cell)
  const text = type.startsWith("char") ? [...cell].slice(0, Number(type.slice(4))).join("") : cell
  return quoteLiteral(text.replaceAll("\0", ""))
}

function tableOf(name: string): string {
  return `memory.${integrationViewSchema}.${name}`
}

/** Rows in one statement: its text stays short enough for the parser. */
const rowsAtOnce = 500

/** Puts the facts in the views' place, in one transaction: a statement that runs meanwhile sees the ones before. */
export async function fillIntegrationViews(
  connection: DuckDBConnection,
  names: readonly string[],
  facts: SystemViewFacts,
): Promise<void> {
  await connection.run("BEGIN TRANSACTION")
  try {
    for (const name of names) await fill(connection, name, facts)
    await connection.run("COMMIT")
  } catch (error) {
    await connection.run("ROLLBACK")
    throw error
  }
}

async function fill(connection: DuckDBConnection, name: string, facts: SystemViewFacts): Promise<void> {
  const view = integrationViews[name]
  if (view === undefined) throw new Error(`no such system view: ${name}`)
  const columns = Object.entries(view.columns)
  const list = columns.map(([column, type]) => `${column} ${engineType(type)}`).join(", ")
  await connection.run(`CREATE OR REPLACE TABLE ${tableOf(name)} (${list})`)
  const rows = view
    .rows(facts)
    .map((row) => `(${row.map((cell, index) => literal(cell, columns[index]?.[1] ?? "BIGINT")).join(", ")})`)
  for (let start = 0; start < rows.length; start += rowsAtOnce)
    await connection.run(
      `INSERT INTO ${tableOf(name)} VALUES ${rows.slice(start, start + rowsAtOnce).join(", ")}`,
    )
}

const nothing: SystemViewFacts = {
  integrations: [],
  tables: [],
  activities: [],
  stateChanges: [],
  ...noCopyFacts,
}

/** Makes the views, empty. */
export async function installIntegrationViews(connection: DuckDBConnection): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS memory.${integrationViewSchema}`)
  await fillIntegrationViews(connection, Object.keys(integrationViews), nothing)
}

/** The most characters of a `character(n)` column of one of these views; `undefined`: no such column. */
export function characterLength(names: Iterable<string>, column: string): number | undefined {
  for (const name of names) {
    const type = integrationViews[name]?.columns[column]
    if (type?.startsWith("char")) return Number(type.slice(4))
  }
  return undefined
}

/** The names of the views in a statement that was pointed at them. */
export function integrationViewsIn(tree: Tree): Set<string> {
  const names = new Set<string>()
  for (const node of nodesOf(tree.statements ?? null))
    if (node.catalog_name === "memory" && node.schema_name === integrationViewSchema)
      names.add(textAt(node, "table_name"))
  return names
}
