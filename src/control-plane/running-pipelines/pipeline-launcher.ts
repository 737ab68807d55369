import type { Integration } from "../../domain/integration.ts"
import type { Pipeline, PipelineReporter, PipelineSettings } from "../../replication/pipeline.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"

export interface LaunchSettings extends PipelineSettings {
  dataFilter(): string | undefined
}

/** Makes and unmakes the real thing. The server implements it with concrete sources and warehouses. */
export interface PipelineLauncher {
  /** @throws Problem sourceMissing or warehouseMissing when the configuration no longer names them. */
  start(
    integration: Integration,
    record: PipelineRecord,
    reporter: PipelineReporter,
    settings: LaunchSettings,
  ): Pipeline
  /** Removes what the pipeline made at the source. Repeatable. Throws Problem. */
  cleanSource(integration: Integration, record: PipelineRecord): Promise<void>
  /** What a person does where `cleanSource` cannot; undefined: nothing, or nobody knows which source it was. */
  removal(integration: Integration, record: PipelineRecord): string | undefined
  /** Takes a database of the integration's warehouse away. Repeatable. Throws Problem. */
  dropDatabase(integration: Integration, name: string): Promise<void>
}
