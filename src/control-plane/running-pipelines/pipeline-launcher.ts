import type { Integration } from "../../domain/integration.ts"
import type { Pipeline, PipelineReporter, PipelineSettings } from "../../replication/pipeline.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"

export interface PipelinePlace {
  /** Only at the host that has the file with its rows. */
  isPinned: boolean
  /** That file, as people find it at the host. */
  file?: string
  /** Whether the warehouse of this host has something of it: asked where another host had it last. Throws Problem. */
  isHere(): Promise<boolean>
}

export interface LaunchSettings extends PipelineSettings {
  /** Of the lease under which it runs. */
  generation: number
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
  /** Takes the pipeline's database away, for its owner of this generation. Repeatable. Throws Problem. */
  dropDatabase(integration: Integration, record: PipelineRecord, generation: number): Promise<void>
  /** What its source is configured as: another object when that has changed; `undefined`: not at all. */
  configured(sourceArn: string): object | undefined
  /** Where it can run. */
  place(integration: Integration, record: PipelineRecord): PipelinePlace
}
