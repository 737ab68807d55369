import type { IntegrationFacts, TableFacts } from "../../control-plane/databases/system-views.ts"
import type { Activity, TableStateChange } from "../../state/history.ts"
import type { Cell } from "../virtual-table.ts"
import { character, type SystemView } from "./system-view.ts"

function checkpoint(position: string | undefined | null): string | undefined {
  return position === undefined || position === null ? undefined : JSON.stringify({ position })
}

/** The cloud's views of integrations, column by column. As there, only administrators read them. */
export const integrationViews: Record<string, SystemView> = {
  svv_integration: {
    kind: "integrations",
    readableBy: "administrators",
    columns: {
      integration_id: character(128),
      target_database: character(128),
      source: character(128),
      state: character(128),
      current_lag: "bigint",
      last_replicated_checkpoint: character(128),
      total_tables_replicated: "integer",
      total_tables_failed: "integer",
      creation_time: "timestamp",
      refresh_interval: "integer",
      source_database: character(128),
      is_history_mode: "boolean",
      latest_detected_change_time: "timestamp",
      latest_applied_change_time: "timestamp",
      auto_remediation: "boolean",
      latest_shipped_source_commit_time: "timestamp",
    },
    rows: ({ integrations }) => integrations.map(integrationRow),
  },
  svv_integration_table_state: {
    kind: "tables",
    readableBy: "administrators",
    columns: {
      integration_id: character(128),
      target_database: character(128),
      schema_name: character(128),
      table_name: character(128),
      table_state: character(128),
      table_last_replicated_checkpoint: character(128),
      reason: character(256),
      last_updated_timestamp: "timestamp",
      table_rows: "bigint",
      table_size: "bigint",
      is_history_mode: "boolean",
    },
    rows: ({ tables }) => tables.map(tableRow),
  },
  sys_integration_activity: {
    kind: "activities",
    readableBy: "administrators",
    columns: {
      integration_id: character(128),
      target_database: character(128),
      source: character(128),
      checkpoint_name: character(128),
      checkpoint_type: character(16),
      checkpoint_bytes: "bigint",
      last_commit_timestamp: "timestamp",
      modified_tables: "integer",
      integration_start_time: "timestamp",
      integration_end_time: "timestamp",
    },
    rows: ({ activities }) => activities.map(activityRow),
  },
  sys_integration_table_state_change: {
    kind: "stateChanges",
    readableBy: "administrators",
    columns: {
      integration_id: character(128),
      database_name: character(128),
      schema_name: character(128),
      table_name: character(128),
      new_state: character(128),
      table_last_replicated_checkpoint: character(128),
      state_change_reason: character(256),
      record_time: "timestamp",
    },
    rows: ({ stateChanges }) => stateChanges.map(stateChangeRow),
  },
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
