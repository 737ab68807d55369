import type { TableSchema } from "../../domain/table.ts"
import type { Run, StagedPart, TableChanges } from "../../replication/warehouse.ts"
import { countedStatements } from "./counted-sql.ts"
import { quoteIdentifier, quoteLiteral } from "./instance.ts"

type RowRun = Exclude<Run, { kind: "truncate" }>

/**
 * DuckDB builds what a statement inserts in whole row groups (122,880 rows) aside, and at the commit hangs them into the
 * table without saying whose they are: for the time of the commit every reader sees them. Smaller inserts carry their
 * transaction's mark from the start. Measured with 1.5: readers saw half of a transaction, never with this limit.
 */
export const insertLimitRows = 122_879

/** The statements that bring `table` (quoted, whole) from before the batch to after it. Run inside the batch's transaction. */
export function applyStatements(table: string, changes: TableChanges): string[] {
  const { key } = changes.table
  return changes.runs.flatMap((run) => {
    if (run.kind === "truncate") return [`DELETE FROM ${table}`]
    if (run.kind === "moves") return [movesStatement(table, changes, run)]
    if (run.insertsOnly) return insertStatements(table, changes, run, "")
    if (key === undefined) {
      const ranges = rangesOf(0, run.last - run.first)
      return countedStatements(table, changes.table, stagedRows(changes, run), ranges)
    }
    if (run.unchanged.length > 0) return patchStatements(table, changes, key, run)
    return keyedStatements(table, changes, key, run)
  })
}

/** All staged rows of the table where the run is the only one: reading needs no filter then. */
function stagedRows(changes: TableChanges, run: RowRun, parts = changes.parts): string {
  const files = parts.map((part) => quoteLiteral(part.token)).join(", ")
  const rows = `read_parquet([${files}])`
  return changes.runs.length === 1
    ? rows
    : `(FROM ${rows} WHERE __millrace_seq BETWEEN ${run.first} AND ${run.last})`
}

/** Parts that can be inserted by one statement. */
function insertable(parts: readonly StagedPart[]): StagedPart[][] {
  const groups: StagedPart[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const part of parts) {
    rows += part.rows
    if (rows > insertLimitRows) {
      groups.push([])
      rows = part.rows
    }
    groups.at(-1)?.push(part)
  }
  return groups
}

function names(schema: TableSchema): string[] {
  return schema.columns.map((column) => quoteIdentifier(column.name))
}

function keyNames(schema: TableSchema, key: readonly number[]): string[] {
  const all = names(schema)
  return key.map((index) => all[index] as string)
}

function insertStatements(table: string, changes: TableChanges, run: RowRun, where: string): string[] {
  const columns = names(changes.table).join(", ")
  return insertable(changes.parts).map(
    (parts) =>
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${stagedRows(changes, run, parts)}${where}`,
  )
}

function matches(key: readonly string[], left: string, right: string): string {
  return key.map((name) => `${left}.${name} = ${right}.${name}`).join(" AND ")
}

function deleteByKey(table: string, keys: readonly string[], from: string): string {
  return `DELETE FROM ${table} AS t USING (SELECT ${keys.join(", ")} FROM ${from}) AS s WHERE ${matches(keys, "t", "s")}`
}

/** The last change of each key wins: delete whatever has the key, insert what is left. */
function keyedStatements(
  table: string,
  changes: TableChanges,
  key: readonly number[],
  run: RowRun,
): string[] {
  const keys = keyNames(changes.table, key)
  const from = stagedRows(changes, run)
  const deletion = deleteByKey(table, keys, from)
  const kept = " WHERE NOT __millrace_delete"
  if (run.first === run.last) return [deletion, ...insertStatements(table, changes, run, kept)]
  const last = `SELECT max(__millrace_seq) AS last FROM ${from} GROUP BY ${keys.join(", ")}`
  const isAmong = (list: string) => `${kept} AND __millrace_seq IN (${list})`
  if (insertable(changes.parts).length === 1)
    return [deletion, ...insertStatements(table, changes, run, isAmong(last))]
  return [
    deletion,
    `CREATE OR REPLACE TEMP TABLE millrace_last AS ${last}`,
    ...insertStatements(table, changes, run, isAmong("SELECT last FROM temp.main.millrace_last")),
    "DROP TABLE temp.main.millrace_last",
  ]
}

/**
 * As keyedStatements, for rows that left columns unsent: the value comes from the last row of the batch that has it,
 * else from the table. (A delete and re-insert sends every column, so what lies before it never shows through.)
 */
function patchStatements(
  table: string,
  changes: TableChanges,
  key: readonly number[],
  run: RowRun,
): string[] {
  const keys = keyNames(changes.table, key)
  const columns = names(changes.table)
  const from = stagedRows(changes, run)
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
    `CREATE OR REPLACE TEMP TABLE millrace_patched AS SELECT s.__millrace_seq, ${values.join(", ")} FROM ${from} AS s JOIN (${last}) AS l ON s.__millrace_seq = l.__millrace_last LEFT JOIN ${table} AS t ON ${matches(keys, "t", "s")} WHERE NOT s.__millrace_delete`,
    deleteByKey(table, keys, from),
    ...rangesOf(run.first, run.last).map(
      (range) =>
        `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${columns.join(", ")} FROM temp.main.millrace_patched WHERE __millrace_seq ${range}`,
    ),
    "DROP TABLE temp.main.millrace_patched",
  ]
}

/** Numbers from `first` to `last`, cut so that each range has at most as many as one statement may insert. */
function rangesOf(first: number, last: number): string[] {
  const ranges: string[] = []
  for (let from = first; from <= last; from += insertLimitRows)
    ranges.push(`BETWEEN ${from} AND ${Math.min(last, from + insertLimitRows - 1)}`)
  return ranges
}

function isSent(index: number, prefix: string): string {
  return `(${prefix}__millrace_unchanged IS NULL OR substr(${prefix}__millrace_unchanged, ${index + 1}, 1) = '0')`
}

/** Each pair is the key left and the row at its new key; unsent columns move along. */
function movesStatement(table: string, changes: TableChanges, run: RowRun & { kind: "moves" }): string {
  const schema = changes.table
  const from = stagedRows(changes, run)
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
