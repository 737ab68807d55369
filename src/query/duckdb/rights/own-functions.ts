import type { DuckDbInstance } from "../../../warehouses/duckdb/files/instance.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/**
 * Functions and types in users' databases that are called like the engine's. The port lets nobody make them, but a database may
 * have some from elsewhere, and the engine would take them before its own: in whoever's statement, operators included.
 */
export interface OwnFunctions {
  /** Throws 42501 when the database has such functions. What it knows is a few seconds old at most. */
  refuseIn(database: string): Promise<void>
  close(): Promise<void>
}

const freshMs = 500
const knownAtMostMs = 5_000

interface Hiding {
  /** As DROP calls it. */
  kind: string
  name: string
}

const isOfUsers = "NOT internal AND database_name NOT IN ('system', 'memory', 'temp')"

/** Listing all functions once takes the engine some 10 ms, and hardly any database has some: `hiding` lists them twice. */
const hasOwn = `
  SELECT 1 FROM (SELECT 1 FROM duckdb_functions() WHERE ${isOfUsers} UNION ALL SELECT 1 FROM duckdb_types() WHERE ${isOfUsers}) LIMIT 1`

const hiding = `
  SELECT DISTINCT database_name, 'FUNCTION', function_name FROM duckdb_functions()
  WHERE ${isOfUsers} AND lower(function_name) IN (SELECT lower(function_name) FROM duckdb_functions() WHERE internal)
  UNION ALL
  SELECT DISTINCT database_name, 'TYPE', type_name FROM duckdb_types()
  WHERE ${isOfUsers} AND lower(type_name) IN (SELECT lower(type_name) FROM duckdb_types() WHERE internal)`

export async function ownFunctions(instance: DuckDbInstance): Promise<OwnFunctions> {
  const connection = await instance.connect()
  let known: ReadonlyMap<string, Hiding> = await ask()
  let knownAtMs = performance.now()
  let asking: Promise<void> | undefined
  let isClosed = false

  async function ask(): Promise<Map<string, Hiding>> {
    if ((await connection.runAndReadAll(hasOwn)).currentRowCount === 0) return new Map()
    const rows = (await connection.runAndReadAll(hiding)).getRows()
    return new Map(
      rows.map(([database, kind, name]) => [String(database), { kind: String(kind), name: String(name) }]),
    )
  }

  async function refresh(): Promise<void> {
    const atMs = performance.now()
    known = await ask()
    knownAtMs = atMs
  }

  /**
   * The query takes the engine some 10 ms. So statements use a result of up to `knownAtMostMs` and do not wait while
   * a newer one is fetched.
   */
  async function current(): Promise<ReadonlyMap<string, Hiding>> {
    const ageMs = performance.now() - knownAtMs
    if (ageMs < freshMs || isClosed) return known
    asking ??= refresh().finally(() => {
      asking = undefined
    })
    if (ageMs > knownAtMostMs) await asking
    // A failure is thrown to a statement that awaited `asking`. Others do not wait, so it is dropped here; the next
    // statement asks again.
    else asking.catch(() => undefined)
    return known
  }

  return {
    refuseIn: async (database) => {
      const hides = (await current()).get(database)
      if (hides === undefined) return
      const { kind, name } = hides
      const what = `${kind.toLowerCase()} "${name}"`
      throw new PgError("42501", `database "${database}" has a ${what} that hides the engine's own`, {
        hint: `An administrator must remove it: DROP ${kind} "${name}".`,
      })
    },
    close: async () => {
      isClosed = true
      // A connection that is closed while it asks would keep the process from ending.
      await asking?.catch(() => undefined)
      connection.closeSync()
    },
  }
}
