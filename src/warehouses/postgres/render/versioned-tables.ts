import type { TableName, TableSchema } from "../../../domain/table.ts"
import type { RowKey } from "../../../replication/contracts/comparison.ts"
import { versionColumns } from "../../../replication/contracts/versions.ts"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"
import type { Read } from "../bookkeeping.ts"
import { historicalTable, type Names, place } from "../naming.ts"
import { doBlock, quoteIdentifier, quoteLiteral } from "../quoting.ts"
import type { StageTables } from "../staging/stage-tables.ts"
import { amongKeys, exactly } from "../types/canonical.ts"
import { nativeType } from "../types/native-type.ts"
import { addKey, dropKey, sameKey } from "./keys.ts"
import { adoptCopy, rename } from "./places.ts"
import { letReaders } from "./routines.ts"
import { closing, versionColumnList } from "./versions-sql.ts"

const [isActive, createdAt, deletedAt] = versionColumns

/** A moment as a literal; everything here is UTC. */
export function timeLiteral(at: Date): string {
  return `TIMESTAMP ${quoteLiteral(at.toISOString().replace("T", " ").replace("Z", ""))}`
}

/** Definitions of the columns of a table of versions. Rows that are loaded need not say when they began. */
export function versionDefinitions(since: Date): string[] {
  return [
    `${isActive} boolean DEFAULT true`,
    `${createdAt} timestamp DEFAULT ${timeLiteral(since)}`,
    `${deletedAt} timestamp`,
  ]
}

/** Makes an empty or full table of plain rows one of versions: all its rows active, as of `at`. */
export function beginVersions(table: string, schema: TableSchema, at: Date): string[] {
  const alter = (action: string) => `ALTER TABLE ${table} ${action}`
  return [
    dropKey(table),
    alter(
      versionDefinitions(at)
        .map((column) => `ADD COLUMN ${column}`)
        .join(", "),
    ),
    ...forgetDefaults(table),
    ...addKey(table, schema, true),
  ]
}

/** Of a table of versions: what is written there says itself when it began. */
function forgetDefaults(table: string): string[] {
  return [
    `ALTER TABLE ${table} ALTER COLUMN ${isActive} DROP DEFAULT, ALTER COLUMN ${createdAt} DROP DEFAULT`,
  ]
}

/** What it kept goes on under another name; under its own, its current rows. */
export function endVersions(names: Names, table: TableSchema, at: Date): string[] {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const live = names.live(table)
  const passing = names.inSchema(table.schema, names.passing(table))
  return [
    `CREATE TABLE ${passing} AS SELECT ${columns} FROM ${live} WHERE ${isActive}`,
    ...addKey(passing, table, false),
    ...retire(names, table, at),
    rename(passing, table.name),
    letReaders(names, live, "new"),
  ]
}

/** What stands under this name, if anything does, becomes `<table>_historical_<timestamp>`. */
export function retire(names: Names, table: TableName, at: Date): string[] {
  return [
    `ALTER TABLE IF EXISTS ${names.live(table)} RENAME TO ${quoteIdentifier(historicalTable(table, at).name)}`,
  ]
}

/** What users have dropped, or altered so that it has no versions any more, is left as it is. */
export function closeAll(names: Names, table: TableName, at: Date): string {
  return doBlock(`BEGIN
    UPDATE ${names.live(table)} AS t SET ${closing(timeLiteral(at))} WHERE t.${isActive};
  EXCEPTION WHEN undefined_table OR undefined_column OR wrong_object_type OR insufficient_privilege THEN NULL;
  END`)
}

/** Of tables, those that users have left where they were. */
export async function standing(
  reader: Read,
  names: Names,
  tables: readonly TableSchema[],
): Promise<TableSchema[]> {
  if (tables.length === 0) return []
  const lives = tables.map(
    (table, index) => `(${index}, to_regclass(${quoteLiteral(names.live(table))}) IS NOT NULL)`,
  )
  const found = await reader.rows(
    `SELECT n FROM (VALUES ${lives.join(", ")}) AS v(n, is_there) WHERE is_there`,
  )
  const there = new Set(found.map(([index]) => place(tables[Number(index)] as TableSchema)))
  return tables.filter((table) => there.has(place(table)))
}

/** Closes versions that differ and begins the source's rows, as of now: the time of the change is unknown. */
export function mendVersions(
  stages: StageTables,
  table: string,
  schema: TableSchema,
  mended: { keys: readonly RowKey[]; parts: readonly StagedPart[] },
): string[] {
  const now = timeLiteral(new Date())
  const columns = schema.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const close = `UPDATE ${table} AS t SET ${closing(now)} FROM ${amongKeys(schema, mended.keys)} AND t.${isActive}`
  if (mended.parts.length === 0) return [close]
  return [
    close,
    `INSERT INTO ${table} (${columns}, ${versionColumnList}) SELECT ${columns}, true, ${now}, NULL FROM ${stages.rows(schema, mended.parts)}`,
  ]
}

/** The table that tells a copy's rows that are as they were from those that changed while nobody looked. */
export interface Succession {
  from: TableSchema
  to: TableSchema
  /** As of when the copy's rows are. */
  since: Date
}

/**
 * A resync takes the place of a table with versions: rows that are as they were go on, those that are not are closed
 * when the copy was made, and what was closed stays. The copy takes the closed ones in, and the table's place.
 */
export function succeedStatements(names: Names, { from, to, since }: Succession): string[] {
  const live = names.live(from)
  const copy = names.loading(to)
  const at = timeLiteral(since)
  const columns = to.columns.map(({ name }) => quoteIdentifier(name))
  const own = (prefix: string) => columns.map((name) => `${prefix}${name}`).join(", ")
  const old = "pg_temp.millrace_old"
  const same = to.columns
    .map((column, index) => {
      const [before, after] = [`o.${columns[index]}`, `c.${columns[index]}`]
      return `${exactly(after, column)} IS NOT DISTINCT FROM ${exactly(before, column)}`
    })
    .join(" AND ")
  const isSame = [`c.${createdAt} = ${at}`, sameKeyOrTrue(to), same].join(" AND ")
  const list = `${own("")}, ${versionColumnList}`
  return [
    `CREATE TEMP TABLE millrace_old ON COMMIT DROP AS SELECT row_number() OVER () AS __millrace_row, ${carried(from, to)}, ${isActive}, ${createdAt}, ${deletedAt} FROM ${live}`,
    `CREATE TEMP TABLE millrace_same ON COMMIT DROP AS SELECT c.ctid AS __millrace_copy, o.__millrace_row, o.${createdAt} AS __millrace_begun FROM ${copy} AS c JOIN ${old} AS o ON ${isSame} WHERE o.${isActive}`,
    `UPDATE ${copy} AS c SET ${createdAt} = s.__millrace_begun FROM pg_temp.millrace_same AS s WHERE c.ctid = s.__millrace_copy`,
    `INSERT INTO ${copy} (${list}) SELECT ${own("o.")}, false, o.${createdAt}, coalesce(o.${deletedAt}, greatest(o.${createdAt}, ${at})) FROM ${old} AS o WHERE NOT o.${isActive} OR NOT EXISTS (SELECT 1 FROM pg_temp.millrace_same AS s WHERE s.__millrace_row = o.__millrace_row)`,
    `DROP TABLE ${old}`,
    "DROP TABLE pg_temp.millrace_same",
    adoptCopy(names, to, from),
  ]
}

/** Narrows by the key where it can be hashed, before the contents are compared. */
function sameKeyOrTrue(schema: TableSchema): string {
  return schema.key === undefined ? "true" : sameKey(schema, "c.", "o.")
}

/** What the table had, as far as it still has a column for it. */
function carried(from: TableSchema, to: TableSchema): string {
  return to.columns
    .map((column) => {
      const name = quoteIdentifier(column.name)
      const before = from.columns.find((one) => one.name === column.name)
      const isKept = before !== undefined && nativeType(before) === nativeType(column)
      return isKept ? name : `NULL::${nativeType(column)} AS ${name}`
    })
    .join(", ")
}
