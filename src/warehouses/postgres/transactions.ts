import { setTimeout as sleep } from "node:timers/promises"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { StepActions } from "../sql/blamed-table.ts"
import type { PositionChange } from "../sql/position.ts"
import type { Session } from "./client.ts"
import { isLockTimeout, problemOf } from "./errors.ts"
import type { Fence } from "./fence.ts"
import type { LockWatch } from "./lock-watch.ts"
import type { Action } from "./merge/merge.ts"
import { runActions, runSteps, type TableRefusal } from "./run-steps.ts"
import { newSessionStages } from "./staging/session-stages.ts"
import type { StageTable } from "./staging/stage-tables.ts"
import type { Staging } from "./staging/staging.ts"

export interface Work {
  /** Filled before the statements run. */
  stages?: readonly StageTable[]
  /** Further rows for the server, before the statements; `into`: a table and its columns, quoted. */
  copies?: readonly { into: string; format: "binary" | "text"; chunks: readonly Buffer[] }[]
  statements: readonly Action[]
  /**
   * For what takes tables from their readers: how often it waits for a lock, for 2 s each time, so that readers that come meanwhile
   * are not held up for longer; then Problem `warehouseLocked`. Absent: it waits for as long as it takes.
   */
  lockTries?: number | undefined
}

/** As `Work`, step by step. */
export interface WorkByTable extends Omit<Work, "statements"> {
  steps: readonly StepActions<Action>[]
}

/** What runs on one session, one after another: statements of two must not mix. */
export interface Transactions {
  /**
   * Runs statements as one transaction, with what becomes of the position. `doing` completes "while …" in the Problem thrown;
   * TakenOver where the fence refuses, OversizedTable where the server refuses a table's value.
   */
  run(work: Work, doing: string, position?: PositionChange): Promise<void>
  /**
   * As `run`, for what was refused and rolled back: each step has a savepoint of its own, so that the server's answers tell which
   * tables it refuses. Answers those, and then has changed nothing.
   */
  runByTable(work: WorkByTable, doing: string, position?: PositionChange): Promise<TableRefusal[]>
  /** Reads outside of a transaction. */
  rows(sql: string): Promise<(string | null)[][]>
}

const lockLimitMs = 2_000
/** From one try for a lock to the next. */
export const readersTurnMs = 1_000

export interface TransactionParts {
  session: Session
  fence: Fence
  staging: Staging
  locks: LockWatch
}

export function newTransactions({ session, fence, staging, locks }: TransactionParts): Transactions {
  const inTurn = newSerialQueue()
  const stages = newSessionStages(session, staging)
  const on = { session, stages, staging }

  async function runOnce<T>(
    work: Omit<Work, "statements">,
    position: PositionChange | undefined,
    runAndCommit: () => Promise<T>,
  ): Promise<T> {
    const { stages: filled = [], copies = [], lockTries } = work
    try {
      stages.begin()
      await fence.begin(session, position)
      if (lockTries !== undefined) await session.run(`SET LOCAL lock_timeout = ${lockLimitMs}`)
      await stages.fill(filled)
      for (const { into, format, chunks } of copies)
        await session.copyIn(`COPY ${into} FROM STDIN (FORMAT ${format})`, chunks)
      return await runAndCommit()
    } catch (error) {
      // What was made within the transaction is gone with it.
      stages.forget()
      await session.run("ROLLBACK").catch(() => undefined)
      throw error
    }
  }

  const runLocked = <T>(lockTries: number | undefined, doing: string, work: () => Promise<T>) =>
    inTurn(() =>
      locks
        .during(() => untilLocked(locks, lockTries ?? 1, work))
        .catch((error: unknown) => {
          throw problemOf(error, doing)
        }),
    )

  return {
    run: (work, doing, position) =>
      runLocked(work.lockTries, doing, () =>
        runOnce(work, position, () => runActions(on, work.statements, ["COMMIT"])),
      ),
    runByTable: (work, doing, position) =>
      runLocked(work.lockTries, doing, () => runOnce(work, position, () => runSteps(on, work.steps))),
    rows: (sql) => inTurn(() => session.rows(sql)),
  }
}

/** Runs what waits for locks for a limited time, `tries` times at most, with a turn for readers between. */
async function untilLocked<T>(locks: LockWatch, tries: number, runOnce: () => Promise<T>): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await runOnce()
    } catch (error) {
      if (!isLockTimeout(error)) throw error
      if (left === 1) throw locks.seen() ?? error
      await sleep(readersTurnMs)
    }
  }
}
