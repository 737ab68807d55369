import { bookkeepingSchema, bookkeepingTable } from "../../../warehouses/duckdb/naming.ts"
import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import type { AskEngine } from "../rights/relation-names.ts"

/**
 * The keys of replicated tables. The engine enforces none of them (an index of it would slow each batch), so the catalogs take
 * them from what the pipelines noted in the database. That is another table in each database, and the catalogs are the
 * same views in all: the query that reads the notes is a variable of the session's connection, which clients cannot set.
 */
const variable = "millrace_keys"

const noKeys =
  "SELECT NULL::VARCHAR AS schema_name, NULL::VARCHAR AS table_name, NULL::VARCHAR AS definition WHERE false"

/** Rows are no longer told by the key where a table keeps its versions. */
function keysOf(database: string): string {
  const versions = `SELECT 1 FROM ${bookkeepingTable(database, "versions")} v WHERE v.pipeline = t.pipeline AND v.table_id = t.table_id`
  return `SELECT t.schema_name, t.table_name, t.definition FROM ${bookkeepingTable(database, "tables")} t WHERE NOT EXISTS (${versions})`
}

/** View `replicated_keys`: of tables that the user may see. `key_indexes` count from 0. `seen`: a condition on a table's name. */
export function replicatedKeyStatements(seen: (name: string) => string): string {
  return `
    CREATE OR REPLACE VIEW memory.pgcat.replicated_keys AS
      SELECT schema_name, schema_oid, table_name, table_oid, key_indexes,
        list_transform(key_indexes, lambda one: definition->'$.columns'->one::INTEGER->>'name') AS key_names
      FROM (
        SELECT t.schema_name, t.schema_oid, t.table_name, t.table_oid, noted.definition::JSON AS definition,
          CAST(noted.definition::JSON->'$.key' AS BIGINT[]) AS key_indexes
        FROM query(coalesce(getvariable('${variable}')::VARCHAR, ${quoteLiteral(noKeys)})) noted
        JOIN (SELECT * FROM duckdb_tables() WHERE ${seen("table_name")}) t
          ON t.schema_name = noted.schema_name AND t.table_name = noted.table_name
      ) keyed WHERE len(key_indexes) > 0;`
}

/** Looks for the notes once for each session, and again while a database has none. */
export function replicatedKeys(database: string, ask: AskEngine): { show(): Promise<void> } {
  let isShown = false
  const found = `SELECT 1 FROM duckdb_tables() WHERE database_name = ${quoteLiteral(database)}
    AND schema_name = ${quoteLiteral(bookkeepingSchema)} AND table_name IN ('tables', 'versions')`
  return {
    show: async () => {
      if (isShown || (await ask(found)).length < 2) return
      await ask(`SET VARIABLE ${variable} = ${quoteLiteral(keysOf(database))}`)
      isShown = true
    },
  }
}
