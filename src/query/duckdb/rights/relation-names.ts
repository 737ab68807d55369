import { foldName } from "../../../domain/sql-access.ts"
import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import type { NamePlace, RelationName, RunInSession } from "../../contract.ts"
import { foldedInEngine } from "../catalog/visibility.ts"

export type { NamePlace, RelationName }

/** Runs a query of our own on the session's connection, in its transaction, and gives all rows. */
export type AskEngine = RunInSession

/** Every table and view, in any database, that has one of the names. */
export async function relationsNamed(names: readonly string[], ask: AskEngine): Promise<RelationName[]> {
  if (names.length === 0) return []
  const wanted = [...new Set(names.map(foldName))].map(quoteLiteral).join(", ")
  const rows = await ask(`
    SELECT database_name, schema_name, table_name, false FROM duckdb_tables() WHERE NOT internal AND ${foldedInEngine("table_name")} IN (${wanted})
    UNION ALL
    SELECT database_name, schema_name, view_name, true FROM duckdb_views() WHERE NOT internal AND ${foldedInEngine("view_name")} IN (${wanted})`)
  return rows.map(([database = "", schema = "", name = "", isView]) => ({
    database,
    schema,
    name,
    isView: isView === "true",
  }))
}

export async function schemasNamed(
  name: string,
  ask: AskEngine,
): Promise<{ database: string; schema: string }[]> {
  const rows = await ask(
    `SELECT database_name, schema_name FROM duckdb_schemas() WHERE ${foldedInEngine("schema_name")} = ${quoteLiteral(foldName(name))}`,
  )
  return rows.map(([database = "", schema = ""]) => ({ database, schema }))
}

const same = (a: string, b: string) => foldName(a) === foldName(b)

/**
 * The relation that a name with one to three parts means, or undefined. Two parts are a schema and a name before they
 * are a database and a name in its `main`; one part is a temporary table of the session before any other.
 */
export function meantRelation(
  parts: readonly string[],
  place: NamePlace,
  found: readonly RelationName[],
): RelationName | undefined {
  const [name = "", schema = "", database = ""] = [...parts].reverse()
  const at = (inDatabase: string, inSchema: string) =>
    found.find((one) => same(one.name, name) && same(one.database, inDatabase) && same(one.schema, inSchema))
  if (database !== "") return at(database, schema)
  if (schema !== "") return at(place.database, schema) ?? at(schema, "main")
  const temporary = at("temp", "main")
  if (temporary !== undefined) return { ...temporary, isTemporary: true }
  for (const one of place.searchPath) {
    const relation = at(place.database, one)
    if (relation) return relation
  }
  return undefined
}
