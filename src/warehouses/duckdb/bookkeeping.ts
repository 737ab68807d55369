import type { DuckDBConnection } from "@duckdb/node-api"
import { type Position, positionFrom } from "../../domain/position.ts"
import type { TableName, TableSchema } from "../../domain/table.ts"
import type { HeldTable, HeldVersions } from "../../replication/batch/held.ts"
import type { TextColumn, TextColumns } from "../../replication/contracts/text-columns.ts"
import { fenceTables, readPosition } from "./fence.ts"
import { bookkeepingSchema, bookkeepingTable, place } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"

/** What a destination database knows of itself: how far its rows have come, and which of its tables are replicated. */
export interface Bookkeeping {
  position(pipeline: string): Promise<Position | undefined>
  /** Every replicated table, with its newest definition. */
  tables(): Promise<HeldTable[]>
  /** The following are statements for the caller's transaction. */
  /** Removes the positions of other pipelines, and the records of their columns. */
  takeOver(pipeline: string): string[]
  /** Records the table, replacing an earlier record of its id or of its name. */
  track(pipeline: string, table: TableSchema): string[]
  untrack(pipeline: string, table: TableSchema): string
  markStale(pipeline: string, table: TableSchema): string
  textColumns(pipeline: string): Promise<TextColumns>
  noteTextColumns(pipeline: string, tableId: string, columns: readonly TextColumn[]): string[]
  /** Every table that keeps versions, live ones as they are now. */
  versions(): Promise<HeldVersions[]>
  noteVersions(pipeline: string, table: TableSchema): string[]
  /** Records that the table is gone and its versions stay. */
  noteDropped(pipeline: string, table: TableSchema): string[]
  forgetVersions(pipeline: string, table: TableSchema): string
}

/** Makes the tables on first use. */
export async function openBookkeeping(connection: DuckDBConnection, database: string): Promise<Bookkeeping> {
  const positions = bookkeepingTable(database, "positions")
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

  const whose = (pipeline: string, { id }: { id: string }) =>
    `pipeline = ${quoteLiteral(pipeline)} AND table_id = ${quoteLiteral(id)}`
  const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson()
  const setVersions = (pipeline: string, table: TableSchema, dropped: boolean) => [
    `DELETE FROM ${versions} WHERE ${whose(pipeline, table)}`,
    `INSERT INTO ${versions} VALUES (${[pipeline, table.id].map(quoteLiteral).join(", ")}, ${dropped}, ${quoteLiteral(JSON.stringify(table))})`,
  ]

  const tables = async (): Promise<HeldTable[]> => {
    const found = (await read(`SELECT pipeline, stale, definition FROM ${tracked}`)) as [
      string,
      boolean,
      string,
    ][]
    return found.map(([pipeline, stale, definition]) => ({
      pipeline,
      stale,
      schema: JSON.parse(definition) as TableSchema,
    }))
  }

  return {
    tables,
    async position(pipeline) {
      const found = await readPosition(connection, { database, pipeline })
      return found === undefined ? undefined : positionFrom(found)
    },
    takeOver: (pipeline) =>
      [positions, texts].map((table) => `DELETE FROM ${table} WHERE pipeline <> ${quoteLiteral(pipeline)}`),
    track(pipeline, table) {
      const values = [pipeline, table.id, table.schema, table.name, JSON.stringify(table)].map(quoteLiteral)
      return [
        `DELETE FROM ${tracked} WHERE ${whose(pipeline, table)} OR (lower(schema_name) = lower(${values[2]}) AND lower(table_name) = lower(${values[3]}))`,
        `INSERT INTO ${tracked} VALUES (${values.join(", ")}, false)`,
      ]
    },
    untrack: (pipeline, table) => `DELETE FROM ${tracked} WHERE ${whose(pipeline, table)}`,
    // Only this definition: a copy with another may have come in the same batch.
    markStale: (pipeline, table) =>
      `UPDATE ${tracked} SET stale = true WHERE ${whose(pipeline, table)} AND definition = ${quoteLiteral(JSON.stringify(table))}`,
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
    async versions() {
      const found = (await read(
        `SELECT v.pipeline, v.dropped, CASE WHEN v.dropped THEN v.definition ELSE t.definition END FROM ${versions} AS v LEFT JOIN ${tracked} AS t ON t.pipeline = v.pipeline AND t.table_id = v.table_id WHERE t.definition IS NOT NULL OR v.dropped`,
      )) as [string, boolean, string][]
      const all = found.map(([pipeline, dropped, definition]) => ({
        pipeline,
        dropped,
        schema: JSON.parse(definition) as TableSchema,
      }))
      const live = new Set((await tables()).map(({ schema }) => place(schema)))
      // The user has dropped that table, and a replicated one stands at its name now.
      return all.filter(({ dropped, schema }) => !dropped || !live.has(place(schema)))
    },
    noteVersions: (pipeline, table) => setVersions(pipeline, table, false),
    noteDropped: (pipeline, table) => setVersions(pipeline, table, true),
    forgetVersions: (pipeline, table) => `DELETE FROM ${versions} WHERE ${whose(pipeline, table)}`,
  }
}

/** Whether the database was ever opened for a pipeline. */
export async function hasBookkeeping(connection: DuckDBConnection, database: string): Promise<boolean> {
  const found = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = ${quoteLiteral(database)} AND schema_name = ${quoteLiteral(bookkeepingSchema)}`,
  )
  return found.currentRowCount > 0
}

/** The names of the replicated tables of an open database, without its bookkeeping being opened. */
export async function trackedNames(
  connection: DuckDBConnection,
  database: string,
  pipeline: string,
): Promise<TableName[]> {
  if (!(await hasBookkeeping(connection, database))) return []
  const found = await connection.runAndReadAll(
    `SELECT schema_name, table_name FROM ${bookkeepingTable(database, "tables")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  return (found.getRowsJson() as [string, string][]).map(([schema, name]) => ({ schema, name }))
}
