import type { TableSchema } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { Run, StagedPart, TableChanges } from "../../../replication/contracts/warehouse.ts"
import { isSent, keyNames, names, rangesOf, stagedRows } from "../staging/staged-rows.ts"
import { readStaged } from "../staging/staging.ts"

export interface VersionedChanges extends TableChanges {
  commits: StagedPart
}

type ChangesRun = Extract<Run, { kind: "changes" }>
type MovesRun = Extract<Run, { kind: "moves" }>

export const versionColumnList = "_record_is_active, _record_create_time, _record_delete_time"

/** Closes active versions (of `t`) at a time: never before they began, whatever the source's clock did. */
export function closing(at: string): string {
  return `_record_is_active = false, _record_delete_time = greatest(t._record_create_time, ${at})`
}

/**
 * As applyStatements, for a table that keeps versions: each state in which a transaction left a row is a version, from
 * that transaction's commit to that of the next one that changes the row.
 */
export function versionStatements(table: string, changes: VersionedChanges): string[] {
  return changes.runs.flatMap((run) => {
    switch (run.kind) {
      case "truncate":
        return truncateStatements(table, changes, run)
      case "moves":
        return movesStatements(table, changes, run)
      case "changes":
        return run.insertsOnly && run.continued === undefined
          ? insertStatements(table, changes, run)
          : changesStatements(table, changes, run)
      default:
        return unreachable(run)
    }
  })
}

function truncateStatements(
  table: string,
  changes: VersionedChanges,
  { at = 0, continued }: Extract<Run, { kind: "truncate" }>,
): string[] {
  const when = `(SELECT arg_min(__millrace_committed, __millrace_last) FROM ${readStaged([changes.commits])} WHERE __millrace_last >= ${at})`
  const undone = `DELETE FROM ${table} AS t WHERE t._record_is_active AND t._record_create_time = ${when}${isOfTransaction(changes, at)}`
  return [
    ...(continued ? [undone] : []),
    `UPDATE ${table} AS t SET ${closing(when)} WHERE t._record_is_active`,
  ]
}

/**
 * Whether a row (of `t`) is one that the transaction at hand has touched before its change number `before`: another one may
 * have been committed at the same moment. What it did before the table was altered is not staged in this form.
 */
function isOfTransaction({ table, parts, commits, alteration }: VersionedChanges, before: number): string {
  const keys = keyNames(table, table.key ?? [])
  if (alteration !== undefined || keys.length === 0) return ""
  if (parts.length === 0) return " AND false"
  const begun = `(SELECT coalesce(max(__millrace_last), -1) FROM ${readStaged([commits])} WHERE __millrace_last < ${before})`
  const touched = `SELECT ${keys.join(", ")} FROM ${readStaged(parts)} WHERE __millrace_seq < ${before} AND __millrace_seq > ${begun}`
  return ` AND (${keys.map((name) => `t.${name}`).join(", ")}) IN (${touched})`
}

/** The run's rows as `c`, the transactions that they are of as `k`. */
function timed(changes: VersionedChanges, run: ChangesRun | MovesRun): string {
  return `${stagedRows(changes, run)} AS c ASOF JOIN ${readStaged([changes.commits])} AS k ON c.__millrace_seq <= k.__millrace_last`
}

function insertStatements(table: string, changes: VersionedChanges, run: ChangesRun): string[] {
  const columns = names(changes.table)
  return rangesOf(run.first, run.last).map(
    (range) =>
      `INSERT INTO ${table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${columns.map((name) => `c.${name}`).join(", ")}, true, k.__millrace_committed, NULL FROM ${timed(changes, run)} WHERE c.__millrace_seq ${range}`,
  )
}

const versions = "temp.main.millrace_versions"
const base = "temp.main.millrace_base"

function changesStatements(table: string, changes: VersionedChanges, run: ChangesRun): string[] {
  const keys = keyNames(changes.table, changes.table.key ?? [])
  const hasBase = run.unchanged.length > 0
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_versions AS ${versionsOf(changes, run, keys.join(", "))}`,
    ...(hasBase
      ? [`CREATE OR REPLACE TEMP TABLE millrace_base AS ${baseOf(table, changes.table, run)}`]
      : []),
    ...closeStatements(table, changes, keys, run),
    ...rangesOf(run.first, run.last).map((range) =>
      insertVersions(table, changes, run, `v.__millrace_seq ${range}`),
    ),
    ...(hasBase ? [`DROP TABLE ${base}`] : []),
    `DROP TABLE ${versions}`,
  ]
}

/**
 * The last change that each transaction made to each key, without its values, and until when it held: what comes next of a
 * key is of the next transaction. Of unsent columns, the change that sent them last. One sort: large batches spend most here.
 */
function versionsOf(changes: VersionedChanges, run: ChangesRun, keys: string): string {
  const inOrder = `PARTITION BY ${keys} ORDER BY __millrace_seq`
  const sources = run.unchanged.map(
    (index) =>
      `, max(CASE WHEN NOT __millrace_delete AND ${isSent(index, "")} THEN __millrace_seq END) OVER (${inOrder} ROWS UNBOUNDED PRECEDING) AS __millrace_source${index}`,
  )
  const facts = `${keys}, __millrace_seq, __millrace_delete, __millrace_committed AS __millrace_at, __millrace_last AS __millrace_transaction`
  const next = `lead(__millrace_last) OVER (${inOrder})`
  const span = `greatest(__millrace_committed, lead(__millrace_committed) OVER (${inOrder})) AS __millrace_closed, ${next} IS NULL AS __millrace_active`
  const isFirst = `first_value(__millrace_last) OVER (${inOrder}) = __millrace_last AS __millrace_first`
  return `SELECT ${facts}, ${span}, ${isFirst}${sources.join("")} FROM ${timed(changes, run)} QUALIFY ${next} IS DISTINCT FROM __millrace_last`
}

/** What the table has in unsent columns, of the keys that no change of the run sent them for. */
function baseOf(table: string, schema: TableSchema, run: ChangesRun): string {
  const keys = keyNames(schema, schema.key ?? [])
  const lacking = run.unchanged.map((index) => `__millrace_source${index} IS NULL`).join(" OR ")
  const wanted = `SELECT DISTINCT ${keys.join(", ")} FROM ${versions} WHERE NOT __millrace_delete AND (${lacking})`
  const all = names(schema)
  const taken = [...new Set([...keys, ...run.unchanged.map((index) => all[index] as string)])]
  return `SELECT ${taken.map((name) => `t.${name}`).join(", ")} FROM ${table} AS t JOIN (${wanted}) AS w ON ${matches(keys, keys, "t", "w")} WHERE t._record_is_active`
}

function insertVersions(table: string, changes: VersionedChanges, run: ChangesRun, where: string): string {
  const columns = names(changes.table)
  const rows = stagedRows(changes, run)
  const keys = keyNames(changes.table, changes.table.key ?? [])
  const values = columns.map((name, index) =>
    run.unchanged.includes(index)
      ? `CASE WHEN v.__millrace_source${index} IS NULL THEN b.${name} ELSE s${index}.${name} END`
      : `c.${name}`,
  )
  const sources = run.unchanged.map(
    (index) => ` LEFT JOIN ${rows} AS s${index} ON s${index}.__millrace_seq = v.__millrace_source${index}`,
  )
  const kept = run.unchanged.length > 0 ? ` LEFT JOIN ${base} AS b ON ${matches(keys, keys, "b", "v")}` : ""
  return `INSERT INTO ${table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${values.join(", ")}, v.__millrace_active, v.__millrace_at, CASE WHEN NOT v.__millrace_active THEN v.__millrace_closed END FROM ${versions} AS v JOIN ${rows} AS c ON c.__millrace_seq = v.__millrace_seq${sources.join("")}${kept} WHERE NOT v.__millrace_delete AND ${where}`
}

function matches(
  left: readonly string[],
  right: readonly string[],
  leftTable: string,
  rightTable: string,
): string {
  return left.map((name, place) => `${leftTable}.${name} = ${rightTable}.${right[place]}`).join(" AND ")
}

/**
 * Closes what the table has of the keys in `versions`, under the names `given` there. What the very transaction in which
 * the run begins has made was never committed, and goes.
 */
function closeStatements(
  table: string,
  changes: VersionedChanges,
  given: readonly string[],
  { first: begins, continued }: ChangesRun | MovesRun,
): string[] {
  const keys = keyNames(changes.table, changes.table.key ?? [])
  const first = `(FROM ${versions} WHERE __millrace_first)`
  const where = `t._record_is_active AND ${matches(keys, given, "t", "s")}`
  const undone = `DELETE FROM ${table} AS t USING ${first} AS s WHERE ${where} AND t._record_create_time = s.__millrace_at AND s.__millrace_transaction = (SELECT min(__millrace_transaction) FROM ${versions})${isOfTransaction(changes, begins)}`
  return [
    ...(continued ? [undone] : []),
    `UPDATE ${table} AS t SET ${closing("s.__millrace_at")} FROM ${first} AS s WHERE ${where}`,
  ]
}

/** Each pair closes the row at the key left and begins one at the new key, with what was unsent from the former. */
function movesStatements(table: string, changes: VersionedChanges, run: MovesRun): string[] {
  const { table: schema } = changes
  const keys = keyNames(schema, schema.key ?? [])
  const columns = names(schema)
  const left = keys.map((_, place) => `__millrace_left${place}`)
  const leaving = keys.map((name, place) => `o.${name} AS ${left[place]}`).join(", ")
  const pairs = `SELECT c.*, k.__millrace_committed AS __millrace_at, k.__millrace_last AS __millrace_transaction FROM ${timed(changes, run)}`
  const values = columns.map((name, index) =>
    run.unchanged.includes(index)
      ? `CASE WHEN ${isSent(index, "n.")} THEN n.${name} ELSE t.${name} END AS ${name}`
      : `n.${name}`,
  )
  const atOld = matches(keys, keys, "t", "o")
  return [
    `CREATE OR REPLACE TEMP TABLE millrace_versions AS WITH timed AS (${pairs}) SELECT ${values.join(", ")}, ${leaving}, n.__millrace_at, n.__millrace_transaction, n.__millrace_seq, true AS __millrace_first FROM timed AS n JOIN timed AS o ON o.__millrace_seq = n.__millrace_seq - 1 LEFT JOIN ${table} AS t ON ${atOld} AND t._record_is_active WHERE NOT n.__millrace_delete`,
    ...closeStatements(table, changes, left, run),
    ...rangesOf(run.first, run.last).map(
      (range) =>
        `INSERT INTO ${table} (${columns.join(", ")}, ${versionColumnList}) SELECT ${columns.join(", ")}, true, __millrace_at, NULL FROM ${versions} WHERE __millrace_seq ${range}`,
    ),
    `DROP TABLE ${versions}`,
  ]
}
