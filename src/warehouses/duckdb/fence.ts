import { setTimeout as delay } from "node:timers/promises"
import type { DuckDBConnection } from "@duckdb/node-api"
import { Problem } from "../../domain/problems.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { PipelineOwner } from "../../replication/contracts/warehouse.ts"
import { nextPosition, noPosition, type PositionChange } from "../sql/position.ts"
import { bookkeepingTable } from "./naming.ts"
import { quoteLiteral } from "./quoting.ts"

/**
 * The fence against an earlier owner of a pipeline. A database has one row for each pipeline, with the newest owner's generation
 * and the position, and one for each copy that the owner is making. Every transaction begins by writing its row, if the row's
 * generation is not newer and the position is the expected one; the changed rows are counted. The engine does not let two
 * transactions that write the same row both succeed: the second one to write fails with a conflict, is begun again, and then
 * sees what the first one left.
 *
 * Copies have rows of their own because they are loaded beside the stream, on other connections, for seconds: both writing the
 * pipeline's row would conflict all the time.
 */
export interface Fence {
  /**
   * Begins a transaction and writes the fence's row in it. Throws TakenOver where a newer owner exists, or Problem
   * `warehouseUnavailable` where the recorded position is not the expected one; then no transaction is open.
   */
  begin(connection: DuckDBConnection, change?: PositionChange): Promise<void>
}

interface FencedPipeline extends PipelineOwner {
  database: string
}

interface FencedCopy extends FencedPipeline {
  /** Names the copy. */
  copy: string
}

const conflictMessage = /conflict on (update|tuple deletion)|write-write conflict/i
/** Limit of retries after a conflict: the transaction of the other owner takes as long as a batch, at most. */
const conflictLimitMs = 10_000
const conflictPauseMs = 10

/** The statements that make the tables of this file, if they are not there. */
export function fenceTables(database: string): string {
  const positions = bookkeepingTable(database, "positions")
  return `
    CREATE TABLE IF NOT EXISTS ${positions}
      (pipeline VARCHAR NOT NULL, position VARCHAR NOT NULL, recorded_at TIMESTAMPTZ NOT NULL, generation BIGINT DEFAULT 0);
    ALTER TABLE ${positions} ADD COLUMN IF NOT EXISTS generation BIGINT DEFAULT 0;
    CREATE TABLE IF NOT EXISTS ${bookkeepingTable(database, "copies")}
      (pipeline VARCHAR NOT NULL, copy VARCHAR NOT NULL, generation BIGINT NOT NULL)`
}

export function pipelineFence(of: FencedPipeline): Fence {
  return {
    begin: (connection, change = {}) =>
      withoutConflict(connection, async () => {
        const { rowsChanged } = await connection.run(`BEGIN;\n${writeOf(of, change)}`)
        if (rowsChanged !== 1) throw (await newerOwner(connection, of)) ?? positionLost()
      }),
  }
}

export function copyFence(of: FencedCopy): Fence {
  const write = `UPDATE ${bookkeepingTable(of.database, "copies")} SET generation = ${of.generation}
    WHERE ${copyRow(of)} AND generation = ${of.generation}`
  return {
    begin: (connection) =>
      withoutConflict(connection, async () => {
        const { rowsChanged } = await connection.run(`BEGIN;\n${write}`)
        if (rowsChanged !== 1) throw (await newerOwner(connection, of)) ?? copyGivenUp()
      }),
  }
}

/** Statements, for the transaction in which a copy is begun, that let only this owner load it. */
export function fenceCopy(of: FencedCopy): string[] {
  const copies = bookkeepingTable(of.database, "copies")
  const values = `${quoteLiteral(of.pipeline)}, ${quoteLiteral(of.copy)}, ${of.generation}`
  return [`DELETE FROM ${copies} WHERE ${copyRow(of)}`, `INSERT INTO ${copies} VALUES (${values})`]
}

/**
 * Records a new owner: from then on writes of earlier owners are refused, and so are the copies that any owner was making.
 */
export function claim(connection: DuckDBConnection, of: FencedPipeline): Promise<void> {
  const { database, pipeline, generation } = of
  const row = [quoteLiteral(pipeline), quoteLiteral(noPosition), "now()", generation].join(", ")
  return withoutConflict(connection, async () => {
    const { rowsChanged } = await connection.run(`BEGIN;\n${writeOf(of, {})}`)
    if (rowsChanged !== 1) {
      const newer = await newerOwner(connection, of)
      if (newer !== undefined) throw newer
      await connection.run(`INSERT INTO ${bookkeepingTable(database, "positions")} VALUES (${row})`)
    }
    const copies = bookkeepingTable(database, "copies")
    await connection.run(`DELETE FROM ${copies} WHERE pipeline = ${quoteLiteral(pipeline)};\nCOMMIT`)
  })
}

/** Whether the database was ever opened for the pipeline. */
export async function isKnown(
  connection: DuckDBConnection,
  { database, pipeline }: Pick<FencedPipeline, "database" | "pipeline">,
): Promise<boolean> {
  const found = await connection.runAndReadAll(
    `SELECT 1 FROM ${bookkeepingTable(database, "positions")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  return found.currentRowCount > 0
}

/** `undefined`: the pipeline has none. */
export async function readPosition(
  connection: DuckDBConnection,
  { database, pipeline }: Pick<FencedPipeline, "database" | "pipeline">,
): Promise<string | undefined> {
  const found = await connection.runAndReadAll(
    `SELECT position FROM ${bookkeepingTable(database, "positions")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  const position = found.getRowsJson()[0]?.[0]
  return position === undefined || position === noPosition ? undefined : String(position)
}

function copyRow({ pipeline, copy }: FencedCopy): string {
  return `pipeline = ${quoteLiteral(pipeline)} AND copy = ${quoteLiteral(copy)}`
}

const moment = { literal: quoteLiteral, now: "now()" }

function writeOf({ database, pipeline, generation }: FencedPipeline, change: PositionChange): string {
  const { expected } = change
  const isExpected = expected === undefined ? "" : ` AND position = ${quoteLiteral(expected)}`
  return `UPDATE ${bookkeepingTable(database, "positions")} SET generation = ${generation}${nextPosition(change, moment)}
    WHERE pipeline = ${quoteLiteral(pipeline)} AND generation <= ${generation}${isExpected}`
}

/** TakenOver, if a newer owner is the reason why the fence's row was not written; else `undefined`. */
async function newerOwner(
  connection: DuckDBConnection,
  { database, pipeline, generation }: FencedPipeline,
): Promise<TakenOver | undefined> {
  const found = await connection.runAndReadAll(
    `SELECT generation::VARCHAR FROM ${bookkeepingTable(database, "positions")}
     WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  const newest = Number(found.getRowsJson()[0]?.[0] ?? 0)
  return newest > generation ? new TakenOver(generation, newest) : undefined
}

function positionLost(): Problem {
  return new Problem(
    "warehouseUnavailable",
    "The database is not in the state that was left: its file was replaced, or another opening of it has written.",
  )
}

function copyGivenUp(): Problem {
  return new Problem("warehouseUnavailable", "The copy was given up: the pipeline was opened anew.")
}

/**
 * Runs `work`, which begins a transaction. If it fails, no transaction stays open; after a conflict with another transaction
 * it runs again.
 */
async function withoutConflict(connection: DuckDBConnection, work: () => Promise<void>): Promise<void> {
  const deadlineMs = performance.now() + conflictLimitMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      // A ROLLBACK that fails is fine: the statement that failed may have ended the transaction already.
      await connection.run("ROLLBACK").catch(() => undefined)
      const isConflict = error instanceof Error && conflictMessage.test(error.message)
      if (!isConflict || performance.now() > deadlineMs) throw error
    }
    await delay(conflictPauseMs)
  }
}
