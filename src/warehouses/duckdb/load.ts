import type { DuckDBConnection } from "@duckdb/node-api"
import type { TableSchema } from "../../domain/table.ts"
import type { StagedPart, TableLoad } from "../../replication/warehouse.ts"
import { problemOf } from "./errors.ts"
import type { DuckDbInstance } from "./instance.ts"
import { quoteIdentifier, quoteLiteral } from "./instance.ts"
import { bookkeepingTable, duckDbType, liveTable, loadingTable } from "./naming.ts"
import type { Staging } from "./staging.ts"

export interface LoadTarget {
  instance: DuckDbInstance
  database: string
  pipeline: string
  staging: Staging
}

// Two parts wait while one loads; more would only fill the disk when the warehouse is the slower side.
const maxWaitingParts = 3

/** Copies a table beside the live one: parts are loaded in the background, as many at a time as have gathered. */
export async function beginTableLoad(target: LoadTarget, table: TableSchema): Promise<TableLoad> {
  const connection = await target.instance.connect()
  const columns = table.columns.map((column) => `${quoteIdentifier(column.name)} ${duckDbType(column.type)}`)
  const copy = loadingTable(target.database, table)
  const run = (sql: string, doing: string) =>
    runOrFail(connection, sql, `${doing} ${table.schema}.${table.name}`)
  await run(
    `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(target.database)}.${quoteIdentifier(table.schema)};
     CREATE OR REPLACE TABLE ${copy} (${columns.join(", ")})`,
    "making",
  )
  const names = table.columns.map((column) => column.name)
  let waiting: StagedPart[] = []
  let loading: Promise<void> | undefined
  let failure: unknown

  async function loadWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const parts = waiting
      waiting = []
      const files = parts.map((part) => quoteLiteral(part.token)).join(", ")
      await run(`INSERT INTO ${copy} FROM read_parquet([${files}])`, "loading")
      await target.staging.remove(parts)
    }
  }

  function kick(): void {
    loading ??= loadWaiting()
      .catch((error) => {
        failure = error
      })
      .finally(() => {
        loading = undefined
      })
  }

  async function settled(): Promise<void> {
    // A part may have come just as the loader found none left.
    while (failure === undefined && (waiting.length > 0 || loading !== undefined)) {
      kick()
      await loading
    }
    if (failure !== undefined) throw failure
  }

  return {
    async write(rows) {
      if (failure !== undefined) throw failure
      const part = await target.staging.write(names, rows)
      waiting.push(part)
      kick()
      while (waiting.length >= maxWaitingParts && loading !== undefined) await loading
    },
    async finish() {
      await settled()
      await run(swapStatements(target, table, copy).join(";\n"), "finishing")
      connection.closeSync()
    },
    async abort() {
      waiting = []
      await loading
      await run(`DROP TABLE IF EXISTS ${copy}`, "dropping the copy of")
      connection.closeSync()
    },
  }
}

/** Puts the copy in the live table's place; a table that was renamed at the source leaves its old name. */
function swapStatements(target: LoadTarget, table: TableSchema, copy: string): string[] {
  const tables = bookkeepingTable(target.database, "tables")
  const values = [target.pipeline, table.id, table.schema, table.name, JSON.stringify(table)].map(
    quoteLiteral,
  )
  return [
    "BEGIN",
    `DROP TABLE IF EXISTS ${liveTable(target.database, table)}`,
    `ALTER TABLE ${copy} RENAME TO ${quoteIdentifier(table.name)}`,
    `DELETE FROM ${tables} WHERE pipeline = ${values[0]} AND (table_id = ${values[1]} OR (schema_name = ${values[2]} AND table_name = ${values[3]}))`,
    `INSERT INTO ${tables} VALUES (${values.join(", ")})`,
    "COMMIT",
  ]
}

async function runOrFail(connection: DuckDBConnection, sql: string, doing: string): Promise<void> {
  try {
    await connection.run(sql)
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined)
    throw problemOf(error, doing)
  }
}
