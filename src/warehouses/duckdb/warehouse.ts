import { join } from "node:path"
import type { DuckDBConnection } from "@duckdb/node-api"
import { type Position, positionFrom } from "../../domain/position.ts"
import { qualifiedName, type TableSchema } from "../../domain/table.ts"
import { type Batch, changeColumns, type Destination, type Warehouse } from "../../replication/warehouse.ts"
import { applyStatements } from "./apply-sql.ts"
import { problemOf } from "./errors.ts"
import { type DuckDbInstance, quoteIdentifier, quoteLiteral } from "./instance.ts"
import { beginTableLoad } from "./load.ts"
import { bookkeepingSchema, bookkeepingTable, liveTable } from "./naming.ts"
import { openStaging, type Staging } from "./staging.ts"

/** A DuckDB folder as a warehouse: one file per destination database. `stagingPath` must be one the instance may read. */
export function openDuckDbWarehouse(instance: DuckDbInstance, stagingPath: string): Warehouse {
  return {
    async open(database) {
      try {
        await instance.ensureDatabase(database)
        const connection = await instance.connect()
        await makeBookkeeping(connection, database)
        const staging = await openStaging(join(stagingPath, encodeURIComponent(database)))
        return openDestination(instance, connection, database, staging)
      } catch (error) {
        throw problemOf(error, `opening database ${database}`)
      }
    },
    async countRows(database, pipeline) {
      const connection = await instance.connect()
      try {
        return await countRows(connection, database, pipeline)
      } catch (error) {
        throw problemOf(error, "counting rows")
      } finally {
        connection.closeSync()
      }
    },
  }
}

async function makeBookkeeping(connection: DuckDBConnection, database: string): Promise<void> {
  await connection.run(`
    CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(database)}.${quoteIdentifier(bookkeepingSchema)};
    CREATE TABLE IF NOT EXISTS ${bookkeepingTable(database, "positions")}
      (pipeline VARCHAR NOT NULL, position VARCHAR NOT NULL, recorded_at TIMESTAMPTZ NOT NULL);
    CREATE TABLE IF NOT EXISTS ${bookkeepingTable(database, "tables")}
      (pipeline VARCHAR NOT NULL, table_id VARCHAR NOT NULL, schema_name VARCHAR NOT NULL, table_name VARCHAR NOT NULL, definition VARCHAR NOT NULL)`)
}

async function countRows(
  connection: DuckDBConnection,
  database: string,
  pipeline: string,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  if (!(await isOpen(connection, database))) return counts
  const held = await connection.runAndReadAll(
    `SELECT schema_name, table_name FROM ${bookkeepingTable(database, "tables")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  for (const [schema, name] of held.getRowsJson() as [string, string][]) {
    const found = await connection.runAndReadAll(
      `SELECT count(*)::VARCHAR FROM ${liveTable(database, { schema, name })}`,
    )
    counts.set(qualifiedName({ schema, name }), Number(found.getRowsJson()[0]?.[0]))
  }
  return counts
}

async function isOpen(connection: DuckDBConnection, database: string): Promise<boolean> {
  const found = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = ${quoteLiteral(database)} AND schema_name = ${quoteLiteral(bookkeepingSchema)}`,
  )
  return found.currentRowCount > 0
}

function openDestination(
  instance: DuckDbInstance,
  connection: DuckDBConnection,
  database: string,
  staging: Staging,
): Destination {
  const positions = bookkeepingTable(database, "positions")
  const tables = bookkeepingTable(database, "tables")

  // Statements of two transactions on one connection must not mix.
  let last: Promise<void> = Promise.resolve()
  function transaction(statements: string[], doing: string): Promise<void> {
    const mine = last.then(() => runTransaction(statements, doing))
    last = mine.catch(() => undefined)
    return mine
  }

  async function runTransaction(statements: string[], doing: string): Promise<void> {
    try {
      await connection.run(["BEGIN", ...statements, "COMMIT"].join(";\n"))
    } catch (error) {
      // The statement that failed has ended the transaction, or not: both are fine.
      await connection.run("ROLLBACK").catch(() => undefined)
      throw problemOf(error, doing)
    }
  }

  async function rows(sql: string, doing: string): Promise<string[][]> {
    try {
      return (await connection.runAndReadAll(sql)).getRowsJson() as string[][]
    } catch (error) {
      throw problemOf(error, doing)
    }
  }

  const record = (pipeline: string, position: Position) =>
    `UPDATE ${positions} SET position = ${quoteLiteral(position)}, recorded_at = now() WHERE pipeline = ${quoteLiteral(pipeline)}`

  const untrack = (pipeline: string, table: TableSchema) =>
    `DELETE FROM ${tables} WHERE pipeline = ${quoteLiteral(pipeline)} AND table_id = ${quoteLiteral(table.id)}`

  async function heldTables(pipeline: string): Promise<TableSchema[]> {
    const found = await rows(
      `SELECT definition FROM ${tables} WHERE pipeline = ${quoteLiteral(pipeline)}`,
      "reading tables",
    )
    return found.map(([definition]) => JSON.parse(definition as string) as TableSchema)
  }

  /** A database has one pipeline: what an earlier integration of the same name left, and is not replicated now, goes too. */
  async function tablesGone(pipeline: string, kept: TableSchema[]): Promise<TableSchema[]> {
    const ids = new Set(kept.map((table) => table.id))
    const keptNames = new Set(kept.map(qualifiedName))
    const left = await rows(
      `SELECT definition FROM ${tables} WHERE pipeline <> ${quoteLiteral(pipeline)}`,
      "reading tables",
    )
    const earlier = left.map(([definition]) => JSON.parse(definition as string) as TableSchema)
    const mine = (await heldTables(pipeline)).filter((table) => !ids.has(table.id))
    return [...mine, ...earlier].filter((table) => !keptNames.has(qualifiedName(table)))
  }

  return {
    capabilities: { caseSensitiveNames: false },
    async position(pipeline) {
      const found = await rows(
        `SELECT position FROM ${positions} WHERE pipeline = ${quoteLiteral(pipeline)}`,
        "reading the position",
      )
      return found[0]?.[0] === undefined ? undefined : positionFrom(found[0][0])
    },
    tables: heldTables,
    beginLoad: (pipeline, table) => beginTableLoad({ instance, database, pipeline, staging }, table),
    async completeSnapshot(pipeline, kept, position) {
      const name = quoteLiteral(pipeline)
      const gone = await tablesGone(pipeline, kept)
      await transaction(
        [
          ...gone.map((table) => `DROP TABLE IF EXISTS ${liveTable(database, table)}`),
          `DELETE FROM ${tables} WHERE pipeline <> ${name}`,
          ...gone.map((table) => untrack(pipeline, table)),
          `DELETE FROM ${positions}`,
          `INSERT INTO ${positions} VALUES (${name}, ${quoteLiteral(position)}, now())`,
        ],
        "ending the snapshot",
      )
    },
    forget: (pipeline) =>
      transaction(
        [`DELETE FROM ${positions} WHERE pipeline = ${quoteLiteral(pipeline)}`],
        "forgetting the position",
      ),
    advance: (pipeline, position) => transaction([record(pipeline, position)], "recording the position"),
    stage: (table, changes) =>
      staging.write([...table.columns.map((column) => column.name), ...changeColumns], changes),
    async apply(pipeline, batch: Batch) {
      const statements = batch.tables.flatMap((changes) => applyStatements(database, changes))
      const failed = batch.failed.map((table) => untrack(pipeline, table))
      await transaction([...statements, ...failed, record(pipeline, batch.position)], "applying changes")
      await staging.remove(batch.tables.flatMap((changes) => changes.parts))
    },
    async close() {
      connection.closeSync()
    },
  }
}
