import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import { OversizedTable } from "../../replication/contracts/oversized.ts"
import type { StagedPart } from "../../replication/contracts/warehouse.ts"
import type { PositionChange } from "../sql/position.ts"
import type { Session } from "./connection/client.ts"
import { problemOf, RefusedRows, retryingConflicts } from "./errors.ts"
import type { CopyFence, Fence } from "./fence.ts"
import { quoteLiteral } from "./quoting.ts"
import type { StageTable } from "./staging/stage-tables.ts"
import type { CopyInto, Staging } from "./staging/staging.ts"

export interface Work {
  /** Made and filled before the statements run, and dropped behind them. */
  stages?: readonly StageTable[]
  statements: readonly string[]
}

/** What runs on one session, one after another: statements of two must not mix. */
export interface Transactions {
  /**
   * Runs statements as one transaction, with what becomes of the position. `doing` completes "while …" in the Problem thrown;
   * TakenOver where the fence refuses, OversizedTable where the warehouse refuses a table's rows.
   */
  run(work: Work, doing: string, position?: PositionChange): Promise<void>
  /** Reads outside of a transaction. */
  rows(sql: string): Promise<(string | null)[][]>
}

interface Filled {
  stage: StageTable
  copy: string
}

export function newTransactions(session: Session, fence: Fence, staging: Staging): Transactions {
  const inTurn = newSerialQueue()

  async function fill({ stage, copy }: Filled): Promise<void> {
    await session.run(stage.create)
    try {
      await session.run(copy)
    } catch (error) {
      await session.run("ROLLBACK")
      const refused = await refusedRows(session, staging, stage.parts).catch(() => undefined)
      if (refused === undefined) throw error
      throw stage.table === undefined ? refused : new OversizedTable(stage.table, refused.message)
    }
  }

  async function attempt(
    filled: readonly Filled[],
    statements: readonly string[],
    position?: PositionChange,
  ) {
    try {
      await fence.begin(session, position)
      for (const one of filled) await fill(one)
      const drops = filled.map(({ stage }) => `DROP TABLE ${stage.name}`)
      await session.run([...statements, ...drops, "COMMIT"].join(";\n"))
    } catch (error) {
      await session.run("ROLLBACK").catch(() => undefined)
      throw error
    }
  }

  async function run({ stages = [], statements }: Work, doing: string, position?: PositionChange) {
    try {
      // Before the transaction: it is to be short.
      const filled: Filled[] = []
      for (const stage of stages)
        filled.push({
          stage,
          copy: await staging.copyOf({ table: stage.name, columns: stage.columns }, stage.parts),
        })
      await retryingConflicts(() => attempt(filled, statements, position))
    } catch (error) {
      throw problemOf(error, doing)
    }
  }

  return {
    run: (work, doing, position) => inTurn(() => run(work, doing, position)),
    rows: (sql) => inTurn(() => session.rows(sql)),
  }
}

/** Loads parts into a table in a transaction of their own. @throws RefusedRows, TakenOver, or what the driver throws */
export async function loadParts(
  session: Session,
  { fence, staging, into, parts }: LoadedParts,
): Promise<void> {
  const copy = await staging.copyOf(into, parts)
  await retryingConflicts(async () => {
    try {
      await session.run("BEGIN")
      await session.run(copy)
      await fence.check(session)
      await session.run("COMMIT")
    } catch (error) {
      await session.run("ROLLBACK").catch(() => undefined)
      throw (await refusedRows(session, staging, parts).catch(() => undefined)) ?? error
    }
  })
}

export interface LoadedParts {
  fence: CopyFence
  staging: Staging
  into: CopyInto
  parts: readonly StagedPart[]
}

/** What COPY found in the parts' rows, if that is why it failed. */
async function refusedRows(
  session: Session,
  staging: Staging,
  parts: readonly StagedPart[],
): Promise<RefusedRows | undefined> {
  const found = await session.rows(loadErrorsQuery(staging.place))
  const row = found.find(([file]) =>
    parts.some(({ token }) => file?.endsWith(token.slice(token.lastIndexOf("/")))),
  )
  return row && new RefusedRows(row[1] ?? "", row[2] ?? "", row[3] ?? "")
}

/** What COPY found in files whose names begin so; the newest first. (Source: Redshift's documentation, "SYS_LOAD_ERROR_DETAIL".) */
export function loadErrorsQuery(place: string): string {
  return `SELECT TRIM(file_name), TRIM(column_name), error_code, TRIM(error_message) FROM sys_load_error_detail WHERE LEFT(file_name, ${place.length}) = ${quoteLiteral(place)} ORDER BY start_time DESC LIMIT 100`
}
