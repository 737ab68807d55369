import type { StagedPart, TableChanges } from "../../../replication/contracts/warehouse.ts"
import {
  insertLimitRows,
  isSent,
  keyNames,
  names,
  type RowRun,
  rangesOf,
  stagedRows,
} from "../staging/staged-rows.ts"
import { countedStatements } from "./keyless-sql.ts"
import { versionStatements } from "./versions-sql.ts"

/** The statements that bring `table` (quoted, whole) from before the batch to after it. Run inside the batch's transaction. */
export function applyStatements(table: string, changes: TableChanges): string[] {
  const { key } = changes.table
  if (changes.commits !== undefined) return versionStatements(table, { ...changes, commits: changes.commits })
  return changes.runs.flatMap((run) => {
    if (run.kind === "truncate") return [`DELETE FROM ${table}`]
    if (run.kind === "moves") return movesStatements(table, changes, run)
    if (run.insertsOnly) return insertStatements(table, changes, run, "")
    if (key === undefined) {
      const ranges = rangesOf(0, run.last - run.first)
      return countedStatements(table, changes.table, stagedRows(changes, run), ranges)
    }
    if (run.unchanged.length > 0) return patchStatements(table, changes, key, run)
    return keyedStatements(table, changes, key, run)
  })
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
 * As keyedStatements, for rows that left columns unsent: the value comes from the last row of the batch that has it, else
 * the table's own stays where it is. Nothing reads it: unsent values are the large ones, and some are tens of megabytes.
 * (A delete and re-insert sends every column, so what lies before it never shows through.)
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
  const among = (list: string) => `__millrace_seq IN (SELECT ${list})`
  const update = (set: readonly string[], rows: string) => {
    const taken = [...new Set([...keys, ...set])].join(", ")
    const sets = set.map((name) => `${name} = s.${name}`).join(", ")
    return `UPDATE ${table} AS t SET ${sets} FROM (SELECT ${taken} FROM ${from} WHERE ${among(rows)}) AS s WHERE ${matches(keys, "t", "s")}`
  }
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_last AS ${lastOfEach(keys, run, from)}`,
    deleteByKey(table, keys, `(FROM ${lastRows} WHERE __millrace_whole)`),
    ...insertStatements(
      table,
      changes,
      run,
      ` WHERE NOT __millrace_delete AND ${among(`__millrace_last FROM ${lastRows} WHERE __millrace_whole`)}`,
    ),
    update(
      columns.filter((_, index) => !run.unchanged.includes(index)),
      `__millrace_last FROM ${lastRows} WHERE NOT __millrace_whole`,
    ),
    ...run.unchanged.map((index) => {
      const source = `__millrace_source${index}`
      return update(
        [columns[index] as string],
        `${source} FROM ${lastRows} WHERE NOT __millrace_whole OR ${source} < __millrace_last`,
      )
    }),
    `DROP TABLE ${lastRows}`,
  ]
}

const lastRows = "temp.main.millrace_last"

/** By key: its last row, the last row that sent each column, and whether no column keeps what the table has. */
function lastOfEach(keys: readonly string[], run: RowRun, from: string): string {
  const source = run.unchanged.map(
    (index) => `max(__millrace_seq) FILTER (WHERE NOT __millrace_delete AND ${isSent(index, "")})`,
  )
  const sources = source.map((last, place) => `${last} AS __millrace_source${run.unchanged[place]}`)
  const isWhole = `arg_max(__millrace_delete, __millrace_seq) OR (${source.map((last) => `${last} IS NOT NULL`).join(" AND ")})`
  return `SELECT ${keys.join(", ")}, max(__millrace_seq) AS __millrace_last, ${sources.join(", ")}, ${isWhole} AS __millrace_whole FROM ${from} GROUP BY ${keys.join(", ")}`
}

/**
 * Each pair is the key left and the row at its new key. What was unsent stays where it is; the keys change last, and all at
 * once.
 */
function movesStatements(table: string, changes: TableChanges, run: RowRun & { kind: "moves" }): string[] {
  const schema = changes.table
  const from = stagedRows(changes, run)
  const keys = keyNames(schema, schema.key ?? [])
  const left = keys.map((name, place) => `o.${name} AS __millrace_left${place}`).join(", ")
  const where = keys.map((name, place) => `t.${name} = s.__millrace_left${place}`).join(" AND ")
  const update = (set: readonly string[], condition: string) => {
    const pairs = `SELECT n.*, ${left} FROM ${from} AS n JOIN ${from} AS o ON o.__millrace_seq = n.__millrace_seq - 1 WHERE NOT n.__millrace_delete${condition}`
    const sets = set.map((name) => `${name} = s.${name}`).join(", ")
    return `UPDATE ${table} AS t SET ${sets} FROM (${pairs}) AS s WHERE ${where}`
  }
  const columns = names(schema)
  return [
    ...run.unchanged.map((index) => update([columns[index] as string], ` AND ${isSent(index, "n.")}`)),
    update(
      columns.filter((_, index) => !run.unchanged.includes(index)),
      "",
    ),
  ]
}
