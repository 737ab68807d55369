import { quoteIdentifier, quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { RelationName } from "../../contract.ts"
import { cursorOver } from "../../text/token-cursor.ts"
import { tokenize } from "../../text/tokens.ts"
import type { AskEngine } from "../rights/relation-names.ts"

/** What a view of a user's selects, with the view's own column names. Throws PgError 42P01 when it is gone. */
export async function viewQuery({ database, schema, name }: RelationName, ask: AskEngine): Promise<string> {
  const [row] = await ask(
    `SELECT sql FROM duckdb_views() WHERE NOT internal AND database_name = ${quoteLiteral(database)}
      AND schema_name = ${quoteLiteral(schema)} AND view_name = ${quoteLiteral(name)}`,
  )
  const [definition] = row ?? []
  if (definition === undefined) throw new PgError("42P01", `relation "${name}" does not exist`)
  return queryOf(definition)
}

/** `CREATE VIEW [schema.]name [(columns)] AS query;`, as the engine writes it. */
function queryOf(definition: string): string {
  const tokens = tokenize(definition)
  const cursor = cursorOver(tokens)
  cursor.expect("create")
  cursor.expect("view")
  cursor.dotted(3)
  const columns: string[] = []
  if (cursor.symbol("(")) {
    do columns.push(cursor.name())
    while (cursor.symbol(","))
    if (!cursor.symbol(")")) throw cursor.unexpected()
  }
  cursor.expect("as")
  const query = definition.slice(cursor.position()).trim().replace(/;$/, "")
  if (columns.length === 0) return query
  return `SELECT * FROM (${query}) AS "view"(${columns.map(quoteIdentifier).join(", ")})`
}
