import type { TableSchema } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { Run, StagedPart, TableChanges } from "../../../replication/contracts/warehouse.ts"
import { isSent, names, stagedRows } from "../../sql/staged-rows.ts"
import { quoteIdentifier } from "../quoting.ts"
import type { StageTables } from "../staging/stage-tables.ts"
import type { Target } from "./apply-sql.ts"
import { comparable, keyColumns, keyNames, keyValues, sameKey } from "./keys.ts"

export interface VersionedChanges extends TableChanges {
  commits: StagedPart
}

type ChangesRun = Extract<Run, { kind: "changes" }>
type MovesRun = Extract<Run, { kind: "moves" }>

/** What statements for one table that keeps versions are made from. */
interface Versioning {
  stages: StageTables
  target: Target
  schema: TableSchema
  changes: VersionedChanges
}

export const versionColumnList = "_record_is_active, _record_create_time, _record_delete_time"

/** Closes active versions of a target at a time: never before they began, whatever the source's clock did. */
export function closing({ prefix }: Target, at: string): string {
  return `_record_is_active = false, _record_delete_time = GREATEST(${prefix}_record_create_time, ${at})`
}

/**
 * As applyStatements, for a table that keeps versions: each state in which a transaction left a row is a version, from
 * that transaction's commit to that of the next one that changes the row.
 */
export function versionStatements(stages: StageTables, target: Target, changes: VersionedChanges): string[] {
  const of = { stages, target, changes, schema: changes.table }
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
  const { target, stages, changes } = of
  const commits = stages.commits(changes.commits)
  const when = `(SELECT MIN(__millrace_committed) FROM ${commits} WHERE __millrace_last = (SELECT MIN(__millrace_last) FROM ${commits} WHERE __millrace_last >= ${at}))`
  const undone = `DELETE FROM ${target.table} WHERE _record_is_active AND _record_create_time = ${when}${isOfTransaction(of, at)}`
  return [
    ...(continued ? [undone] : []),
    `UPDATE ${target.table} SET ${closing(target, when)} WHERE _record_is_active`,
  ]
}

/**
 * Whether a row of the target is one that the transaction at hand has touched before its change number `before`: another one may
 * have been committed at the same moment. What it did before the table was altered is not staged in this form.
 */
function isOfTransaction({ stages, target, schema, changes }: Versioning, before: number): string {
  if (changes.alteration !== undefined || schema.key === undefined) return ""
  if (changes.parts.length === 0) return " AND false"
  const begun = `(SELECT COALESCE(MAX(__millrace_last), -1) FROM ${stages.commits(changes.commits)} WHERE __millrace_last < ${before})`
  const touched = `SELECT ${keyValues(schema, "r.").join(", ")} FROM ${stages.changes(schema, changes.parts)} AS r WHERE r.__millrace_seq < ${before} AND r.__millrace_seq > ${begun}`
  return ` AND (${keyValues(schema, target.prefix).join(", ")}) IN (${touched})`
}

/** The run's rows, each with the last change of its transaction and its commit. */
function timed({ stages, changes }: Versioning, run: ChangesRun | MovesRun): string {
  const rows = stagedRows(stages, changes, run)
  const commits = stages.commits(changes.commits)
  // One sort instead of a search for each row: the next commit at or behind it.
  const marks = `SELECT r.__millrace_seq AS seq, 1 AS is_row, CAST(NULL AS INTEGER) AS last FROM ${rows} AS r UNION ALL SELECT __millrace_last, 0, __millrace_last FROM ${commits}`
  const next = `SELECT seq, is_row, MIN(last) OVER (ORDER BY seq DESC, is_row ROWS UNBOUNDED PRECEDING) AS next FROM (${marks}) AS m`
  return `(SELECT r.*, k.__millrace_last, k.__millrace_committed FROM ${rows} AS r JOIN (${next}) AS n ON n.is_row = 1 AND n.seq = r.__millrace_seq JOIN ${commits} AS k ON k.__millrace_last = n.next)`
}

function insertStatement(of: Versioning, run: ChangesRun): string {
  const columns = names(of.schema)
  return `INSERT INTO ${of.target.table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${columns.map((name) => `c.${name}`).join(", ")}, true, c.__millrace_committed, NULL FROM ${timed(of, run)} AS c`
}

const versions = quoteIdentifier("millrace_versions")
const base = quoteIdentifier("millrace_base")

function changesStatements(of: Versioning, run: ChangesRun): string[] {
  const hasBase = run.unchanged.length > 0
  return [
    `CREATE TEMP TABLE ${versions} AS ${versionsOf(of, run)}`,
    ...(hasBase ? [`CREATE TEMP TABLE ${base} AS ${baseOf(of, run)}`] : []),
    ...closeStatements(of, sameKey(of.schema, of.target.prefix, `${versions}.`), run),
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
  const keys = keyNames(of.schema)
    .map((name) => `c.${name}`)
    .join(", ")
  const inOrder = `PARTITION BY ${keyValues(of.schema, "c.").join(", ")} ORDER BY c.__millrace_seq`
  const sources = run.unchanged.map(
    (index) =>
      `, MAX(CASE WHEN NOT c.__millrace_delete AND ${isSent(index, "c.")} THEN c.__millrace_seq END) OVER (${inOrder} ROWS UNBOUNDED PRECEDING) AS __millrace_source${index}`,
  )
  const facts = `${keys}, c.__millrace_seq, c.__millrace_delete, c.__millrace_committed AS __millrace_at, c.__millrace_last AS __millrace_transaction`
  const next = `LEAD(c.__millrace_last) OVER (${inOrder}) AS __millrace_next, LEAD(c.__millrace_committed) OVER (${inOrder}) AS __millrace_next_at`
  const first = `FIRST_VALUE(c.__millrace_last) OVER (${inOrder} ROWS UNBOUNDED PRECEDING) AS __millrace_begun`
  const all = `SELECT ${facts}, ${next}, ${first}${sources.join("")} FROM ${timed(of, run)} AS c`
  return `SELECT a.*, a.__millrace_next IS NULL AS __millrace_active, a.__millrace_begun = a.__millrace_transaction AS __millrace_first, GREATEST(a.__millrace_at, a.__millrace_next_at) AS __millrace_closed FROM (${all}) AS a WHERE a.__millrace_next IS NULL OR a.__millrace_next <> a.__millrace_transaction`
}

/** What the table has in unsent columns, of the keys that no change of the run sent them for. */
function baseOf({ target, schema }: Versioning, run: ChangesRun): string {
  const lacking = run.unchanged.map((index) => `w.__millrace_source${index} IS NULL`).join(" OR ")
  const all = names(schema)
  const taken = [...new Set([...keyNames(schema), ...run.unchanged.map((index) => all[index] as string)])]
  const keys = keyNames(schema)
    .map((name) => `w.${name}`)
    .join(", ")
  const wanted = `SELECT DISTINCT ${keys} FROM ${versions} AS w WHERE NOT w.__millrace_delete AND (${lacking})`
  return `SELECT ${taken.map((name) => `t.${name}`).join(", ")} FROM ${target.table} AS t JOIN (${wanted}) AS k ON ${sameKey(schema, "t.", "k.")} WHERE t._record_is_active`
}

function insertVersions(of: Versioning, run: ChangesRun): string {
  const { target, schema, stages, changes } = of
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
  return `INSERT INTO ${target.table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${values.join(", ")}, v.__millrace_active, v.__millrace_at, CASE WHEN NOT v.__millrace_active THEN v.__millrace_closed END FROM ${versions} AS v JOIN ${rows} AS c ON c.__millrace_seq = v.__millrace_seq${sources.join("")}${kept} WHERE NOT v.__millrace_delete`
}

/**
 * Closes what the table has of the keys in `versions`, found by `isSame`. What the very transaction in which
 * the run begins has made was never committed, and goes.
 */
function closeStatements(
  of: Versioning,
  isSame: string,
  { first: begins, continued }: ChangesRun | MovesRun,
): string[] {
  const { target } = of
  const where = `${versions}.__millrace_first AND ${target.prefix}_record_is_active AND ${isSame}`
  const undone = `DELETE FROM ${target.table} USING ${versions} WHERE ${where} AND ${target.prefix}_record_create_time = ${versions}.__millrace_at AND ${versions}.__millrace_transaction = (SELECT MIN(__millrace_transaction) FROM ${versions})${isOfTransaction(of, begins)}`
  return [
    ...(continued ? [undone] : []),
    `UPDATE ${target.table} SET ${closing(target, `${versions}.__millrace_at`)} FROM ${versions} WHERE ${where}`,
  ]
}

/** Each pair closes the row at the key left and begins one at the new key, with what was unsent from the former. */
function movesStatements(of: Versioning, run: MovesRun): string[] {
  const { target, schema } = of
  const columns = names(schema)
  const leaving = keyNames(schema)
    .map((name, at) => `o.${name} AS __millrace_left${at}`)
    .join(", ")
  const isLeft = keyColumns(schema)
    .map((column, at) => {
      const left = comparable(`${versions}.`, { ...column, name: `__millrace_left${at}` })
      return `${comparable(target.prefix, column)} = ${left}`
    })
    .join(" AND ")
  const values = columns.map((name, index) =>
    run.unchanged.includes(index)
      ? `CASE WHEN ${isSent(index, "n.")} THEN n.${name} ELSE t.${name} END AS ${name}`
      : `n.${name}`,
  )
  const pairs = `SELECT ${values.join(", ")}, ${leaving}, n.__millrace_committed AS __millrace_at, n.__millrace_last AS __millrace_transaction, n.__millrace_seq, true AS __millrace_first FROM timed AS n JOIN timed AS o ON o.__millrace_seq = n.__millrace_seq - 1 LEFT JOIN ${target.table} AS t ON ${sameKey(schema, "t.", "o.")} AND t._record_is_active WHERE NOT n.__millrace_delete`
  return [
    `CREATE TEMP TABLE ${versions} AS WITH timed AS (SELECT * FROM ${timed(of, run)} AS c) ${pairs}`,
    ...closeStatements(of, isLeft, run),
    `INSERT INTO ${target.table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${columns.join(", ")}, true, __millrace_at, NULL FROM ${versions}`,
    `DROP TABLE ${versions}`,
  ]
}
