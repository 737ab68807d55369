import type { ColumnType, Generated, GeneratedAlways, RawBuilder } from "kysely"
import type { CopyOptions } from "../domain/copy.ts"
import type { DatabaseOptions } from "../domain/database-options.ts"
import type { EventCategory, EventSeverity } from "../domain/events.ts"
import type { IntegrationService, IntegrationStatus, Tag } from "../domain/integration.ts"
import type { PartnerStatus } from "../domain/partner.ts"
import type { Privilege } from "../domain/sql-access.ts"
import type { TableState } from "../domain/table.ts"
import type {
  ApiKeyTable,
  ApiTokenTable,
  GovernanceIntegrationTable,
  GovernanceStepTable,
} from "./governance/api-tables.ts"

/** The state database's tables as TypeScript sees them; src/state/migrations/ makes them. */
export interface StateSchema {
  integrations: IntegrationRow
  events: EventTable
  event_receivers: EventReceiverTable
  destinations: DestinationRow
  pipelines: PipelineTable
  pipeline_observations: PipelineObservationTable
  table_observations: TableObservationTable
  pipeline_leases: PipelineLeaseRow
  source_remains: SourceRemainsTable
  tables: TableRow
  partners: PartnerRow
  resource_policies: ResourcePolicyRow
  resource_tags: ResourceTagsRow
  audit: AuditTable
  sql_users: SqlUserTable
  own_databases: OwnDatabaseTable
  secrets: SecretTable
  sql_grants: SqlGrantTable
  activities: ActivityTable
  table_state_changes: TableStateChangeTable
  copy_jobs: CopyJobTable
  copy_job_messages: CopyJobMessageTable
  load_errors: LoadErrorTable
  load_runs: LoadRunTable
  api_keys: ApiKeyTable
  api_tokens: ApiTokenTable
  governance_integrations: GovernanceIntegrationTable
  governance_steps: GovernanceStepTable
}

export interface SourceRemainsTable {
  source_handle: string
  source_arn: string
  source_database: string
  since: Generated<Date>
}

export interface CopyJobTable {
  id: GeneratedAlways<string>
  name: string
  target_arn: string
  database_name: string
  schema_name: string
  table_name: string
  columns: ColumnType<string[] | null, string | null, never>
  owner: string
  bucket: string
  prefix: string
  iam_role: string | null
  statement: string
  options: ColumnType<CopyOptions, string, never>
  is_auto: boolean
  includes_existing: boolean
  created_at: Date
  host: string | null
  problem_kind: string | null
  problem: string | null
}

export interface CopyJobMessageTable {
  id: GeneratedAlways<string>
  job_id: string
  job_name: string
  database_name: string
  recorded_at: Date
  message: string
}

export interface LoadErrorTable {
  id: GeneratedAlways<string>
  query_id: string
  session_id: number
  job_id: string | null
  user_name: string
  database_name: string
  table_name: string
  started_at: Date
  bucket: string
  key: string
  line: string
  column_name: string
  column_type: string
  column_length: string
  position: number
  raw_line: string
  raw_value: string
  code: number
  reason: string
}

export interface LoadRunTable {
  id: GeneratedAlways<string>
  query_id: string
  session_id: number
  job_id: string | null
  user_name: string
  database_name: string
  table_name: string
  started_at: Date
  ended_at: Date
  status: "completed" | "aborted"
  source: string
  format: string
  /** bigint. */
  rows: string
  files: number
  /** bigint. */
  file_bytes: string
  errors: number
}

export interface ActivityTable {
  id: GeneratedAlways<string>
  integration_id: string
  source_database: string
  target_database: string
  kind: "snapshot" | "cdc"
  position: string | null
  /** bigint. */
  bytes: string | null
  last_commit_at: Date | null
  tables: number
  started_at: Date
  ended_at: Date
}

export interface TableStateChangeTable {
  id: GeneratedAlways<string>
  integration_id: string
  target_database: string
  schema: string
  name: string
  state: TableState
  reason: string | null
  position: string | null
  recorded_at: Date
}

export interface EventRow {
  /** bigint. */
  id: string
  uid: string
  at: Date
  event_id: string
  severity: EventSeverity
  category: EventCategory
  message: string
  integration_arn: string
  integration_name: string
  status: IntegrationStatus
}

type EventTable = Omit<EventRow, "id"> & { id: GeneratedAlways<string> }

interface EventReceiverTable {
  name: string
  /** bigint. */
  told: string
}

export interface IntegrationRow {
  id: string
  arn: string
  service: IntegrationService
  name: string
  description: string | null
  source_arn: string
  target_arn: string
  data_filter: string | null
  filter_pending: boolean
  kms_key_id: string | null
  additional_encryption_context: Record<string, string>
  tags: Tag[]
  status: IntegrationStatus
  errors: { code: string; message: string }[]
  created_at: Date
}

export interface DestinationRow {
  integration_id: string
  target_arn: string
  source_database: string
  /** Null: its database has not been created. */
  destination_database: string | null
  /** What differs from the defaults. */
  options: Partial<DatabaseOptions>
  owner: string | null
  connected_at: Date | null
}

export interface PipelineRow {
  integration_id: string
  source_database: string
  destination_database: string
  source_handle: string
}

interface PipelineTable extends PipelineRow {
  launched_at: ColumnType<Date, RawBuilder<Date> | undefined, RawBuilder<Date>>
}

interface PipelineObservationTable {
  integration_id: string
  source_database: string
  owner: string
}

interface TableObservationTable {
  integration_id: string
  source_database: string
  table_id: string
}

export interface PipelineLeaseRow {
  pipeline: string
  owner: string
  host: string
  host_name: string
  is_pinned: boolean
  process_id: number | null
  file: string | null
  /** bigint: the driver hands it over as text. */
  generation: string
  expires_at: Date
}

export interface TableRow {
  integration_id: string
  source_database: string
  table_id: string
  schema: string
  name: string
  state: TableState
  reason: string | null
  key_columns: string[]
  /** bigint: the driver hands it over as text. */
  snapshot_rows: string | null
  verified_position: string | null
  verified_at: Date | null
  /** bigint. */
  verified_differences: string | null
  /** bigint. */
  verified_duplicates: string
  updated_at: Date
}

export interface PartnerRow {
  cluster: string
  database_name: string
  partner_name: string
  status: PartnerStatus
  status_message: string | null
  created_at: Date
  updated_at: Date
}

export interface ResourcePolicyRow {
  resource_arn: string
  policy: string
  updated_at: Date
}

export interface ResourceTagsRow {
  resource_arn: string
  tags: Tag[]
}

export interface AuditRow {
  /** bigint. */
  id: string
  at: Date
  request_id: string
  door: string
  operation: string
  access_key_id: string
  policy: string
  address: string | null
  resource: string | null
  parameters: object
  outcome: string | null
  before: object | null
  after: object | null
}

export type AuditTable = Omit<AuditRow, "id"> & { id: Generated<string> }
export interface SqlUserRow {
  name: string
  superuser: boolean
  create_databases: boolean
  verifier: string | null
  valid_until: Date | null
}

interface SqlUserTable extends SqlUserRow {
  created_at: Generated<Date>
}

interface OwnDatabaseTable {
  target_arn: string
  name: string
  owner: string
  created_at: Generated<Date>
}

interface SecretTable {
  name: string
  value: Buffer
}

interface SqlGrantTable {
  grantee: string
  privilege: Privilege
  database: string
  schema: string
  table_name: string
  granted_at: Generated<Date>
}
