import type { TableSchema } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { Run, StagedPart, TableChanges } from "../../../replication/contracts/warehouse.ts"
import { isSent, names, stagedRows } from "../../sql/staged-rows.ts"
import type { StageTables } from "../staging/stage-tables.ts"
import { keyColumns, keyed, keyNames, keyValues, sameKey } from "./keys.ts"

export interface VersionedChanges extends TableChanges {
  commits: StagedPart
}

type ChangesRun = Extract<Run, { kind: "changes" }>
type MovesRun = Extract<Run, { kind: "moves" }>

/** What statements for one table that keeps versions are made from. */
interface Versioning {
  stages: StageTables
  /** Quoted, whole. */
  table: string
  schema: TableSchema
  changes: VersionedChanges
}

export const versionColumnList = "_record_is_active, _record_create_time, _record_delete_time"

/** Closes active versions (of `t`) at a time: never before they began, whatever the source's clock did. */
export function closing(at: string): string {
  return `_record_is_active = false, _record_delete_time = greatest(t._record_create_time, ${at})`
}

/**
 * As applyStatements, for a table that keeps versions: each state in which a transaction left a row is a version, from
 * that transaction's commit to that of the next one that changes the row.
 */
export function versionStatements(stages: StageTables, table: string, changes: VersionedChanges): string[] {
  const of = { stages, table, changes, schema: changes.table }
  return changes.runs.flatMap((run) => {
    switch (run.kind) {
      case "truncate":
        return truncateStatements(of, run)
      case "moves":
        return movesStatements(of, run)
      case "changes":
        return run.insertsOnly && run.continued === undefined
          ? [insertStatement(of, run)]
          : changesStatements(of, run)
      default:
        return unreachable(run)
    }
  })
}

function truncateStatements(
  of: Versioning,
  { at = 0, continued }: Extract<Run, { kind: "truncate" }>,
): string[] {
  const { table, stages, changes } = of
  const when = `(SELECT __millrace_committed FROM ${stages.commits(changes.commits)} WHERE __millrace_last >= ${at} ORDER BY __millrace_last LIMIT 1)`
  const undone = `DELETE FROM ${table} AS t WHERE t._record_is_active AND t._record_create_time = ${when}${isOfTransaction(of, at)}`
  return [
    ...(continued ? [undone] : []),
    `UPDATE ${table} AS t SET ${closing(when)} WHERE t._record_is_active`,
  ]
}

/**
 * Whether a row (of `t`) is one that the transaction at hand has touched before its change number `before`: another one may
 * have been committed at the same moment. What it did before the table was altered is not staged in this form.
 */
function isOfTransaction({ stages, schema, changes }: Versioning, before: number): string {
  if (changes.alteration !== undefined || schema.key === undefined) return ""
  if (changes.parts.length === 0) return " AND false"
  const begun = `(SELECT coalesce(max(__millrace_last), -1) FROM ${stages.commits(changes.commits)} WHERE __millrace_last < ${before})`
  const touched = `SELECT ${keyValues(schema, "r.").join(", ")} FROM ${stages.changes(schema, changes.parts)} AS r WHERE __millrace_seq < ${before} AND __millrace_seq > ${begun}`
  return ` AND (${keyValues(schema, "t.").join(", ")}) IN (${touched})`
}

/** The run's rows, each with the last change of its transaction and its commit. */
function timed({ stages, changes }: Versioning, run: ChangesRun | MovesRun): string {
  const rows = stagedRows(stages, changes, run)
  const commits = stages.commits(changes.commits)
  // The commit of a row is the first one with its number or a higher one. Rows and commits are sorted together once, and each row
  // takes the next commit by a window: a sub-query for each row would search all commits.
  const marks = `SELECT __millrace_seq AS seq, NULL::integer AS last FROM ${rows} AS r UNION ALL SELECT __millrace_last, __millrace_last FROM ${commits}`
  const next = `SELECT seq, last IS NULL AS is_row, min(last) OVER (ORDER BY seq DESC) AS next FROM (${marks}) AS m`
  return `(SELECT r.*, k.__millrace_last, k.__millrace_committed FROM ${rows} AS r JOIN (${next}) AS n ON n.is_row AND n.seq = r.__millrace_seq JOIN ${commits} AS k ON k.__millrace_last = n.next)`
}

function insertStatement(of: Versioning, run: ChangesRun): string {
  const columns = names(of.schema)
  return `INSERT INTO ${of.table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${columns.map((name) => `c.${name}`).join(", ")}, true, c.__millrace_committed, NULL FROM ${timed(of, run)} AS c`
}

const versions = "pg_temp.millrace_versions"
const base = "pg_temp.millrace_base"

function changesStatements(of: Versioning, run: ChangesRun): string[] {
  const hasBase = run.unchanged.length > 0
  return [
    `CREATE TEMP TABLE millrace_versions ON COMMIT DROP AS ${versionsOf(of, run)}`,
    ...(hasBase ? [`CREATE TEMP TABLE millrace_base ON COMMIT DROP AS ${baseOf(of, run)}`] : []),
    ...closeStatements(of, sameKey(of.schema, "t.", "s."), run),
    insertVersions(of, run),
    ...(hasBase ? [`DROP TABLE ${base}`] : []),
    `DROP TABLE ${versions}`,
  ]
}

/**
 * The last change that each transaction made to each key, without its values, and until when it held: what comes next of a
 * key is of the next transaction. Of unsent columns, the change that sent them last.
 */
function versionsOf(of: Versioning, run: ChangesRun): string {
  const keys = keyNames(of.schema).join(", ")
  const inOrder = `PARTITION BY ${keyValues(of.schema, "c.").join(", ")} ORDER BY c.__millrace_seq`
  const sources = run.unchanged.map(
    (index) =>
      `, max(CASE WHEN NOT c.__millrace_delete AND ${isSent(index, "c.")} THEN c.__millrace_seq END) OVER (${inOrder} ROWS UNBOUNDED PRECEDING) AS __millrace_source${index}`,
  )
  const facts = `${keys}, __millrace_seq, __millrace_delete, __millrace_committed AS __millrace_at, __millrace_last AS __millrace_transaction`
  const next = `lead(__millrace_last) OVER (${inOrder}) AS __millrace_next`
  const span = `greatest(__millrace_committed, lead(__millrace_committed) OVER (${inOrder})) AS __millrace_closed`
  const isFirst = `first_value(__millrace_last) OVER (${inOrder}) = __millrace_last AS __millrace_first`
  const all = `SELECT ${facts}, ${next}, ${span}, ${isFirst}${sources.join("")} FROM ${timed(of, run)} AS c`
  return `SELECT a.*, a.__millrace_next IS NULL AS __millrace_active FROM (${all}) AS a WHERE a.__millrace_next IS DISTINCT FROM a.__millrace_transaction`
}

/** What the table has in unsent columns, of the keys that no change of the run sent them for. */
function baseOf({ table, schema }: Versioning, run: ChangesRun): string {
  const lacking = run.unchanged.map((index) => `w.__millrace_source${index} IS NULL`).join(" OR ")
  const all = names(schema)
  const taken = [...new Set([...keyNames(schema), ...run.unchanged.map((index) => all[index] as string)])]
  return `SELECT ${taken.map((name) => `t.${name}`).join(", ")} FROM ${table} AS t WHERE t._record_is_active AND EXISTS (SELECT 1 FROM ${versions} AS w WHERE NOT w.__millrace_delete AND (${lacking}) AND ${sameKey(schema, "t.", "w.")})`
}

function insertVersions(of: Versioning, run: ChangesRun): string {
  const { table, schema, stages, changes } = of
  const columns = names(schema)
  const rows = stagedRows(stages, changes, run)
  const values = columns.map((name, index) =>
    run.unchanged.includes(index)
      ? `CASE WHEN v.__millrace_source${index} IS NULL THEN b.${name} ELSE s${index}.${name} END`
      : `c.${name}`,
  )
  const sources = run.unchanged.map(
    (index) => ` LEFT JOIN ${rows} AS s${index} ON s${index}.__millrace_seq = v.__millrace_source${index}`,
  )
  const kept = run.unchanged.length > 0 ? ` LEFT JOIN ${base} AS b ON ${sameKey(schema, "b.", "v.")}` : ""
  return `INSERT INTO ${table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${values.join(", ")}, v.__millrace_active, v.__millrace_at, CASE WHEN NOT v.__millrace_active THEN v.__millrace_closed END FROM ${versions} AS v JOIN ${rows} AS c ON c.__millrace_seq = v.__millrace_seq${sources.join("")}${kept} WHERE NOT v.__millrace_delete`
}

/**
 * Closes what the table has of the keys in `versions`, found by `isSame` (of `t` and `s`). What the very transaction in which
 * the run begins has made was never committed, and goes.
 */
function closeStatements(
  of: Versioning,
  isSame: string,
  { first: begins, continued }: ChangesRun | MovesRun,
): string[] {
  const where = `s.__millrace_first AND t._record_is_active AND ${isSame}`
  const undone = `DELETE FROM ${of.table} AS t USING ${versions} AS s WHERE ${where} AND t._record_create_time = s.__millrace_at AND s.__millrace_transaction = (SELECT min(__millrace_transaction) FROM ${versions})${isOfTransaction(of, begins)}`
  return [
    ...(continued ? [undone] : []),
    `UPDATE ${of.table} AS t SET ${closing("s.__millrace_at")} FROM ${versions} AS s WHERE ${where}`,
  ]
}

/** Each pair closes the row at the key left and begins one at the new key, with what was unsent from the former. */
function movesStatements(of: Versioning, run: MovesRun): string[] {
  const { table, schema } = of
  const columns = names(schema)
  const keys = keyNames(schema)
  const leaving = keys.map((name, place) => `o.${name} AS __millrace_left${place}`).join(", ")
  const isLeft = keyColumns(schema)
    .map((column, place) => {
      const left = keyed(`s.__millrace_left${place}`, column)
      return `${keyed(`t.${keys[place]}`, column)} = ${left}`
    })
    .join(" AND ")
  const values = columns.map((name, index) =>
    run.unchanged.includes(index)
      ? `CASE WHEN ${isSent(index, "n.")} THEN n.${name} ELSE t.${name} END AS ${name}`
      : `n.${name}`,
  )
  const pairs = `SELECT ${values.join(", ")}, ${leaving}, n.__millrace_committed AS __millrace_at, n.__millrace_last AS __millrace_transaction, n.__millrace_seq, true AS __millrace_first FROM timed AS n JOIN timed AS o ON o.__millrace_seq = n.__millrace_seq - 1 LEFT JOIN ${table} AS t ON ${sameKey(schema, "t.", "o.")} AND t._record_is_active WHERE NOT n.__millrace_delete`
  return [
    `CREATE TEMP TABLE millrace_versions ON COMMIT DROP AS WITH timed AS MATERIALIZED (SELECT * FROM ${timed(of, run)} AS c) ${pairs}`,
    ...closeStatements(of, isLeft, run),
    `INSERT INTO ${table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${columns.join(", ")}, true, __millrace_at, NULL FROM ${versions}`,
    `DROP TABLE ${versions}`,
  ]
}
