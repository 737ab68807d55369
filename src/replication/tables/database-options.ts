import { type DatabaseOptions, defaultDatabaseOptions } from "../../domain/database-options.ts"
import type { PipelineOptions } from "../pipeline.ts"

/** The options of the pipeline's destination database, as they are now. */
export function optionsOf({ settings }: PipelineOptions): DatabaseOptions {
  return settings?.options() ?? defaultDatabaseOptions
}
