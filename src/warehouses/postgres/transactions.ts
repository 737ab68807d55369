import { setTimeout as sleep } from "node:timers/promises"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { PositionChange } from "../sql/position.ts"
import type { Session } from "./client.ts"
import { isLockTimeout, problemOf } from "./errors.ts"
import type { Fence } from "./fence.ts"
import type { LockWatch } from "./lock-watch.ts"
import type { Action } from "./merge/merge.ts"
import { runMerge } from "./merge/run-merge.ts"
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

/** What runs on one session, one after another: statements of two must not mix. */
export interface Transactions {
  /**
   * Runs statements as one transaction, with what becomes of the position. `doing` completes "while …" in the Problem thrown;
   * TakenOver where the fence refuses, OversizedTable where the server refuses a table's value.
   */
  run(work: Work, doing: string, position?: PositionChange): Promise<void>
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

  /** Statements between two merges go to the server together, the last of them with the commit. */
  async function runAndCommit(actions: readonly Action[]): Promise<void> {
    let waiting: string[] = []
    for (const action of actions) {
      if (typeof action === "string") {
        waiting.push(action)
        continue
      }
      if (waiting.length > 0) await session.run(waiting.join(";\n"))
      waiting = []
      if (await runMerge({ session, stages, staging }, action)) continue
      const unmerged = action.unmerged()
      await stages.fill(unmerged.stages)
      waiting = [...unmerged.statements]
    }
    await session.run([...waiting, "COMMIT"].join(";\n"))
  }

  async function runOnce(work: Work, position: PositionChange | undefined): Promise<void> {
    const { stages: filled = [], copies = [], statements, lockTries } = work
    try {
      stages.begin()
      await fence.begin(session, position)
      if (lockTries !== undefined) await session.run(`SET LOCAL lock_timeout = ${lockLimitMs}`)
      await stages.fill(filled)
      for (const { into, format, chunks } of copies)
        await session.copyIn(`COPY ${into} FROM STDIN (FORMAT ${format})`, chunks)
      await runAndCommit(statements)
    } catch (error) {
      // What was made within the transaction is gone with it.
      stages.forget()
      await session.run("ROLLBACK").catch(() => undefined)
      throw error
    }
  }

  return {
    run: (work, doing, position) =>
      inTurn(() =>
        locks
          .during(() => untilLocked(locks, work.lockTries ?? 1, () => runOnce(work, position)))
          .catch((error: unknown) => {
            throw problemOf(error, doing)
          }),
      ),
    rows: (sql) => inTurn(() => session.rows(sql)),
  }
}

/** Runs what waits for locks for a limited time, `tries` times at most, with a turn for readers between. */
async function untilLocked(locks: LockWatch, tries: number, runOnce: () => Promise<void>): Promise<void> {
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
