import type { TableName, TableSchema } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { TableChanges } from "../../../replication/contracts/warehouse.ts"
import { isSent, names, type RowRun, stagedRows } from "../../sql/staged-rows.ts"
import { quoteIdentifier } from "../quoting.ts"
import type { StageTables } from "../staging/stage-tables.ts"
import { countedStatements } from "./keyless-sql.ts"
import { comparable, keyNames, keyValues, sameKey } from "./keys.ts"
import { versionStatements } from "./versions-sql.ts"

/** A table that statements write. The engine gives the target of DELETE no other name: its columns are told by its own. */
export interface Target {
  /** Quoted, whole. */
  table: string
  /** Quoted, bare, with a point behind it. */
  prefix: string
}

export function targetOf(table: string, { name }: Pick<TableName, "name">): Target {
  return { table, prefix: `${quoteIdentifier(name)}.` }
}

/** The statements that bring `target` from before the batch to after it. Run inside the batch's transaction. */
export function applyStatements(stages: StageTables, target: Target, changes: TableChanges): string[] {
  const { commits } = changes
  if (commits !== undefined) return versionStatements(stages, target, { ...changes, commits })
  return changes.runs.flatMap((run) => {
    switch (run.kind) {
      // TRUNCATE would commit the transaction.
      case "truncate":
        return [`DELETE FROM ${target.table}`]
      case "moves":
        return movesStatements(stages, target, changes, run)
      case "changes":
        return changesStatements(stages, target, changes, run)
      default:
        return unreachable(run)
    }
  })
}

/** A temporary table of a transaction's rows as they will be, quoted. */
const final = quoteIdentifier("millrace_final")

function changesStatements(
  stages: StageTables,
  target: Target,
  changes: TableChanges,
  run: RowRun,
): string[] {
  const schema = changes.table
  const from = stagedRows(stages, changes, run)
  const columns = names(schema).join(", ")
  if (run.kind === "changes" && run.insertsOnly)
    return [`INSERT INTO ${target.table} (${columns}) SELECT ${columns} FROM ${from} AS s`]
  if (schema.key === undefined) return countedStatements(target, schema, from)
  const rows = run.unchanged.length > 0 ? patchedRows(target, schema, from, run) : lastRows(schema, from)
  return [
    `CREATE TEMP TABLE ${final} AS ${rows}`,
    `DELETE FROM ${target.table} USING ${final} WHERE ${sameKey(schema, target.prefix, `${final}.`)}`,
    `INSERT INTO ${target.table} (${columns}) SELECT ${columns} FROM ${final} WHERE NOT __millrace_delete`,
    `DROP TABLE ${final}`,
  ]
}

/** The last change of each key. */
function lastRows(schema: TableSchema, from: string): string {
  const columns = names(schema)
  const last = `SELECT MAX(__millrace_seq) AS last FROM ${from} AS r GROUP BY ${keyValues(schema, "").join(", ")}`
  return `SELECT ${columns.map((name) => `s.${name}`).join(", ")}, s.__millrace_delete FROM ${from} AS s JOIN (${last}) AS l ON s.__millrace_seq = l.last`
}

/**
 * As lastRows, for rows that left columns unsent: the value comes from the last row of the batch that has it, else from the table.
 * Rows that keep something of a row that the table does not have are left out. (A delete and re-insert sends every column, so what
 * lies before it never shows through.)
 */
function patchedRows(target: Target, schema: TableSchema, from: string, run: RowRun): string {
  const sources = run.unchanged.map(
    (index) =>
      `MAX(CASE WHEN NOT __millrace_delete AND ${isSent(index, "")} THEN __millrace_seq END) AS source${index}`,
  )
  const last = `SELECT MAX(__millrace_seq) AS last, ${sources.join(", ")} FROM ${from} AS r GROUP BY ${keyValues(schema, "").join(", ")}`
  const values = names(schema).map((name, index) =>
    run.unchanged.includes(index)
      ? `CASE WHEN l.source${index} IS NULL THEN t.${name} ELSE s${index}.${name} END AS ${name}`
      : `c.${name}`,
  )
  const joined = run.unchanged.map(
    (index) => `LEFT JOIN ${from} AS s${index} ON s${index}.__millrace_seq = l.source${index}`,
  )
  const isWhole = `c.__millrace_delete OR (${run.unchanged.map((index) => `l.source${index} IS NOT NULL`).join(" AND ")})`
  const isThere = keyNames(schema)
    .slice(0, 1)
    .map((name) => `t.${name} IS NOT NULL`)
  return `SELECT ${values.join(", ")}, c.__millrace_delete FROM (${last}) AS l JOIN ${from} AS c ON c.__millrace_seq = l.last ${joined.join(" ")} LEFT JOIN ${target.table} AS t ON ${sameKey(schema, "t.", "c.")} WHERE ${isWhole} OR ${isThere.join(" AND ")}`
}

/** Each pair is the key left and the row at its new key. All rows leave before one arrives. */
function movesStatements(
  stages: StageTables,
  target: Target,
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
  const left = schema.key?.map((index, at) => `o.${names(schema)[index]} AS __millrace_left${at}`) ?? []
  const isLeft = schema.key?.map((index, at) => {
    const column = schema.columns[index]
    if (column === undefined) throw new Error("a key names a column that is not there")
    const there = comparable(`${final}.`, { ...column, name: `__millrace_left${at}` })
    return `${comparable(target.prefix, column)} = ${there}`
  })
  return [
    `CREATE TEMP TABLE ${final} AS SELECT ${values.join(", ")}, ${left.join(", ")} FROM ${from} AS n JOIN ${from} AS o ON o.__millrace_seq = n.__millrace_seq - 1 JOIN ${target.table} AS t ON ${sameKey(schema, "t.", "o.")} WHERE NOT n.__millrace_delete`,
    `DELETE FROM ${target.table} USING ${final} WHERE ${isLeft?.join(" AND ")}`,
    `INSERT INTO ${target.table} (${columns}) SELECT ${columns} FROM ${final}`,
    `DROP TABLE ${final}`,
  ]
}
