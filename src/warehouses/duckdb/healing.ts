import type { DuckDBConnection } from "@duckdb/node-api"
import type { EngineHealth } from "./instance.ts"
import { quoteIdentifier } from "./instance.ts"

export interface Healing {
  /** It could not be opened: `heal` tries again. */
  isShutOff(name: string, error: Error): void
  /** Databases that are shut off now, each with the engine's error. */
  readonly shutOff: Map<string, Error>
  heal(): Promise<EngineHealth>
}

const shutOffMessage = /has been invalidated because checkpointing failed/
const deadMessage = /database has been invalidated because of a previous fatal error/

/**
 * Watches over the attached databases of one engine; `attach` must be repeatable, `replaced` says why a database that is
 * open is not the one in its place.
 */
export function newHealing(
  admin: DuckDBConnection,
  attached: ReadonlySet<string>,
  attach: (name: string) => Promise<void>,
  replaced: (name: string) => Promise<Error | undefined>,
): Healing {
  const shutOff = new Map<string, Error>()

  async function healAll(): Promise<EngineHealth> {
    for (const name of attached) {
      const error = await replaced(name)
      if (error !== undefined && !shutOff.has(name)) shutOff.set(name, error)
    }
    // One database that is shut off fails every look at the catalog, whichever database it asks about.
    if (shutOff.size === 0 && (await failure(admin, "SELECT count(*) FROM duckdb_schemas()")) === undefined)
      return { kind: "well" }
    for (const name of attached) {
      // A table that no database has: only one that is shut off says anything else than that.
      const probe = `FROM ${quoteIdentifier(name)}.main."no such table"`
      const error = shutOff.has(name) ? undefined : await failure(admin, probe)
      if (error !== undefined) shutOff.set(name, error)
    }
    let health: EngineHealth = { kind: "well" }
    for (const [name, { message: reason }] of shutOff) {
      const error = await reopened(name)
      if (error !== undefined) return { kind: "shutOff", database: name, reason: error.message }
      shutOff.delete(name)
      health = { kind: "reopened", database: name, reason }
    }
    return health
  }

  /** Why it could not be; a statement that still uses the old one is a passing reason. */
  async function reopened(name: string): Promise<Error | undefined> {
    try {
      await admin.run(`DETACH DATABASE IF EXISTS ${quoteIdentifier(name)}`)
      await attach(name)
      return undefined
    } catch (error) {
      return error as Error
    }
  }

  return {
    shutOff,
    isShutOff: (name, error) => void shutOff.set(name, error),
    async heal() {
      try {
        return await healAll()
      } catch (error) {
        const { message } = error as Error
        if (deadMessage.test(message)) return { kind: "dead", reason: message }
        throw error
      }
    },
  }
}

/** The engine's error if it has shut the database off. */
async function failure(admin: DuckDBConnection, statement: string): Promise<Error | undefined> {
  try {
    await admin.run(statement)
    return undefined
  } catch (error) {
    if (error instanceof Error && shutOffMessage.test(error.message)) return error
    if (error instanceof Error && deadMessage.test(error.message)) throw error
    return undefined
  }
}
