/**
 * What the program knows of engines: one record for each engine of sources and of warehouses. A record lives in the
 * engine's own folder and is listed once, in server/registries.ts; the rooms below see the types here, and no engine's name.
 * Listing a record loads nothing of the engine: drivers are imported when a record's `load` or `open` is called, so that
 * commands which only read the configuration start fast.
 */
import { SetupError } from "../configuration/setup-error.ts"

/** What every record has at least. */
export interface EngineRecord {
  /** The word that `engine:` takes in millrace.yaml. */
  readonly name: string
}

/** The records of one kind, in the order in which they are shown to people. */
export interface Registry<R extends EngineRecord> {
  readonly records: readonly R[]
  /** Undefined: no such engine. */
  named(name: string): R | undefined
  /** The record of a configured source or warehouse. @throws SetupError for an engine that is not listed */
  of(configured: { readonly engine: string }): R
}

/** @throws Error for two records of one name */
export function registry<R extends EngineRecord>(...records: R[]): Registry<R> {
  const byName = new Map(records.map((record) => [record.name, record]))
  if (byName.size < records.length) throw new Error("two engines have the same name")
  return {
    records,
    named: (name) => byName.get(name),
    of({ engine }) {
      const found = byName.get(engine)
      if (found === undefined) throw new SetupError(`There is no engine ${engine} in this version.`)
      return found
    },
  }
}
