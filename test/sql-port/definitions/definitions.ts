import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { installDialect } from "../../../src/query/duckdb/dialect/macros.ts"
import { type DuckDbInstance, openDuckDb } from "../../../src/warehouses/duckdb/files/instance.ts"
import { quoteIdentifier, quoteLiteral } from "../../../src/warehouses/duckdb/quoting.ts"
import { testDatabase } from "../../support/postgres.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"
import type { CaseOutcome, ChildOrder } from "./definitions-child.ts"

/** Everything in a database: its definitions, and the rows of its tables, each as text. */
export type Definitions = Record<string, string[]>

export async function definitionsOf(instance: DuckDbInstance, database: string): Promise<Definitions> {
  const connection = await instance.connect()
  const rows = async (sql: string) =>
    (await connection.runAndReadAll(sql)).getRowsJson().map((row) => JSON.stringify(row))
  await connection.run(`USE ${quoteIdentifier(database)}`)
  const where = `WHERE database_name = ${quoteLiteral(database)}`
  try {
    const tables = await connection.runAndReadAll(
      `SELECT schema_name, table_name FROM duckdb_tables() ${where} ORDER BY ALL`,
    )
    const found: Definitions = {
      schemas: await rows(`SELECT schema_name FROM duckdb_schemas() ${where} ORDER BY ALL`),
      tables: await rows(`SELECT schema_name, sql FROM duckdb_tables() ${where} ORDER BY ALL`),
      views: await rows(`SELECT schema_name, sql FROM duckdb_views() ${where} AND NOT internal ORDER BY ALL`),
      types: await rows(
        `SELECT schema_name, type_name, logical_type, labels FROM duckdb_types() ${where} AND NOT internal ORDER BY ALL`,
      ),
      sequences: await rows(
        `SELECT schema_name, sql, last_value FROM duckdb_sequences() ${where} ORDER BY ALL`,
      ),
      indexes: await rows(`SELECT schema_name, table_name, sql FROM duckdb_indexes() ${where} ORDER BY ALL`),
    }
    for (const [schema, name] of tables.getRows()) {
      const place = [database, schema, name].map((part) => quoteIdentifier(String(part))).join(".")
      // A generated column whose type is in another schema cannot be read; that is to stay the same, too.
      found[`rows of ${place}`] = await rows(`SELECT * FROM ${place} ORDER BY ALL`).catch((error: Error) => [
        error.message.split("\n", 1)[0] ?? "",
      ])
    }
    return found
  } finally {
    connection.closeSync()
  }
}

/** One list of statements after a crash. */
export interface ReopenedCase {
  statements: string[]
  outcome: CaseOutcome
  /** The engine's error; undefined: the database was opened. */
  unopened: string | undefined
  reopened: Definitions | undefined
}

/**
 * Runs each list in a database of its own in a process that then dies by SIGKILL, and opens them all again. `isLogKept`:
 * what is defined is not moved from the log into the file at once.
 */
export async function afterCrash(lists: string[][], isLogKept: boolean): Promise<ReopenedCase[]> {
  const folder = await temporaryFolder("definitions")
  const state = await testDatabase()
  try {
    const outcomes = await inChild(folder, state.url, lists, isLogKept)
    const instance = await openDuckDb({
      path: folder,
      stagingPath: folder,
      threads: 2,
      memoryLimitBytes: 2 ** 29,
      prepare: installDialect,
    })
    try {
      const cases: ReopenedCase[] = []
      for (const [at, outcome] of outcomes.entries()) {
        const unopened = instance.shutOffBy(outcome.database)?.message
        const reopened = unopened === undefined ? await definitionsOf(instance, outcome.database) : undefined
        cases.push({ statements: lists[at] ?? [], outcome, unopened, reopened })
      }
      return cases
    } finally {
      await instance.close()
    }
  } finally {
    await state.drop()
    await removeFolder(folder)
  }
}

async function inChild(
  folder: string,
  stateUrl: string,
  lists: string[][],
  isLogKept: boolean,
): Promise<CaseOutcome[]> {
  const cases = join(folder, "cases.json")
  await writeFile(cases, JSON.stringify(lists))
  const order: ChildOrder = { folder, stateUrl, cases, isLogKept }
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "definitions-child.ts"), JSON.stringify(order)],
    { stdio: ["ignore", "pipe", "inherit"] },
  )
  const ended = once(child, "exit")
  const output = await text(child.stdout)
  const [, signal] = await ended
  if (signal !== "SIGKILL") throw new Error(`the child did not come to its end: ${output.slice(0, 500)}`)
  return JSON.parse(output) as CaseOutcome[]
}
