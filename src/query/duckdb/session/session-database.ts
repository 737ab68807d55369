import type { DuckDBConnection } from "@duckdb/node-api"
import type { DuckDbInstance, UnopenedDatabase } from "../../../warehouses/duckdb/files/instance.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** The database that a client asks for. @throws PgError 3D000 (there is none), 58030 (its file cannot be opened) */
export function databaseFor(instance: DuckDbInstance, asked: string): string {
  const unopened = instance.unopened().find(({ name }) => name === asked)
  if (unopened !== undefined) throw cannotBeOpened(unopened)
  if (instance.databases().includes(asked)) return asked
  throw new PgError("3D000", `database "${asked}" does not exist`, { fatal: true })
}

/** Shows the file's name without folders: also users who may not read the database get this error. */
function cannotBeOpened({ name, remedy }: UnopenedDatabase): PgError {
  return new PgError("58030", `database "${name}" cannot be opened: its file or its log cannot be read`, {
    fatal: true,
    hint: `${remedy} Other databases can be used. \`millrace status\` and the server's log have the reason.`,
  })
}

/**
 * The schemas of a database by lower-case name. `isOpen`: an unqualified name may reach tables of it; on a search path a
 * hidden schema's tables would be reached without naming it.
 */
export async function schemasOf(
  connection: DuckDBConnection,
  database: string,
  isOpen: (schema: string) => boolean,
): Promise<Map<string, string>> {
  const result = await connection.run(
    "SELECT schema_name FROM duckdb_schemas() WHERE database_name = $1 AND schema_name NOT IN ('pg_catalog', 'information_schema')",
    [database],
  )
  const names = (await result.getRows()).map((row) => String(row[0]))
  return new Map(names.filter(isOpen).map((name) => [name.toLowerCase(), name]))
}
