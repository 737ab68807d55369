import { quoteLiteral } from "../../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../../wire/pgwire/pg-error.ts"
import { cursorOver, type TokenCursor } from "../../../text/token-cursor.ts"
import { isWord, type Token } from "../../../text/tokens.ts"

/** What is shown of each kind: the view of the catalogs that lists it, for the user who asks. */
const lists = {
  databases: {
    columns: "database_name, database_owner, database_type",
    view: "svv_redshift_databases",
    named: "database_name",
  },
  schemas: {
    columns:
      "database_name, schema_name, schema_owner, schema_type, schema_acl, source_database, schema_option",
    view: "svv_all_schemas",
    named: "schema_name",
  },
  tables: {
    columns: "database_name, schema_name, table_name, table_type, table_acl, remarks",
    view: "svv_all_tables",
    named: "table_name",
  },
  columns: {
    columns: `database_name, schema_name, table_name, column_name, ordinal_position, column_default, is_nullable, data_type,
      character_maximum_length, numeric_precision, numeric_scale, remarks`,
    view: "svv_all_columns",
    named: "column_name",
  },
} as const

type Kind = keyof typeof lists

function isKind(word: string): word is Kind {
  return Object.hasOwn(lists, word)
}

/** The names of what the list is of, from the database on; the session's own where it is not named. */
function placeOf(kind: Kind, cursor: TokenCursor): string[] {
  const parts = cursor.dotted(kind === "schemas" ? 1 : kind === "tables" ? 2 : 3)
  const columns = ["database_name", "schema_name", "table_name"]
  const upTo = kind === "schemas" ? 1 : kind === "tables" ? 2 : 3
  const wanted = columns.slice(0, upTo).slice(-parts.length)
  const conditions = wanted.map(
    (column, at) => `lower(${column}) = ${quoteLiteral((parts[at] ?? "").toLowerCase())}`,
  )
  if (!wanted.includes("database_name")) conditions.push("database_name = current_database()")
  return conditions
}

const ofWhat = { schemas: "database", tables: "schema", columns: "table" } as const

/** SHOW DATABASES | SCHEMAS FROM DATABASE d | TABLES FROM SCHEMA s | COLUMNS FROM TABLE t, as a query; undefined: another statement. */
export function shownList(tokens: readonly Token[]): string | undefined {
  const [show, what, from] = tokens
  const kind = what?.kind === "word" ? what.value : ""
  if (!isWord(show, "show") || !isKind(kind)) return undefined
  // The engine's own, which has a list of its own form.
  if (kind === "tables" && !isWord(from, "from")) return undefined
  const cursor = cursorOver([...tokens.slice(2)])
  const conditions: string[] = []
  if (cursor.take("from")) {
    if (kind === "databases")
      throw new PgError("0A000", "SHOW DATABASES FROM a data catalog is not supported")
    cursor.take(ofWhat[kind])
    conditions.push(...placeOf(kind, cursor))
  } else if (kind === "columns") throw cursor.unexpected()
  else if (kind === "schemas") conditions.push("database_name = current_database()")
  const { columns, view, named } = lists[kind]
  if (cursor.take("like")) conditions.push(`${named} LIKE ${quoteLiteral(cursor.string())}`)
  const limit = cursor.take("limit") ? ` LIMIT ${cursor.number()}` : ""
  cursor.end()
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`
  return `SELECT ${columns} FROM pg_catalog.${view}${where} ORDER BY 1, 2, 3${kind === "columns" ? ", 5" : ""}${limit}`
}
