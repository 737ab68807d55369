import type { TableSchema } from "../../../domain/table.ts"
import { quoteIdentifier } from "../quoting.ts"

/**
 * Statements for a table without a key: equal rows are counted; what was inserted more often than deleted is added, the
 * rest taken away. `rowRanges` cut the rows to be added, numbered from 0, into what one statement may insert.
 */
export function countedStatements(
  table: string,
  schema: TableSchema,
  from: string,
  rowRanges: readonly string[],
): string[] {
  const columns = schema.columns.map((column) => quoteIdentifier(column.name))
  const list = columns.join(", ")
  const [left, right] = [exactly(schema, "t."), exactly(schema, "g.")]
  const same = left.map((value, index) => `${value} IS NOT DISTINCT FROM ${right[index]}`).join(" AND ")
  const net = "sum(CASE WHEN __millrace_delete THEN -1 ELSE 1 END)::BIGINT"
  const groups = [...new Set([...columns, ...exactly(schema, "")])].join(", ")
  const hasOwnRowid = schema.columns.some((column) => column.name.toLowerCase() === "rowid")
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_net AS SELECT ${list}, ${net} AS __millrace_net, row_number() OVER () AS __millrace_group FROM ${from} GROUP BY ${groups} HAVING ${net} <> 0`,
    ...(hasOwnRowid ? takeAwayByCount(table, columns, same) : [takeAway(table, same)]),
    `CREATE OR REPLACE TEMP TABLE millrace_added AS SELECT ${columns.map((name) => `g.${name}`).join(", ")}, row_number() OVER () - 1 AS __millrace_row FROM temp.main.millrace_net AS g, range(greatest(0, g.__millrace_net))`,
    ...rowRanges.map(
      (range) =>
        `INSERT INTO ${table} (${list}) SELECT ${list} FROM temp.main.millrace_added WHERE __millrace_row ${range}`,
    ),
    "DROP TABLE temp.main.millrace_added",
    "DROP TABLE temp.main.millrace_net",
  ]
}

/** As numbers 0 and -0 are equal, as rows they are not. */
function exactly(schema: TableSchema, prefix: string): string[] {
  return schema.columns.map(({ name, type }) => {
    const column = `${prefix}${quoteIdentifier(name)}`
    return type.kind === "float32" || type.kind === "float64" ? `CAST(${column} AS VARCHAR)` : column
  })
}

function takeAway(table: string, same: string): string {
  const ranked = `SELECT t.rowid AS row, g.__millrace_net AS net, row_number() OVER (PARTITION BY g.__millrace_group) AS place FROM ${table} AS t JOIN temp.main.millrace_net AS g ON ${same} WHERE g.__millrace_net < 0`
  return `DELETE FROM ${table} WHERE rowid IN (SELECT row FROM (${ranked}) WHERE place <= -net)`
}

/** Where a column hides the warehouse's own row numbers: takes all equal rows out and puts back what should be left. */
function takeAwayByCount(table: string, columns: readonly string[], same: string): string[] {
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_left AS SELECT g.__millrace_group, count(*) + any_value(g.__millrace_net) AS __millrace_count FROM ${table} AS t JOIN temp.main.millrace_net AS g ON ${same} WHERE g.__millrace_net < 0 GROUP BY 1`,
    `DELETE FROM ${table} AS t USING temp.main.millrace_net AS g WHERE g.__millrace_net < 0 AND ${same}`,
    `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((name) => `g.${name}`).join(", ")} FROM temp.main.millrace_net AS g JOIN temp.main.millrace_left AS h USING (__millrace_group), range(greatest(0, h.__millrace_count))`,
    "DROP TABLE temp.main.millrace_left",
  ]
}
