import type { TableSchema } from "../../../domain/table.ts"
import { quoteIdentifier } from "../quoting.ts"
import { exactly } from "../types/canonical.ts"

const net = "pg_temp.millrace_net"

/**
 * Statements for a table without a key: equal rows are counted; what was inserted more often than deleted is added, the
 * rest taken away.
 */
export function countedStatements(table: string, schema: TableSchema, from: string): string[] {
  const columns = schema.columns.map((column) => quoteIdentifier(column.name))
  const count = "sum(CASE WHEN __millrace_delete THEN -1 ELSE 1 END)"
  const ranked = `SELECT t.ctid AS row, g.net, row_number() OVER (PARTITION BY g.seq) AS place FROM ${table} AS t JOIN ${net} AS g ON g.content = ${content(schema, "t.")} WHERE g.net < 0`
  return [
    `CREATE TEMP TABLE millrace_net ON COMMIT DROP AS SELECT min(__millrace_seq) AS seq, ${count}::bigint AS net, ${content(schema, "s.")} AS content FROM ${from} AS s GROUP BY 3 HAVING ${count} <> 0`,
    `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT row FROM (${ranked}) AS r WHERE place <= -net))`,
    `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((name) => `s.${name}`).join(", ")} FROM ${net} AS g JOIN ${from} AS s ON s.__millrace_seq = g.seq CROSS JOIN LATERAL generate_series(1, g.net)`,
    `DROP TABLE ${net}`,
  ]
}

/**
 * All that a row holds as one value that the engine can hash, in which nulls are equal: an array of texts. Its own equality
 * takes 0 and -0 for one, and knows none of json.
 */
function content({ columns }: TableSchema, prefix: string): string {
  return `ARRAY[${columns.map((column) => `${exactly(prefix + quoteIdentifier(column.name), column)}::text`).join(", ")}]::text[]`
}
