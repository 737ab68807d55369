import type { DuckDBConnection } from "@duckdb/node-api"
import { quoteIdentifier } from "../quoting.ts"
import type { EngineHealth } from "./instance.ts"

export interface DatabaseReattach {
  /** It could not be opened: `heal` tries again. */
  isShutOff(name: string, error: Error): Promise<void>
  /** Databases that are shut off now, each with the engine's error. */
  readonly shutOff: Map<string, Error>
  heal(): Promise<EngineHealth>
}

const shutOffMessage = /has been invalidated because checkpointing failed/
const deadMessage = /database has been invalidated because of a previous fatal error/

/** What re-attaching does to databases and their files. */
export interface ReattachActions {
  /** Repeatable. */
  attach(name: string): Promise<void>
  /** Why a database that is open is not the one in its place. */
  replaced(name: string): Promise<Error | undefined>
  /** Another text whenever the database's file or its log has changed. */
  stamp(name: string): Promise<string>
}

/** A file that could not be read is read again after this, if it has not changed before: its log may be long. */
const retryUnchangedMs = 30_000
/** Reasons that may pass without the file being changed. */
const passing = /lock on file|handle conflict|memory|space left/i

/** Watches over the attached databases of one engine. */
export function newDatabaseReattach(
  admin: DuckDBConnection,
  attached: ReadonlySet<string>,
  { attach, replaced, stamp }: ReattachActions,
): DatabaseReattach {
  const shutOff = new Map<string, Error>()
  const tried = new Map<string, { stamp: string; atMs: number }>()

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
    // Each is tried, also after one that stays shut.
    for (const [name, { message: reason }] of [...shutOff]) {
      if (!shutOff.has(name)) continue
      const error = await reopened(name)
      if (error !== undefined) {
        await isShutOff(name, error)
        health = { kind: "shutOff", database: name, reason: error.message }
        continue
      }
      shutOff.delete(name)
      tried.delete(name)
      if (health.kind === "well") health = { kind: "reopened", database: name, reason }
    }
    return health
  }

  async function isShutOff(name: string, error: Error): Promise<void> {
    const before = shutOff.get(name)
    shutOff.set(name, error)
    if (before !== error) tried.set(name, { stamp: await stamp(name), atMs: performance.now() })
  }

  /** Why it could not be; a statement that still uses the old one is a passing reason. */
  async function reopened(name: string): Promise<Error | undefined> {
    const before = shutOff.get(name)
    const last = tried.get(name)
    const isRecent = last !== undefined && performance.now() - last.atMs < retryUnchangedMs
    if (before !== undefined && isRecent && !attached.has(name) && !passing.test(before.message))
      if ((await stamp(name)) === last.stamp) return before
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
    isShutOff,
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
