import type { DuckDBConnection } from "@duckdb/node-api"
import type { TableName, TableSchema } from "../../../domain/table.ts"
import type { RowKey } from "../../../replication/contracts/comparison.ts"
import { versionColumns } from "../../../replication/contracts/versions.ts"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"
import { amongKeys } from "../inspection/canonical.ts"
import { duckDbType, historicalTable, liveTable, loadingTable, movingTable, place } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { readStaged } from "../staging/staging.ts"
import { closing, versionColumnList } from "./versions-sql.ts"

const [isActive, createdAt, deletedAt] = versionColumns

/** A moment as a literal; everything here is UTC. */
export function timeLiteral(at: Date): string {
  return quoteLiteral(at.toISOString().replace("T", " ").replace("Z", ""))
}

/** Makes an empty or full table of plain rows one of versions: all its rows active, as of `at`. */
export function beginVersions(table: string, at: Date): string[] {
  const alter = (action: string) => `ALTER TABLE ${table} ${action}`
  return [
    alter(`ADD COLUMN ${isActive} BOOLEAN DEFAULT 'true'`),
    alter(`ALTER COLUMN ${isActive} DROP DEFAULT`),
    alter(`ADD COLUMN ${createdAt} TIMESTAMP DEFAULT ${timeLiteral(at)}`),
    alter(`ALTER COLUMN ${createdAt} DROP DEFAULT`),
    alter(`ADD COLUMN ${deletedAt} TIMESTAMP`),
  ]
}

/** What it kept goes on under another name; under its own, its current rows. */
export function endVersions(database: string, table: TableSchema, at: Date): string[] {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const passing = liveTable(database, movingTable(table))
  return [
    `CREATE TABLE ${passing} AS SELECT ${columns} FROM ${liveTable(database, table)} WHERE ${isActive}`,
    ...retire(database, table, at),
    `ALTER TABLE ${passing} RENAME TO ${quoteIdentifier(table.name)}`,
  ]
}

/** What stands under this name, if anything does, becomes `<table>_historical_<timestamp>`. */
export function retire(database: string, table: TableName, at: Date): string[] {
  return [
    `ALTER TABLE IF EXISTS ${liveTable(database, table)} RENAME TO ${quoteIdentifier(historicalTable(table, at).name)}`,
  ]
}

export function closeAll(database: string, table: TableName, at: Date): string {
  return `UPDATE ${liveTable(database, table)} AS t SET ${closing(`TIMESTAMP ${timeLiteral(at)}`)} WHERE t.${isActive}`
}

/** Of tables, those that users have left where they were. */
export async function standing(
  connection: DuckDBConnection,
  database: string,
  tables: readonly TableSchema[],
): Promise<TableSchema[]> {
  if (tables.length === 0) return []
  const found = await connection.runAndReadAll(
    `SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ${quoteLiteral(database)}`,
  )
  const places = new Set(
    (found.getRowsJson() as [string, string][]).map(([schema, name]) => place({ schema, name })),
  )
  return tables.filter((table) => places.has(place(table)))
}

/** Closes versions that differ and begins the source's rows, as of now: the time of the change is unknown. */
export function mendVersions(
  table: string,
  schema: TableSchema,
  keys: readonly RowKey[],
  parts: readonly StagedPart[],
): string[] {
  const now = `TIMESTAMP ${timeLiteral(new Date())}`
  const columns = schema.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const close = `UPDATE ${table} AS t SET ${closing(now)} FROM ${amongKeys(schema, keys)} AND t.${isActive}`
  if (parts.length === 0) return [close]
  return [
    close,
    `INSERT INTO ${table} (${columns}, ${versionColumnList}) SELECT ${columns}, true, ${now}, NULL FROM ${readStaged(parts)}`,
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
 * when the copy was made, and what was closed stays.
 */
export function succeedStatements(database: string, { from, to, since }: Succession): string[] {
  const live = liveTable(database, from)
  const copy = loadingTable(database, to)
  const passing = liveTable(database, movingTable(to))
  const at = `TIMESTAMP ${timeLiteral(since)}`
  const columns = to.columns.map(({ name }) => quoteIdentifier(name))
  const old = `SELECT ${carried(from, to)}, ${isActive}, ${createdAt}, ${deletedAt} FROM ${live}`
  const same = [
    `c.${createdAt} = ${at}`,
    ...columns.map((name) => `c.${name} IS NOT DISTINCT FROM o.${name}`),
  ].join(" AND ")
  const of = (prefix: string) => columns.map((name) => `${prefix}.${name}`).join(", ")
  const goesOn = `SELECT ${of("c")}, c.${isActive}, coalesce(o.${createdAt}, c.${createdAt}) AS ${createdAt}, c.${deletedAt} FROM ${copy} AS c LEFT JOIN (${old} WHERE ${isActive}) AS o ON ${same}`
  const closed = `SELECT ${of("o")}, false, o.${createdAt}, coalesce(o.${deletedAt}, greatest(o.${createdAt}, ${at})) FROM (${old}) AS o WHERE NOT o.${isActive} OR NOT EXISTS (SELECT 1 FROM ${copy} AS c WHERE ${same})`
  return [
    `CREATE TABLE ${passing} AS ${goesOn} UNION ALL ${closed}`,
    `DROP TABLE ${live}`,
    `DROP TABLE ${copy}`,
    `ALTER TABLE ${passing} RENAME TO ${quoteIdentifier(to.name)}`,
  ]
}

/** What the table had, as far as it still has a column for it. */
function carried(from: TableSchema, to: TableSchema): string {
  return to.columns
    .map(({ name, type }) => {
      const column = quoteIdentifier(name)
      const before = from.columns.find((one) => one.name.toLowerCase() === name.toLowerCase())
      const isKept = before !== undefined && duckDbType(before.type) === duckDbType(type)
      return isKept ? column : `CAST(NULL AS ${duckDbType(type)}) AS ${column}`
    })
    .join(", ")
}
