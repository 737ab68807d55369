import type { Step } from "../../replication/batch/step.ts"
import type { OpenSqlDestination, SqlEngine } from "../sql/open.ts"
import { positionChange } from "../sql/plan-notes.ts"
import { existing, standing } from "./catalog.ts"
import type { Session } from "./connection/client.ts"
import { orProblem } from "./errors.ts"
import { type Names, place } from "./naming.ts"
import { grantsKept } from "./render/grants.ts"
import { renderSteps } from "./render/render.ts"
import type { LayoutOf } from "./render/tables.ts"
import { newStageTables } from "./staging/stage-tables.ts"
import type { Staging } from "./staging/staging.ts"
import type { Transactions } from "./transactions.ts"

/** What the parts of an open destination share. */
export interface OpenDestination extends OpenSqlDestination {
  names: Names
  staging: Staging
  layoutOf: LayoutOf
  transactions: Transactions
  /** Opens a further session of the database. */
  connect(): Promise<Session>
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
export async function runPlan(open: OpenDestination, steps: readonly Step[], doing: string): Promise<void> {
  const { names, books, transactions, layoutOf } = open
  const stages = newStageTables()
  const possible = await orProblem(doing, () => withoutMissing(open, steps))
  const grants = await orProblem(doing, () => grantsKept(transactions, names, possible))
  const statements = [...renderSteps({ names, books, stages, layoutOf }, possible), ...grants]
  await transactions.run({ stages: stages.all, statements }, doing, positionChange(possible))
}

/** The engine has no renaming of a table that may not be there: users may have taken away what was kept for them. */
async function withoutMissing(
  { names, transactions }: OpenDestination,
  steps: readonly Step[],
): Promise<Step[]> {
  const retired = steps.flatMap((step) => (step.kind === "retire" ? [step.table] : []))
  const there = retired.length === 0 ? new Set<string>() : await existing(transactions, names, retired)
  return steps.filter((step) => step.kind !== "retire" || there.has(place(step.table)))
}
