import { Problem } from "../../domain/problems.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { PipelineOwner } from "../../replication/contracts/warehouse.ts"
import { nextPosition, noPosition, type PositionChange } from "../sql/position.ts"
import type { Session } from "./client.ts"
import type { Names } from "./naming.ts"
import { quoteLiteral } from "./quoting.ts"

/**
 * The fence against an earlier owner of a pipeline. A database has one row for each pipeline, with the newest owner's generation
 * and the position, and one for each copy that the owner is making. Every transaction begins by writing its row, if the row's
 * generation is not newer and the position is the expected one; the changed rows are counted. Of two transactions that write
 * the same row the server lets the second wait for the first, and then tests its condition on what the first left.
 *
 * Copies have rows of their own because they are loaded beside the stream, on other connections, for seconds: both writing the
 * pipeline's row would wait for one another all the time.
 */
export interface Fence {
  /**
   * Begins a transaction with the write of the row. Throws TakenOver, or Problem `warehouseUnavailable` where the position is
   * another one; the caller rolls back.
   */
  begin(session: Session, change?: PositionChange): Promise<void>
}

export interface FencedPipeline extends PipelineOwner {
  names: Names
}

export interface FencedCopy extends FencedPipeline {
  /** Names the copy. */
  copy: string
}

/** The statements that make the tables of this file, if they are not there. */
export function fenceTables(names: Names): string {
  return `
    CREATE TABLE IF NOT EXISTS ${names.books("positions")}
      (pipeline text PRIMARY KEY, position text NOT NULL, recorded_at timestamptz NOT NULL, generation bigint NOT NULL)
      WITH (fillfactor = 10);
    CREATE TABLE IF NOT EXISTS ${names.books("copies")}
      (pipeline text NOT NULL, copy text NOT NULL, generation bigint NOT NULL, PRIMARY KEY (pipeline, copy))`
}

export function pipelineFence(of: FencedPipeline): Fence {
  return {
    async begin(session, change = {}) {
      const [, written] = await session.run(`BEGIN;\n${writeOf(of, change)}`)
      if (written?.count !== 1) throw (await newerOwner(session, of)) ?? positionLost()
    },
  }
}

export function copyFence(of: FencedCopy): Fence {
  const write = `UPDATE ${of.names.books("copies")} SET generation = ${of.generation}
    WHERE ${copyRow(of)} AND generation = ${of.generation}`
  return {
    async begin(session) {
      const [, written] = await session.run(`BEGIN;\n${write}`)
      if (written?.count !== 1) throw (await newerOwner(session, of)) ?? copyGivenUp()
    },
  }
}

/** Statements, for the transaction in which a copy is begun, that let only this owner load it. */
export function fenceCopy(of: FencedCopy): string[] {
  const copies = of.names.books("copies")
  const values = `${quoteLiteral(of.pipeline)}, ${quoteLiteral(of.copy)}, ${of.generation}`
  return [`DELETE FROM ${copies} WHERE ${copyRow(of)}`, `INSERT INTO ${copies} VALUES (${values})`]
}

/** Statements that note a new owner: those before it are refused from now on, and so are copies that any owner was making. */
export function claimStatements(of: FencedPipeline): string[] {
  const { names, pipeline, generation } = of
  const positions = names.books("positions")
  const row = [quoteLiteral(pipeline), quoteLiteral(noPosition), "now()", generation].join(", ")
  return [
    `INSERT INTO ${positions} AS p VALUES (${row}) ON CONFLICT (pipeline) DO UPDATE SET generation = excluded.generation WHERE p.generation <= excluded.generation`,
    `DELETE FROM ${names.books("copies")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  ]
}

/** Notes a new owner; see claimStatements. Throws TakenOver. */
export async function claim(session: Session, of: FencedPipeline): Promise<void> {
  const [noted = "", forgotten = ""] = claimStatements(of)
  try {
    const [, written] = await session.run(`BEGIN;\n${noted}`)
    if (written?.count !== 1) throw (await newerOwner(session, of)) ?? positionLost()
    await session.run(`${forgotten};\nCOMMIT`)
  } catch (error) {
    await session.run("ROLLBACK").catch(() => undefined)
    throw error
  }
}

/** Whether the database was ever opened for the pipeline. */
export async function isKnown(
  session: Session,
  { names, pipeline }: Pick<FencedPipeline, "names" | "pipeline">,
): Promise<boolean> {
  const found = await session.rows(
    `SELECT 1 FROM ${names.books("positions")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  return found.length > 0
}

/** `undefined`: the pipeline has none. */
export async function readPosition(
  session: Pick<Session, "rows">,
  { names, pipeline }: Pick<FencedPipeline, "names" | "pipeline">,
): Promise<string | undefined> {
  const found = await session.rows(
    `SELECT position FROM ${names.books("positions")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  const position = found[0]?.[0]
  return position === undefined || position === null || position === noPosition ? undefined : position
}

function copyRow({ pipeline, copy }: FencedCopy): string {
  return `pipeline = ${quoteLiteral(pipeline)} AND copy = ${quoteLiteral(copy)}`
}

const moment = { literal: quoteLiteral, now: "now()" }

function writeOf({ names, pipeline, generation }: FencedPipeline, change: PositionChange): string {
  const { expected } = change
  const isExpected = expected === undefined ? "" : ` AND position = ${quoteLiteral(expected)}`
  return `UPDATE ${names.books("positions")} SET generation = ${generation}${nextPosition(change, moment)}
    WHERE pipeline = ${quoteLiteral(pipeline)} AND generation <= ${generation}${isExpected}`
}

/** Why no row was written, if that is why. */
async function newerOwner(
  session: Session,
  { names, pipeline, generation }: FencedPipeline,
): Promise<TakenOver | undefined> {
  const found = await session.rows(
    `SELECT generation FROM ${names.books("positions")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  const newest = Number(found[0]?.[0] ?? 0)
  return newest > generation ? new TakenOver(generation, newest) : undefined
}

function positionLost(): Problem {
  return new Problem(
    "warehouseUnavailable",
    "The database is not in the state that was left: it was replaced, or another opening of it has written.",
  )
}

function copyGivenUp(): Problem {
  return new Problem("warehouseUnavailable", "The copy was given up: the pipeline was opened anew.")
}
