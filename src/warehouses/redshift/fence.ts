import { Problem } from "../../domain/problems.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { PipelineOwner } from "../../replication/contracts/warehouse.ts"
import { nextPosition, noPosition, type PositionChange } from "../sql/position.ts"
import type { Session } from "./connection/client.ts"
import { retryingConflicts } from "./errors.ts"
import type { Names } from "./naming.ts"
import { quoteLiteral } from "./quoting.ts"

/**
 * The fence against an earlier owner of a pipeline. A database has a row for each pipeline, with the newest owner's generation and
 * the position. Every transaction begins by writing it, if no generation is newer and the position is the expected one; the
 * changed rows are counted. Of two transactions that write the same row the warehouse refuses one, which is repeated.
 *
 * The engine enforces no keys: two owners that open at the very first moment may make two rows. All of them are written each
 * time, and a newer generation in any of them refuses. An owner's row is committed before its first conditional write begins, so
 * that of two such owners one sees the other's.
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

/** The statement that makes the table of this file, if it is not there. */
export function fenceTable(names: Names): string {
  return `CREATE TABLE IF NOT EXISTS ${names.books("positions")} (pipeline VARCHAR(65535) NOT NULL, position VARCHAR(65535) NOT NULL, recorded_at TIMESTAMPTZ NOT NULL, generation BIGINT NOT NULL)`
}

export function pipelineFence(of: FencedPipeline): Fence {
  return {
    async begin(session, change = {}) {
      const [, written] = await session.run(`BEGIN; ${writeOf(of, change)}`)
      if ((written?.count ?? 0) === 0) throw (await newerOwner(session, of)) ?? positionLost()
    },
  }
}

/**
 * For transactions that only load a copy: no other opening knows the copy's name, so nothing has to be written, which would make
 * loads wait for one another. `check` is called before the commit, so that an older owner is told.
 */
export interface CopyFence {
  check(session: Session): Promise<void>
}

export function copyFence(of: FencedPipeline): CopyFence {
  return {
    async check(session) {
      const newer = await newerOwner(session, of)
      if (newer !== undefined) throw newer
    },
  }
}

/** Statements that note a new owner: those before it are refused from now on. Each is a transaction of its own. */
export function claimStatements(of: FencedPipeline): [string, string] {
  const positions = of.names.books("positions")
  const pipeline = quoteLiteral(of.pipeline)
  const row = [pipeline, quoteLiteral(noPosition), "GETDATE()", 0].join(", ")
  return [
    `INSERT INTO ${positions} SELECT ${row} WHERE NOT EXISTS (SELECT 1 FROM ${positions} WHERE pipeline = ${pipeline})`,
    writeOf(of, {}),
  ]
}

/** Notes a new owner; see claimStatements. Throws TakenOver. */
export async function claim(session: Session, of: FencedPipeline): Promise<void> {
  const [row, owner] = claimStatements(of)
  await retryingConflicts(async () => {
    await session.run(row)
    const [written] = await session.run(owner)
    if ((written?.count ?? 0) === 0) throw (await newerOwner(session, of)) ?? positionLost()
  })
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
    `SELECT position FROM ${names.books("positions")} WHERE pipeline = ${quoteLiteral(pipeline)} ORDER BY generation DESC`,
  )
  const position = found[0]?.[0]
  return position === undefined || position === null || position === noPosition ? undefined : position
}

const moment = { literal: quoteLiteral, now: "GETDATE()" }

function writeOf({ names, pipeline, generation }: FencedPipeline, change: PositionChange): string {
  const { expected } = change
  const positions = names.books("positions")
  const whose = `pipeline = ${quoteLiteral(pipeline)}`
  const isExpected = expected === undefined ? "" : ` AND position = ${quoteLiteral(expected)}`
  return `UPDATE ${positions} SET generation = ${generation}${nextPosition(change, moment)} WHERE ${whose} AND (SELECT MAX(generation) FROM ${positions} WHERE ${whose}) <= ${generation}${isExpected}`
}

/** Asked when the conditional write changed no row: the error, if a newer generation is recorded; `undefined`: that was not the cause. */
async function newerOwner(
  session: Session,
  { names, pipeline, generation }: FencedPipeline,
): Promise<TakenOver | undefined> {
  const found = await session.rows(
    `SELECT MAX(generation) FROM ${names.books("positions")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
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
