import type { Step } from "../../replication/batch/step.ts"
import type { OpenSqlDestination, SqlEngine } from "../sql/open.ts"
import { positionChange } from "../sql/plan-notes.ts"
import type { Session } from "./client.ts"
import { orProblem } from "./errors.ts"
import type { LockWatch } from "./lock-watch.ts"
import { type Names, place } from "./naming.ts"
import { renderSteps } from "./render/render.ts"
import { standing } from "./render/versioned-tables.ts"
import { newStageTables } from "./staging/stage-tables.ts"
import type { Staging } from "./staging/staging.ts"
import type { Transactions, Work } from "./transactions.ts"

/** What the parts of an open destination share. */
export interface OpenDestination extends OpenSqlDestination {
  names: Names
  staging: Staging
  transactions: Transactions
  /** How many rows a run of changes must have to be merged. */
  leastMerged: number
  /** Opens a further session of the database. */
  connect(): Promise<Session>
  /** What tells that a session of its own waits for somebody's lock. */
  watchLocks(session: Session): LockWatch
}

export function engineOf(open: OpenDestination): SqlEngine {
  const { names, transactions } = open
  return {
    place,
    orProblem,
    run: (statements, doing, position) => transactions.run({ statements }, doing, position),
    runPlan: (steps, doing) => runPlan(open, steps, doing),
    standing: (tables) => standing(transactions, names, tables),
  }
}

/** Runs a plan as one transaction. `doing` completes "while …" in the Problem thrown. */
export function runPlan(
  { names, books, transactions, leastMerged }: OpenDestination,
  steps: readonly Step[],
  doing: string,
  { lockTries }: Pick<Work, "lockTries"> = {},
): Promise<void> {
  const stages = newStageTables()
  const statements = renderSteps({ names, books, stages, leastMerged }, steps)
  return transactions.run({ stages: stages.all, statements, lockTries }, doing, positionChange(steps))
}
