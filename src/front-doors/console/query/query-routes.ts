import { z } from "zod"
import { Fault } from "../../../domain/faults.ts"
import { bodyOf } from "../body.ts"
import type { Route, RouteCall } from "../route.ts"
import { runStatement, type StatementSources } from "./statements.ts"

const rowsAtMost = 10_000

export const sqlBody = z.strictObject({
  database: z.string().min(1).max(200).default("dev"),
  sql: z.string().min(1).max(500_000),
  limit: z.number().int().min(1).max(rowsAtMost).default(1_000),
})

/** The statement is not in the trail of calls: what changes something is in it by the SQL port's own entries. */
export function queryRoutes(sources: StatementSources): Route[] {
  return [
    {
      operation: "RunSql",
      method: "POST",
      path: "/sql",
      least: "viewer",
      // Of a viewer it changes nothing; it takes JSON of the same site like what does.
      changes: false,
      takesJson: true,
      body: sqlBody,
      run: async (call) => ({
        body: await runStatement(sources, { ...who(call), ...bodyOf(sqlBody, call.body) }),
      }),
    },
    {
      operation: "DescribeCatalog",
      method: "GET",
      path: "/catalog",
      least: "viewer",
      changes: false,
      run: async (call) => ({ body: await catalogOf(sources, call) }),
    },
  ]
}

/** @throws Fault unsupported: a key is no SQL user */
function who({ identity, request }: RouteCall) {
  if (identity.kind === "key")
    throw new Fault("unsupported", "An API key is no SQL user: sign in as one, or use the SQL port.")
  const mode: "read" | "write" = identity.role === "admin" ? "write" : "read"
  return { user: identity.name, mode, signal: request.gone }
}

const databasesSql = "SELECT datname FROM pg_catalog.pg_database ORDER BY datname"
const columnsSql = `SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
  WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY table_schema, table_name, ordinal_position`

interface CatalogTable {
  schema: string
  name: string
  columns: { name: string; type: string }[]
}

interface ShownCatalog {
  database: string
  databases: string[]
  tables: CatalogTable[]
  truncated: boolean
}

/** Databases that are looked into for tables when the call names none. */
const databasesTried = 20

/** What the user sees there, for completion. Of a call that names no database: of the first one with tables, `dev` before others. */
async function catalogOf(sources: StatementSources, call: RouteCall): Promise<ShownCatalog> {
  const named = call.query.get("database")
  const first = await catalogIn(sources, call, named ?? "dev")
  if (named !== null || first.tables.length > 0) return first
  for (const database of first.databases.filter((one) => one !== "dev").slice(0, databasesTried)) {
    const catalog = await catalogIn(sources, call, database)
    if (catalog.tables.length > 0) return catalog
  }
  return first
}

async function catalogIn(
  sources: StatementSources,
  call: RouteCall,
  database: string,
): Promise<ShownCatalog> {
  const ask = (sql: string) =>
    runStatement(sources, { ...who(call), mode: "read", database, sql, limit: 100_000 })
  const [databases, columns] = [await ask(databasesSql), await ask(columnsSql)]
  const tables = new Map<string, CatalogTable>()
  for (const [schema, name, column, type] of columns.rows) {
    if (typeof schema !== "string" || typeof name !== "string" || typeof column !== "string") continue
    const key = JSON.stringify([schema, name])
    const table = tables.get(key) ?? { schema, name, columns: [] }
    table.columns.push({ name: column, type: type ?? "" })
    tables.set(key, table)
  }
  return {
    database,
    databases: databases.rows.flatMap(([name]) => name ?? []),
    tables: [...tables.values()],
    truncated: columns.truncated,
  }
}
