import { setTimeout as delay } from "node:timers/promises"
import type { DuckDBConnection } from "@duckdb/node-api"
import { Problem } from "../../domain/problems.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { PipelineOwner } from "../../replication/contracts/warehouse.ts"
import { bookkeepingTable } from "./naming.ts"
import { quoteLiteral } from "./quoting.ts"

/**
 * The fence against an earlier owner of a pipeline. A database has one row for each pipeline with the newest owner's generation,
 * and one for each copy that the owner is making. Every transaction begins by writing its row, if the row's generation is not
 * newer. The engine lets two transactions that write the same row not both succeed: the second one to write fails with a
 * conflict, is begun again, and then sees what the first one left.
 *
 * Copies have rows of their own because they are loaded beside the stream, on other connections, for seconds: both writing the
 * pipeline's row would conflict all the time.
 */
export interface Fence {
  /** Begins a transaction and writes the generation. Throws TakenOver, and then no transaction is open. */
  begin(connection: DuckDBConnection): Promise<void>
}

interface FenceOf extends PipelineOwner {
  database: string
  /** Names a copy; empty: the pipeline itself. */
  copy: string
}

const conflictMessage = /conflict on (update|tuple deletion)|write-write conflict/i
/** The transaction of the other owner is at most as long as a batch. */
const conflictLimitMs = 10_000
const conflictPauseMs = 10

/** The tables of this file, for the bookkeeping to make. */
export function generationTable(database: string): string {
  return `CREATE TABLE IF NOT EXISTS ${bookkeepingTable(database, "generations")}
      (pipeline VARCHAR NOT NULL, copy VARCHAR NOT NULL, generation BIGINT NOT NULL)`
}

export function fenceOf(of: FenceOf): Fence {
  const write = writeOf(of)
  return {
    begin: (connection) =>
      withoutConflict(async () => {
        const { rowsChanged } = await connection.run(`BEGIN;\n${write}`)
        if (rowsChanged !== 1) throw await refusal(connection, of)
      }, connection),
  }
}

/** Statements, for the transaction in which a copy is begun, that let only this owner load it. */
export function fenceCopy(of: FenceOf): string[] {
  const { database, pipeline, copy, generation } = of
  const values = `${quoteLiteral(pipeline)}, ${quoteLiteral(copy)}, ${generation}`
  return [
    `DELETE FROM ${bookkeepingTable(database, "generations")} WHERE ${rowOf(of)}`,
    `INSERT INTO ${bookkeepingTable(database, "generations")} VALUES (${values})`,
  ]
}

/** Notes a new owner: those before it are refused from now on, and so are the copies that any owner was making. */
export function claim(
  connection: DuckDBConnection,
  database: string,
  { pipeline, generation }: PipelineOwner,
): Promise<void> {
  const of: FenceOf = { database, pipeline, generation, copy: "" }
  const table = bookkeepingTable(database, "generations")
  return withoutConflict(async () => {
    const { rowsChanged } = await connection.run(`BEGIN;\n${writeOf(of)}`)
    if (rowsChanged !== 1) {
      if ((await newestOf(connection, of)) !== undefined) throw await refusal(connection, of)
      await connection.run(`INSERT INTO ${table} VALUES (${quoteLiteral(pipeline)}, '', ${generation})`)
    }
    await connection.run(
      `DELETE FROM ${table} WHERE pipeline = ${quoteLiteral(pipeline)} AND copy <> '';\nCOMMIT`,
    )
  }, connection)
}

function rowOf({ pipeline, copy }: FenceOf): string {
  return `pipeline = ${quoteLiteral(pipeline)} AND copy = ${quoteLiteral(copy)}`
}

function writeOf(of: FenceOf): string {
  const { database, generation } = of
  return `UPDATE ${bookkeepingTable(database, "generations")} SET generation = ${generation} WHERE ${rowOf(of)} AND generation <= ${generation}`
}

async function newestOf(connection: DuckDBConnection, of: FenceOf): Promise<number | undefined> {
  const found = await connection.runAndReadAll(
    `SELECT generation::VARCHAR FROM ${bookkeepingTable(of.database, "generations")}
     WHERE pipeline = ${quoteLiteral(of.pipeline)} AND copy = ''`,
  )
  const [row] = found.getRowsJson()
  return row === undefined ? undefined : Number(row[0])
}

/** Of a row that was not there, or was newer. A copy has no row any more when its pipeline was opened anew. */
async function refusal(connection: DuckDBConnection, of: FenceOf): Promise<Problem> {
  const newest = await newestOf(connection, of)
  if (newest !== undefined && newest > of.generation) return new TakenOver(of.generation, newest)
  return new Problem(
    "warehouseUnavailable",
    of.copy === ""
      ? "The database is not in the state that was left: its file was replaced."
      : "The copy was given up: the pipeline was opened anew.",
  )
}

/** `work` begins a transaction; where it fails none stays open, and after a conflict with another it is tried again. */
async function withoutConflict(work: () => Promise<void>, connection: DuckDBConnection): Promise<void> {
  const deadlineMs = performance.now() + conflictLimitMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      // The statement that failed has ended the transaction, or not: both are fine.
      await connection.run("ROLLBACK").catch(() => undefined)
      const isConflict = error instanceof Error && conflictMessage.test(error.message)
      if (!isConflict || performance.now() > deadlineMs) throw error
    }
    await delay(conflictPauseMs)
  }
}
