import type { DuckDBConnection } from "@duckdb/node-api"
import type { Step } from "../../replication/batch/step.ts"
import type { OpenSqlDestination, SqlEngine } from "../sql/open.ts"
import { positionChange } from "../sql/plan-notes.ts"
import { problemOf } from "./errors.ts"
import type { DuckDbInstance } from "./files/instance.ts"
import { place } from "./naming.ts"
import type { Fills } from "./render/fills.ts"
import { renderSteps } from "./render/render.ts"
import { standing } from "./render/versioned-tables.ts"
import type { Staging } from "./staging/staging.ts"
import type { Transactions } from "./transactions.ts"

/** What the parts of an open destination share. */
export interface OpenDestination extends OpenSqlDestination {
  instance: DuckDbInstance
  connection: DuckDBConnection
  database: string
  staging: Staging
  transaction: Transactions
}

export function engineOf(open: OpenDestination): SqlEngine {
  const { connection, database, transaction } = open
  return {
    place,
    orProblem,
    run: transaction,
    runPlan: (steps, doing) => runPlan(open, steps, doing),
    standing: (tables) => standing(connection, database, tables),
  }
}

/** Runs a plan as one transaction. `doing` completes "while …" in the Problem thrown. */
export function runPlan(
  { database, books, transaction }: OpenDestination,
  steps: readonly Step[],
  doing: string,
  fills: Fills = new Map(),
): Promise<void> {
  return transaction(renderSteps({ database, books, fills }, steps), doing, positionChange(steps))
}

/** What the engine throws becomes a Problem; `doing` completes "while …" in it. */
export async function orProblem<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw problemOf(error, doing)
  }
}
