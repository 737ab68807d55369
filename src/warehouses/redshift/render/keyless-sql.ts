import type { TableSchema } from "../../../domain/table.ts"
import { names } from "../../sql/staged-rows.ts"
import { quoteIdentifier } from "../quoting.ts"
import type { Target } from "./apply-sql.ts"
import { content } from "./keys.ts"

const net = quoteIdentifier("millrace_net")
const final = quoteIdentifier("millrace_final")

/**
 * Statements for a table without a key: of each content that something was done to, all rows leave, and as many as are left come
 * back. The rows that the table has and those that were inserted are numbered; as many as were deleted do not return.
 */
export function countedStatements(target: Target, schema: TableSchema, from: string): string[] {
  const columns = names(schema)
  const list = columns.join(", ")
  const own = (prefix: string) => columns.map((name) => `${prefix}${name}`).join(", ")
  const there = `SELECT ${own("t.")}, ${content(schema, "t.")} AS __millrace_content FROM ${target.table} AS t WHERE ${content(schema, "t.")} IN (SELECT __millrace_content FROM ${net})`
  const come = `SELECT ${own("s.")}, ${content(schema, "s.")} AS __millrace_content FROM ${from} AS s WHERE NOT s.__millrace_delete`
  const numbered = `SELECT ${own("u.")}, u.__millrace_content, ROW_NUMBER() OVER (PARTITION BY u.__millrace_content ORDER BY u.__millrace_content) AS __millrace_place FROM (${there} UNION ALL ${come}) AS u`
  return [
    `CREATE TEMP TABLE ${net} AS SELECT ${content(schema, "s.")} AS __millrace_content, SUM(CASE WHEN s.__millrace_delete THEN 1 ELSE 0 END) AS __millrace_gone FROM ${from} AS s GROUP BY 1`,
    `CREATE TEMP TABLE ${final} AS SELECT ${own("n.")} FROM (${numbered}) AS n JOIN ${net} AS g ON g.__millrace_content = n.__millrace_content WHERE n.__millrace_place > g.__millrace_gone`,
    `DELETE FROM ${target.table} USING ${net} WHERE ${content(schema, target.prefix)} = ${net}.__millrace_content`,
    `INSERT INTO ${target.table} (${list}) SELECT ${list} FROM ${final}`,
    `DROP TABLE ${net}`,
    `DROP TABLE ${final}`,
  ]
}
