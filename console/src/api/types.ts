/** What the console's API answers. `test/e2e/console/contract.ts` holds these against the server's own types. */

export interface StatusReport {
  integrations: IntegrationReport[]
  unopenedDatabases: { name: string; reason: string; remedy: string }[]
  unobservedWarehouses: string[]
  directWarehouses: { arn: string; engine: string; host: string; port: number; database: string }[]
  engine: EngineReport | null
}

export interface EngineReport {
  isUp: boolean
  replacements: number
  lastEnd: { reason: string; at: string } | null
}

export interface IntegrationReport {
  id: string
  arn: string
  name: string
  status: string
  errors: { code: string; message: string }[]
  waiting: string[]
  pipelines: PipelineReport[]
}

export interface PipelineReport {
  sourceDatabase: string
  destinationDatabase: string
  phase: string
  owner: OwnerReport | null
  observedMsAgo: number
  lagMs: number | null
  lagP50Ms: number | null
  lagP99Ms: number | null
  totals: PipelineTotals
  retention: RetentionFacts | null
  relief: { kind: string; bytes: number | null; limitBytes: number | null; isFull: boolean } | null
  tables: TableReport[]
}

export interface PipelineTotals {
  changes: number
  transactions: number
  batches: number
  stagedBytes: number
  copiedRows: number
  remediedTables: number
}

export interface OwnerReport {
  host: string
  hostName: string
  processId: number | null
  isPinned: boolean
  file: string | null
  generation: number
  isOwned: boolean
}

export interface RetentionFacts {
  status: string
  retainedBytes: number
  budgetBytes: number | null
  policy: string | null
  safeBytes: number | null
  bytesPerSecond: number | null
  secondsToLoss: number | null
  at: string
}

export interface TableReport {
  schema: string
  name: string
  state: string
  reason: string | null
  rows: number | null
  estimatedRows: number
  changes: number
  lagMs: number | null
  verified: { position: string; at: string; differences: number } | null
}

export interface VerificationReport {
  state: "never" | "running" | "finished" | "failed"
  startedAt: string | null
  finishedAt: string | null
  error: string | null
  total: number
  tables: VerifiedTable[]
}

export interface VerifiedTable {
  sourceDatabase: string
  schema: string
  name: string
  outcome: "equal" | "differs" | "repaired" | "recopying" | "skipped"
  reason: string | null
  sourceRows: number | null
  warehouseRows: number | null
  differences: number
  atLeast: boolean
}

export interface ResyncOrdered {
  tables: string[]
  refused: { table: string; reason: string }[]
}

export interface AuditEntry {
  id: number
  at: string
  door: string
  operation: string
  accessKeyId: string
  policy: string
  address?: string
  resource?: string
  parameters: object
  outcome?: string
  requestId: string
  before?: object
  after?: object
}

export type Role = "admin" | "operator" | "viewer"

export interface Session {
  user: string
  role: Role
  expiresAt: string
}

export interface SqlAnswer {
  columns: { name: string; type: string }[]
  /** As text, in PostgreSQL's forms; null is SQL's NULL. */
  rows: (string | null)[][]
  truncated: boolean
  elapsedMs: number
}

export interface Catalog {
  database: string
  databases: string[]
  tables: { schema: string; name: string; columns: { name: string; type: string }[] }[]
}

/** From where to where an integration may go. */
export interface Ends {
  region: string
  sources: SourceEnd[]
  warehouses: { arn: string; cluster: string; engine: string }[]
  /** The ways that have an integration already. */
  joined: { id: string; name: string; source: string; warehouse: string }[]
}

export interface SourceEnd {
  arn: string
  engine: string
  /** How an integration of it chooses tables: by a filter, not at all, or it has files instead. */
  selection: "filter" | "whole" | "files"
  /** Of filters: `database.table` or `database.schema.table`. */
  form: string | null
  /** A filter to begin with. */
  filter: string | null
}

export interface Finding {
  severity: "error" | "warning" | "note"
  concerns: "source" | "table"
  what: string
  remedy: string
}

export interface FilterMistake {
  message: string
  from: number
  to: number
}

export interface DryRunReport {
  databases: DryRunDatabase[]
}

export interface DryRunDatabase {
  database: string
  tables: DryRunTable[]
  matched: number
  sizes: { tables: number; withoutKey: number; estimatedRows: number; bytes: number } | null
  findings: Finding[]
}

export interface DryRunTable {
  schema: string
  name: string
  size: { hasKey: boolean; estimatedRows: number; bytes: number } | null
}

export interface ProcessReport {
  processes: ProcessFacts[]
  unowned: UnownedPipeline[]
  unheldDuties: string[]
  warehouses: { arn: string; silentMs: number; unopened: number }[]
  engine: EngineReport | null
  unknownAfterMs: number
}

export interface ProcessFacts {
  owner: string
  host: string
  hostName: string | null
  processId: number | null
  ageMs: number | null
  silentMs: number | null
  observedMsAgo: number | null
  unreachable: string[]
  pipelines: OwnedPipelineFacts[]
  duties: string[]
}

export interface OwnedPipelineFacts {
  integration: string
  integrationName: string | null
  sourceDatabase: string
  generation: number
  isPinned: boolean
}

export interface UnownedPipeline extends OwnedPipelineFacts {
  host: string
  hostName: string
  file: string | null
}

export interface ConfigurationReport {
  file: string | null
  mistakes: string[]
  reload: string[]
  restart: string[]
  sections: { key: string; onReload: "applied" | "restart"; yaml: string }[]
}

export interface ApiKeyReport {
  name: string
  permissions: string[]
  createdAt: string
  revokedAt?: string
}

export interface ListedSession {
  id: string
  user: string
  role: Role
  address?: string
  createdAt: string
  expiresAt: string
  isOwn: boolean
}

export interface ConsoleUserReport {
  name: string
  role: Role | null
  isConfigured: boolean
}
