import type { DuckDBConnection } from "@duckdb/node-api"
import { type Bookkeeping, type BooksDialect, bookkeepingOf } from "../sql/bookkeeping.ts"
import { fenceTables, readPosition } from "./fence.ts"
import { bookkeepingSchema, bookkeepingTable, place } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"

/** Makes the tables on first use. */
export async function openBookkeeping(connection: DuckDBConnection, database: string): Promise<Bookkeeping> {
  const tracked = bookkeepingTable(database, "tables")
  const texts = bookkeepingTable(database, "text_columns")
  const versions = bookkeepingTable(database, "versions")
  await connection.run(`
    CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(database)}.${quoteIdentifier(bookkeepingSchema)};
    ${fenceTables(database)};
    CREATE TABLE IF NOT EXISTS ${tracked}
      (pipeline VARCHAR NOT NULL, table_id VARCHAR NOT NULL, schema_name VARCHAR NOT NULL, table_name VARCHAR NOT NULL,
       definition VARCHAR NOT NULL, stale BOOLEAN NOT NULL);
    CREATE TABLE IF NOT EXISTS ${texts} (pipeline VARCHAR NOT NULL, table_id VARCHAR NOT NULL, columns VARCHAR NOT NULL);
    CREATE TABLE IF NOT EXISTS ${versions}
      (pipeline VARCHAR NOT NULL, table_id VARCHAR NOT NULL, dropped BOOLEAN NOT NULL, definition VARCHAR NOT NULL)`)
  return bookkeepingOf(dialectOf(connection, database))
}

/** The bookkeeping of a database, in this engine's words. */
export function dialectOf(connection: DuckDBConnection, database: string): BooksDialect {
  return {
    table: (name) => bookkeepingTable(database, name),
    literal: quoteLiteral,
    place,
    isNamed: (schema, name) => `lower(schema_name) = lower(${schema}) AND lower(table_name) = lower(${name})`,
    rows: async (sql) => (await connection.runAndReadAll(sql)).getRowsJson(),
    position: (pipeline) => readPosition(connection, { database, pipeline }),
  }
}

/** Whether the database was ever opened for a pipeline. */
export async function hasBookkeeping(connection: DuckDBConnection, database: string): Promise<boolean> {
  const found = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = ${quoteLiteral(database)} AND schema_name = ${quoteLiteral(bookkeepingSchema)}`,
  )
  return found.currentRowCount > 0
}
