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
    return `arg_max_null(${columns[index]}, __millrace_seq) ${has} AS _value${index}, count(*) ${has} AS _found${index}`
  })
  const values = columns.map((name, index) => {
    if (!run.unchanged.includes(index)) return `s.${name}`
    return `CASE WHEN ${isSent(index, "s.")} THEN s.${name} WHEN l._found${index} > 0 THEN l._value${index} ELSE t.${name} END AS ${name}`
  })
  const last = `SELECT ${keys.join(", ")}, max(__millrace_seq) AS _last, ${found.join(", ")} FROM ${from} GROUP BY ${keys.join(", ")}`
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_patched AS SELECT ${values.join(", ")} FROM ${from} AS s JOIN (${last}) AS l ON s.__millrace_seq = l._last LEFT JOIN ${table} AS t ON ${matches(keys, "t", "s")} WHERE NOT s.__millrace_delete`,
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
  const left = keys.map((name, place) => `o.${name} AS _left${place}`).join(", ")
  const pairs = `SELECT n.*, ${left} FROM ${from} AS n JOIN ${from} AS o ON o.__millrace_seq = n.__millrace_seq - 1 WHERE NOT n.__millrace_delete`
  const sets = names(schema).map((name, index) => {
    const value = run.unchanged.includes(index)
      ? `CASE WHEN ${isSent(index, "s.")} THEN s.${name} ELSE t.${name} END`
      : `s.${name}`
    return `${name} = ${value}`
  })
  const where = keys.map((name, place) => `t.${name} = s._left${place}`).join(" AND ")
  return `UPDATE ${table} AS t SET ${sets.join(", ")} FROM (${pairs}) AS s WHERE ${where}`
}

/** Without a key, equal rows are counted: what was inserted more often than deleted is added, the rest taken away. */
function countedStatements(table: string, schema: TableSchema, from: string): string[] {
  const columns = names(schema)
  const list = columns.join(", ")
  const same = columns.map((name) => `t.${name} IS NOT DISTINCT FROM g.${name}`).join(" AND ")
  const ranked = `SELECT t.rowid AS _row, g._net, row_number() OVER (PARTITION BY g._group) AS _place FROM ${table} AS t JOIN temp.main.millrace_net AS g ON ${same} WHERE g._net < 0`
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_net AS SELECT *, row_number() OVER () AS _group FROM (SELECT ${list}, sum(CASE WHEN __millrace_delete THEN -1 ELSE 1 END)::BIGINT AS _net FROM ${from} GROUP BY ${list})`,
    `DELETE FROM ${table} WHERE rowid IN (SELECT _row FROM (${ranked}) WHERE _place <= -_net)`,
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM temp.main.millrace_net, range(greatest(_net, 0)) AS copies(n)`,
    "DROP TABLE temp.main.millrace_net",
  ]
}
