import type { z } from "zod"
import type { SourceConfiguration, WarehouseConfiguration } from "../../domain/configuration.ts"

/** Where the file lies: what relative paths in it start from. Both are absolute. */
export interface ConfigurationPlace {
  folder: string
  dataDir: string
}

/** How a source or a warehouse of one engine is written in millrace.yaml: a part of the engine's record. */
export interface EntryFormat<C> {
  /** The word after `engine:`. */
  readonly name: string
  /** The keys that an entry may have, for "did you mean". */
  readonly keys: readonly string[]
  /** A strict object with `engine: z.literal(name)`. What it reads is put in place by the function that it gives. */
  readonly entry: z.ZodType<(place: ConfigurationPlace) => C> & z.core.$ZodTypeDiscriminable
}

/** Every engine that millrace.yaml may name, in the order in which mistakes list them. */
export interface EngineFormats {
  readonly sources: { readonly records: readonly EntryFormat<SourceConfiguration>[] }
  /** The first is the engine of a machine that configures no warehouse: it needs no key but `arn`. */
  readonly warehouses: { readonly records: readonly EntryFormat<WarehouseConfiguration>[] }
}
