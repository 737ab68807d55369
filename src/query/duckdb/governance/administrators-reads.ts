import { scopeName } from "../../../domain/sql-access.ts"
import type { RelationName } from "../../contract.ts"
import type { GovernedTables } from "../../governed-tables.ts"
import type { ReadNames } from "../rights/read-states.ts"
import type { NamePlace } from "../rights/relation-names.ts"

/**
 * The governed tables that a statement of an administrator may read: `database.schema.table`. By names alone, so a table that a
 * name could mean counts.
 */
export function governedNames(
  names: ReadNames,
  { governed, place, user }: { governed: GovernedTables; place: NamePlace; user: string },
): string[] {
  const governance = governed.now()
  if (governance.kind !== "on") return []
  const tables = names.flatMap((parts) => meanings(parts, place))
  const found = tables.filter((table) => governance.view(table, user).kind !== "open")
  return [...new Set(found.map(({ name, ...at }) => scopeName({ ...at, table: name })))]
}

function meanings(parts: readonly string[], { database, searchPath }: NamePlace): RelationName[] {
  const [name = "", schema, catalog] = [...parts].reverse()
  if (schema === undefined) return searchPath.map((one) => ({ database, schema: one, name }))
  if (catalog !== undefined) return [{ database: catalog, schema, name }]
  return [
    { database, schema, name },
    { database: schema, schema: "main", name },
  ]
}
