import type { DuckDBConnection } from "@duckdb/node-api"
import { type Position, positionFrom } from "../../domain/position.ts"
import type { TableName, TableSchema } from "../../domain/table.ts"
import type { TextColumn, TextColumns } from "../../replication/text-columns.ts"
import { quoteIdentifier, quoteLiteral } from "./instance.ts"
import { bookkeepingSchema, bookkeepingTable } from "./naming.ts"

/** What a destination database knows of itself: how far its rows have come, and which of its tables are replicated. */
export interface Bookkeeping {
  position(pipeline: string): Promise<Position | undefined>
  /** Every table that an integration brought, newest definition. */
  tables(): Promise<HeldTable[]>
  /** The following are statements for the caller's transaction. */
  setPosition(pipeline: string, position: Position): string
  /** Fails the transaction unless the position is this one. */
  expectPosition(pipeline: string, position: Position): string
  startPosition(pipeline: string, position: Position): string[]
  clearPosition(pipeline: string): string
  /** Takes the place of whatever was known of the table, or under its name. */
  track(pipeline: string, table: TableSchema): string[]
  untrack(pipeline: string, table: TableSchema): string
  markStale(pipeline: string, table: TableSchema): string
  textColumns(pipeline: string): Promise<TextColumns>
  noteTextColumns(pipeline: string, tableId: string, columns: readonly TextColumn[]): string[]
}

export interface HeldTable {
  pipeline: string
  /** No longer kept fresh, but readable. */
  stale: boolean
  schema: TableSchema
}

/** Makes the tables on first use. */
export async function openBookkeeping(connection: DuckDBConnection, database: string): Promise<Bookkeeping> {
  const positions = bookkeepingTable(database, "positions")
  const tables = bookkeepingTable(database, "tables")
  const texts = bookkeepingTable(database, "text_columns")
  await connection.run(`
    CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(database)}.${quoteIdentifier(bookkeepingSchema)};
    CREATE TABLE IF NOT EXISTS ${positions}
      (pipeline VARCHAR NOT NULL, position VARCHAR NOT NULL, recorded_at TIMESTAMPTZ NOT NULL);
    CREATE TABLE IF NOT EXISTS ${tables}
      (pipeline VARCHAR NOT NULL, table_id VARCHAR NOT NULL, schema_name VARCHAR NOT NULL, table_name VARCHAR NOT NULL,
       definition VARCHAR NOT NULL, stale BOOLEAN NOT NULL);
    CREATE TABLE IF NOT EXISTS ${texts} (pipeline VARCHAR NOT NULL, table_id VARCHAR NOT NULL, columns VARCHAR NOT NULL)`)

  const whose = (pipeline: string, { id }: { id: string }) =>
    `pipeline = ${quoteLiteral(pipeline)} AND table_id = ${quoteLiteral(id)}`
  const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson()

  return {
    async position(pipeline) {
      const [found] = await read(
        `SELECT position FROM ${positions} WHERE pipeline = ${quoteLiteral(pipeline)}`,
      )
      return found === undefined ? undefined : positionFrom(String(found[0]))
    },
    async tables() {
      const found = (await read(`SELECT pipeline, stale, definition FROM ${tables}`)) as [
        string,
        boolean,
        string,
      ][]
      return found.map(([pipeline, stale, definition]) => ({
        pipeline,
        stale,
        schema: JSON.parse(definition) as TableSchema,
      }))
    },
    setPosition: (pipeline, position) =>
      `UPDATE ${positions} SET position = ${quoteLiteral(position)}, recorded_at = now() WHERE pipeline = ${quoteLiteral(pipeline)}`,
    expectPosition: (pipeline, position) =>
      `SELECT CASE WHEN NOT EXISTS (FROM ${positions} WHERE pipeline = ${quoteLiteral(pipeline)} AND position = ${quoteLiteral(position)})
       THEN error('the database is not in the state that was left: its file was replaced') END`,
    startPosition: (pipeline, position) => [
      `DELETE FROM ${positions}`,
      `DELETE FROM ${texts} WHERE pipeline <> ${quoteLiteral(pipeline)}`,
      `INSERT INTO ${positions} VALUES (${quoteLiteral(pipeline)}, ${quoteLiteral(position)}, now())`,
    ],
    clearPosition: (pipeline) => `DELETE FROM ${positions} WHERE pipeline = ${quoteLiteral(pipeline)}`,
    track(pipeline, table) {
      const values = [pipeline, table.id, table.schema, table.name, JSON.stringify(table)].map(quoteLiteral)
      return [
        `DELETE FROM ${tables} WHERE ${whose(pipeline, table)} OR (lower(schema_name) = lower(${values[2]}) AND lower(table_name) = lower(${values[3]}))`,
        `INSERT INTO ${tables} VALUES (${values.join(", ")}, false)`,
      ]
    },
    untrack: (pipeline, table) => `DELETE FROM ${tables} WHERE ${whose(pipeline, table)}`,
    // Only this definition: a fresh copy with another may have come in the same batch.
    markStale: (pipeline, table) =>
      `UPDATE ${tables} SET stale = true WHERE ${whose(pipeline, table)} AND definition = ${quoteLiteral(JSON.stringify(table))}`,
    async textColumns(pipeline) {
      const found = (await read(
        `SELECT table_id, columns FROM ${texts} WHERE pipeline = ${quoteLiteral(pipeline)}`,
      )) as [string, string][]
      return new Map(found.map(([id, columns]) => [id, JSON.parse(columns) as TextColumn[]]))
    },
    noteTextColumns(pipeline, id, columns) {
      const values = [pipeline, id, JSON.stringify(columns)].map(quoteLiteral)
      return [
        `DELETE FROM ${texts} WHERE ${whose(pipeline, { id })}`,
        ...(columns.length === 0 ? [] : [`INSERT INTO ${texts} VALUES (${values.join(", ")})`]),
      ]
    },
  }
}

/** The names of the replicated tables of an open database, without its bookkeeping being opened. */
export async function trackedNames(
  connection: DuckDBConnection,
  database: string,
  pipeline: string,
): Promise<TableName[]> {
  const isThere = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = ${quoteLiteral(database)} AND schema_name = ${quoteLiteral(bookkeepingSchema)}`,
  )
  if (isThere.currentRowCount === 0) return []
  const found = await connection.runAndReadAll(
    `SELECT schema_name, table_name FROM ${bookkeepingTable(database, "tables")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  return (found.getRowsJson() as [string, string][]).map(([schema, name]) => ({ schema, name }))
}
