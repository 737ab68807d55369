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
      const keptIds = new Set(kept.map((table) => table.id))
      const gone = (await heldTables(pipeline)).filter((table) => !keptIds.has(table.id))
      const name = quoteLiteral(pipeline)
      await transaction(
        [
          ...gone.map((table) => `DROP TABLE IF EXISTS ${liveTable(database, table)}`),
          ...gone.map((table) => untrack(pipeline, table)),
          `DELETE FROM ${positions} WHERE pipeline = ${name}`,
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
    async countRows(pipeline) {
      const held = await heldTables(pipeline)
      const counts = new Map<string, number>()
      if (held.length === 0) return counts
      const found = await rows(
        held
          .map(
            (table, index) =>
              `SELECT ${index}::VARCHAR, count(*)::VARCHAR FROM ${liveTable(database, table)}`,
          )
          .join(" UNION ALL "),
        "counting rows",
      )
      for (const [index, count] of found)
        counts.set(qualifiedName(held[Number(index)] as TableSchema), Number(count))
      return counts
    },
    async close() {
      connection.closeSync()
    },
  }
}
