import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { PositionChange } from "../sql/position.ts"
import type { Session } from "./client.ts"
import { problemOf } from "./errors.ts"
import type { Fence } from "./fence.ts"
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

export function newTransactions(session: Session, fence: Fence, staging: Staging): Transactions {
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

  async function run(
    { stages: filled = [], copies = [], statements }: Work,
    doing: string,
    position?: PositionChange,
  ) {
    try {
      stages.begin()
      await fence.begin(session, position)
      await stages.fill(filled)
      for (const { into, format, chunks } of copies)
        await session.copyIn(`COPY ${into} FROM STDIN (FORMAT ${format})`, chunks)
      await runAndCommit(statements)
    } catch (error) {
      // What was made within the transaction is gone with it.
      stages.forget()
      await session.run("ROLLBACK").catch(() => undefined)
      throw problemOf(error, doing)
    }
  }

  return {
    run: (work, doing, position) => inTurn(() => run(work, doing, position)),
    rows: (sql) => inTurn(() => session.rows(sql)),
  }
}
