import type { DuckDBConnection } from "@duckdb/node-api"
import type { TableSchema } from "../../domain/table.ts"
import type { StagedPart, TableLoad } from "../../replication/warehouse.ts"
import { applyStatements } from "./apply-sql.ts"
import type { Bookkeeping } from "./bookkeeping.ts"
import { problemOf } from "./errors.ts"
import type { DuckDbInstance } from "./instance.ts"
import { quoteIdentifier, quoteLiteral } from "./instance.ts"
import { duckDbType, loadingTable } from "./naming.ts"
import type { Staging } from "./staging.ts"
import { swapStatements } from "./swap.ts"

export interface LoadTarget {
  instance: DuckDbInstance
  database: string
  pipeline: string
  staging: Staging
  books: Bookkeeping
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
      const statements = swapStatements(
        target.database,
        target.books,
        target.pipeline,
        table,
        await target.books.tables(),
      )
      await run(["BEGIN", ...statements, "COMMIT"].join(";\n"), "finishing")
      connection.closeSync()
    },
    settled,
    async apply(changes) {
      await run(["BEGIN", ...applyStatements(copy, changes), "COMMIT"].join(";\n"), "completing")
      await target.staging.remove(changes.parts)
    },
    close: () => connection.closeSync(),
    async abort() {
      waiting = []
      await loading
      await run(`DROP TABLE IF EXISTS ${copy}`, "dropping the copy of")
      connection.closeSync()
    },
  }
}

async function runOrFail(connection: DuckDBConnection, sql: string, doing: string): Promise<void> {
  try {
    await connection.run(sql)
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined)
    throw problemOf(error, doing)
  }
}
