import type { SourceConfiguration } from "../domain/configuration.ts"
import { Problem } from "../domain/problems.ts"
import type { Registry } from "../engines/registry.ts"
import type { FileAdapter, SourceEngine, SourceOptions, TableAdapter } from "../engines/source-engine.ts"
import type { ObjectStore } from "../loading/object-store.ts"
import type { Source } from "../replication/contracts/source.ts"

/** Configured sources, with their adapters loaded. Opening one connects to nothing yet. */
export interface Sources {
  readonly engines: Registry<SourceEngine>
  readonly configurations: readonly SourceConfiguration[]
  /** Undefined: the configuration does not name it, or no longer. */
  byArn(arn: string): SourceConfiguration | undefined
  /** @throws Problem for a source of files: no pipeline reads it */
  open(
    configuration: SourceConfiguration,
    options: Pick<SourceOptions, "database"> & Partial<SourceOptions>,
  ): Source
  openFiles(configuration: SourceConfiguration, region: string): ObjectStore
  /** Loads what these need as well. @throws SetupError for an engine that is not listed */
  load(configurations: readonly SourceConfiguration[]): Promise<void>
}

/** Loads the adapters of these sources, and of no others. @throws SetupError for an engine that is not listed */
export async function loadSources(
  engines: Registry<SourceEngine>,
  configurations: readonly SourceConfiguration[],
): Promise<Sources> {
  const tables = new Map<string, TableAdapter>()
  const files = new Map<string, FileAdapter>()
  async function load(wanted: readonly SourceConfiguration[]): Promise<void> {
    for (const engine of new Set(wanted.map((one) => engines.of(one))))
      if (engine.delivery === "tables") tables.set(engine.name, await engine.load())
      else files.set(engine.name, await engine.load())
  }
  await load(configurations)
  return {
    load,
    engines,
    configurations,
    byArn: (arn) => configurations.find((source) => source.arn === arn),
    open(configuration, options) {
      const adapter = tables.get(configuration.engine)
      if (adapter !== undefined)
        return adapter.open(configuration, { acceptInvalidText: false, nativeTypes: false, ...options })
      throw new Problem(
        "internal",
        `${configuration.arn} is a bucket: its files come by COPY, not by a pipeline.`,
      )
    },
    openFiles(configuration, region) {
      const adapter = files.get(configuration.engine)
      if (adapter !== undefined) return adapter.open(configuration, region)
      throw new Problem("internal", `${configuration.arn} holds no files.`)
    },
  }
}
