import type { TableSchema } from "../../domain/table.ts"
import type { Run, TableChanges } from "../../replication/warehouse.ts"
import { quoteIdentifier, quoteLiteral } from "./instance.ts"

/** The statements that bring `table` (quoted, whole) from before the batch to after it. Run inside the batch's transaction. */
export function applyStatements(table: string, changes: TableChanges): string[] {
  return changes.runs.flatMap((run) => {
    if (run.kind === "truncate") return [`DELETE FROM ${table}`]
    const from = stagedRows(changes, run)
    if (run.kind === "moves") return [movesStatement(table, changes.table, from, run)]
    if (run.insertsOnly) return [insertStatement(table, changes.table, from)]
    if (changes.table.key === undefined) return countedStatements(table, changes.table, from)
    if (run.unchanged.length > 0) return patchStatements(table, changes.table, changes.table.key, from, run)
    return keyedStatements(table, changes.table, changes.table.key, from, run)
  })
}

/** All staged rows of the table where the run is the only one: reading needs no filter then. */
function stagedRows(changes: TableChanges, run: Exclude<Run, { kind: "truncate" }>): string {
  const files = changes.parts.map((part) => quoteLiteral(part.token)).join(", ")
  const rows = `read_parquet([${files}])`
  return changes.runs.length === 1
    ? rows
    : `(FROM ${rows} WHERE __millrace_seq BETWEEN ${run.first} AND ${run.last})`
}

function names(schema: TableSchema): string[] {
  return schema.columns.map((column) => quoteIdentifier(column.name))
}

function keyNames(schema: TableSchema, key: readonly number[]): string[] {
  const all = names(schema)
  return key.map((index) => all[index] as string)
}

function insertStatement(table: string, schema: TableSchema, from: string): string {
  const columns = names(schema).join(", ")
  return `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${from}`
}

function matches(key: readonly string[], left: string, right: string): string {
  return key.map((name) => `${left}.${name} = ${right}.${name}`).join(" AND ")
}

/** The last change of each key wins: delete whatever has the key, insert what is left. */
function keyedStatements(
  table: string,
  schema: TableSchema,
  key: readonly number[],
  from: string,
  run: { first: number; last: number },
): string[] {
  const keys = keyNames(schema, key)
  const columns = names(schema).join(", ")
  const deletion = `DELETE FROM ${table} AS t USING (SELECT ${keys.join(", ")} FROM ${from}) AS s WHERE ${matches(keys, "t", "s")}`
  const isLast =
    run.first === run.last
      ? ""
      : ` AND __millrace_seq IN (SELECT max(__millrace_seq) FROM ${from} GROUP BY ${keys.join(", ")})`
  return [
    deletion,
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${from} WHERE NOT __millrace_delete${isLast}`,
  ]
}

/**
 * As keyedStatements, for rows that left columns unsent: the value comes from the last row of the batch that has it,
 * else from the table. (A delete and re-insert sends every column, so what lies before it never shows through.)
 */
function patchStatements(
  table: string,
  schema: TableSchema,
  key: readonly number[],
  from: string,
  run: { unchanged: number[] },
): string[] {
  const keys = keyNames(schema, key)
  const columns = names(schema)
  const found = run.unchanged.map((index) => {
    const has = `FILTER (WHERE NOT __millrace_delete AND ${isSent(index, "")})`
    return `arg_max_null(${columns[index]}, __millrace_seq) ${has} AS __millrace_value${index}, count(*) ${has} AS __millrace_found${index}`
  })
  const values = columns.map((name, index) => {
    if (!run.unchanged.includes(index)) return `s.${name}`
    return `CASE WHEN ${isSent(index, "s.")} THEN s.${name} WHEN l.__millrace_found${index} > 0 THEN l.__millrace_value${index} ELSE t.${name} END AS ${name}`
  })
  const last = `SELECT ${keys.join(", ")}, max(__millrace_seq) AS __millrace_last, ${found.join(", ")} FROM ${from} GROUP BY ${keys.join(", ")}`
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_patched AS SELECT ${values.join(", ")} FROM ${from} AS s JOIN (${last}) AS l ON s.__millrace_seq = l.__millrace_last LEFT JOIN ${table} AS t ON ${matches(keys, "t", "s")} WHERE NOT s.__millrace_delete`,
    `DELETE FROM ${table} AS t USING (SELECT ${keys.join(", ")} FROM ${from}) AS s WHERE ${matches(keys, "t", "s")}`,
    `INSERT INTO ${table} SELECT * FROM temp.main.millrace_patched`,
    "DROP TABLE temp.main.millrace_patched",
  ]
}

function isSent(index: number, prefix: string): string {
  return `(${prefix}__millrace_unchanged IS NULL OR substr(${prefix}__millrace_unchanged, ${index + 1}, 1) = '0')`
}

/** Each pair is the key left and the row at its new key; unsent columns move along. */
function movesStatement(
  table: string,
  schema: TableSchema,
  from: string,
  run: { unchanged: number[] },
): string {
  const keys = keyNames(schema, schema.key ?? [])
  const left = keys.map((name, place) => `o.${name} AS __millrace_left${place}`).join(", ")
  const pairs = `SELECT n.*, ${left} FROM ${from} AS n JOIN ${from} AS o ON o.__millrace_seq = n.__millrace_seq - 1 WHERE NOT n.__millrace_delete`
  const sets = names(schema).map((name, index) => {
    const value = run.unchanged.includes(index)
      ? `CASE WHEN ${isSent(index, "s.")} THEN s.${name} ELSE t.${name} END`
      : `s.${name}`
    return `${name} = ${value}`
  })
  const where = keys.map((name, place) => `t.${name} = s.__millrace_left${place}`).join(" AND ")
  return `UPDATE ${table} AS t SET ${sets.join(", ")} FROM (${pairs}) AS s WHERE ${where}`
}

/**
 * Without a key, equal rows are counted: those deleted more often than inserted are all taken out, and as many as
 * should be left put back (the warehouse's own row numbers would do too, but a column may be called like them).
 */
function countedStatements(table: string, schema: TableSchema, from: string): string[] {
  const columns = names(schema)
  const list = columns.join(", ")
  // As numbers 0 and -0 are equal, as rows they are not.
  const exact = (prefix: string) =>
    schema.columns.map(({ type }, index) => {
      const name = `${prefix}${columns[index]}`
      return type.kind === "float32" || type.kind === "float64" ? `CAST(${name} AS VARCHAR)` : name
    })
  const [left, right] = [exact("t."), exact("g.")]
  const same = left.map((value, index) => `${value} IS NOT DISTINCT FROM ${right[index]}`).join(" AND ")
  const net = "sum(CASE WHEN __millrace_delete THEN -1 ELSE 1 END)::BIGINT"
  const groups = [...new Set([...columns, ...exact("")])].join(", ")
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_net AS SELECT ${list}, ${net} AS __millrace_net, row_number() OVER () AS __millrace_group FROM ${from} GROUP BY ${groups} HAVING ${net} <> 0`,
    `CREATE OR REPLACE TEMP TABLE millrace_held AS SELECT g.__millrace_group, count(*) AS __millrace_count FROM ${table} AS t JOIN temp.main.millrace_net AS g ON ${same} WHERE g.__millrace_net < 0 GROUP BY 1`,
    `DELETE FROM ${table} AS t USING temp.main.millrace_net AS g WHERE g.__millrace_net < 0 AND ${same}`,
    `INSERT INTO ${table} (${list}) SELECT ${columns.map((name) => `g.${name}`).join(", ")} FROM temp.main.millrace_net AS g LEFT JOIN temp.main.millrace_held AS h USING (__millrace_group), range(greatest(0, g.__millrace_net + coalesce(h.__millrace_count, 0)))`,
    "DROP TABLE temp.main.millrace_net",
    "DROP TABLE temp.main.millrace_held",
  ]
}
