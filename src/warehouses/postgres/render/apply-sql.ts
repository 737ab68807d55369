import type { TableSchema } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { TableChanges } from "../../../replication/contracts/warehouse.ts"
import { isSent, names, type RowRun, stagedRows } from "../../sql/staged-rows.ts"
import { type Action, type Merge, mergeable } from "../merge/merge.ts"
import { newStageTables, type StageTables } from "../staging/stage-tables.ts"
import { countedStatements } from "./keyless-sql.ts"
import { keyValues, sameKey } from "./keys.ts"
import { versionStatements } from "./versions-sql.ts"

/** Where changes are rendered to. */
export interface Applying {
  stages: StageTables
  /** How many rows a run must have to be merged. */
  leastMerged: number
}

/** What brings `table` (quoted, whole) from before the batch to after it. Run inside the batch's transaction. */
export function applyActions(
  { stages, leastMerged }: Applying,
  table: string,
  changes: TableChanges,
): Action[] {
  const { commits } = changes
  if (commits !== undefined) return versionStatements(stages, table, { ...changes, commits })
  return changes.runs.flatMap((run): Action[] => {
    const merged = mergeable(changes, run, leastMerged)
    if (merged !== undefined) return [mergeOf(table, changes, merged)]
    switch (run.kind) {
      // TRUNCATE would show an empty table to readers whose transaction began before.
      case "truncate":
        return [`DELETE FROM ${table}`]
      case "moves":
        return movesStatements(stages, table, changes, run)
      case "changes":
        return changesStatements(stages, table, changes, run)
      default:
        return unreachable(run)
    }
  })
}

function mergeOf(into: string, changes: TableChanges, run: RowRun & { kind: "changes" }): Merge {
  const { table, parts } = changes
  const unmerged = () => {
    const stages = newStageTables("unmerged")
    const statements = changesStatements(stages, into, changes, run)
    return { stages: stages.all, statements }
  }
  return { into, table, parts, run, unmerged }
}

function changesStatements(stages: StageTables, table: string, changes: TableChanges, run: RowRun): string[] {
  const schema = changes.table
  const from = stagedRows(stages, changes, run)
  if (run.kind === "changes" && run.insertsOnly) {
    const columns = names(schema).join(", ")
    return [`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${from} AS s`]
  }
  if (schema.key === undefined) return countedStatements(table, schema, from)
  return run.unchanged.length > 0
    ? patchStatements(table, schema, from, run)
    : keyedStatements(table, schema, from, run)
}

/**
 * The last change of each key wins. An update in place, where it changes no index, costs no entry of an index; it needs no
 * unique index either, which a table that was altered may not be able to have.
 */
function keyedStatements(table: string, schema: TableSchema, from: string, run: RowRun): string[] {
  const keys = keyValues(schema, "").join(", ")
  const lastOfEach = `SELECT max(__millrace_seq) FROM ${from} AS l GROUP BY ${keys}`
  const isLast = run.first === run.last ? "" : ` AND s.__millrace_seq IN (${lastOfEach})`
  const columns = names(schema)
  const isSame = sameKey(schema, "t.", "s.")
  const sets = columns.map((name) => `${name} = s.${name}`).join(", ")
  const list = columns.map((name) => `s.${name}`).join(", ")
  return [
    `DELETE FROM ${table} AS t USING ${from} AS s WHERE ${isSame} AND s.__millrace_delete${isLast}`,
    `UPDATE ${table} AS t SET ${sets} FROM ${from} AS s WHERE ${isSame} AND NOT s.__millrace_delete${isLast}`,
    `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${list} FROM ${from} AS s WHERE NOT s.__millrace_delete${isLast} AND NOT EXISTS (SELECT 1 FROM ${table} AS t WHERE ${isSame})`,
  ]
}

/**
 * As keyedStatements, for rows that left columns unsent: the value comes from the last row of the batch that has it, else
 * the table's own stays where it is. (A delete and re-insert sends every column, so what lies before it never shows through.)
 */
function patchStatements(table: string, schema: TableSchema, from: string, run: RowRun): string[] {
  const columns = names(schema)
  const rows = "pg_temp.millrace_final"
  const isSame = sameKey(schema, "t.", "f.")
  const sets = columns.map((name, index) =>
    run.unchanged.includes(index)
      ? `${name} = CASE WHEN f.__millrace_kept${index} THEN t.${name} ELSE f.${name} END`
      : `${name} = f.${name}`,
  )
  const list = columns.map((name) => `f.${name}`).join(", ")
  return [
    `CREATE TEMP TABLE millrace_final ON COMMIT DROP AS ${finalRows(schema, from, run)}`,
    `DELETE FROM ${table} AS t USING ${rows} AS f WHERE f.__millrace_delete AND ${isSame}`,
    `UPDATE ${table} AS t SET ${sets.join(", ")} FROM ${rows} AS f WHERE NOT f.__millrace_delete AND ${isSame}`,
    `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${list} FROM ${rows} AS f WHERE f.__millrace_whole AND NOT f.__millrace_delete AND NOT EXISTS (SELECT 1 FROM ${table} AS t WHERE ${isSame})`,
    `DROP TABLE ${rows}`,
  ]
}

/** By key: its last row, completed from earlier ones, and whether no column keeps what the table has. */
function finalRows(schema: TableSchema, from: string, run: RowRun): string {
  const columns = names(schema)
  const lastSent = run.unchanged.map(
    (index) =>
      `max(__millrace_seq) FILTER (WHERE NOT __millrace_delete AND ${isSent(index, "")}) AS source${index}`,
  )
  const last = `SELECT max(__millrace_seq) AS last, ${lastSent.join(", ")} FROM ${from} AS r GROUP BY ${keyValues(schema, "").join(", ")}`
  const values = columns.map((name, index) =>
    run.unchanged.includes(index) ? `s${index}.${name} AS ${name}` : `c.${name}`,
  )
  const kept = run.unchanged.map((index) => `l.source${index} IS NULL AS __millrace_kept${index}`)
  const isWhole = `c.__millrace_delete OR (${run.unchanged.map((index) => `l.source${index} IS NOT NULL`).join(" AND ")})`
  const sources = run.unchanged.map(
    (index) => `LEFT JOIN ${from} AS s${index} ON s${index}.__millrace_seq = l.source${index}`,
  )
  return `SELECT ${values.join(", ")}, c.__millrace_delete, ${isWhole} AS __millrace_whole, ${kept.join(", ")} FROM (${last}) AS l JOIN ${from} AS c ON c.__millrace_seq = l.last ${sources.join(" ")}`
}

/**
 * Each pair is the key left and the row at its new key. All rows leave before one arrives: the index tells two of one key at
 * once.
 */
function movesStatements(
  stages: StageTables,
  table: string,
  changes: TableChanges,
  run: RowRun & { kind: "moves" },
): string[] {
  const schema = changes.table
  const from = stagedRows(stages, changes, run)
  const values = names(schema).map((name, index) =>
    run.unchanged.includes(index)
      ? `CASE WHEN ${isSent(index, "n.")} THEN n.${name} ELSE t.${name} END AS ${name}`
      : `n.${name}`,
  )
  const columns = names(schema).join(", ")
  const atLeft = sameKey(schema, "t.", "o.")
  return [
    `CREATE TEMP TABLE millrace_moved ON COMMIT DROP AS SELECT ${values.join(", ")} FROM ${from} AS n JOIN ${from} AS o ON o.__millrace_seq = n.__millrace_seq - 1 JOIN ${table} AS t ON ${atLeft} WHERE NOT n.__millrace_delete`,
    `DELETE FROM ${table} AS t USING ${from} AS o WHERE o.__millrace_delete AND ${atLeft}`,
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM pg_temp.millrace_moved`,
    "DROP TABLE pg_temp.millrace_moved",
  ]
}
