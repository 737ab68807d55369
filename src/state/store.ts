import type { IntegrationStore } from "./integrations.ts"
import type { PipelineStore } from "./pipelines.ts"
import type { TableStore } from "./tables.ts"

/** The state database: what should be (integrations) and what was last known to be (pipelines, tables). */
export interface Store {
  integrations: IntegrationStore
  pipelines: PipelineStore
  tables: TableStore
  /** Resolves when the database answers; throws otherwise. */
  ping(): Promise<void>
  close(): Promise<void>
}
