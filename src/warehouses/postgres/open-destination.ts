import { Problem } from "../../domain/problems.ts"
import type { Step } from "../../replication/batch/step.ts"
import { OversizedTable } from "../../replication/contracts/oversized.ts"
import { blamedTable } from "../sql/blamed-table.ts"
import type { OpenSqlDestination, SqlEngine } from "../sql/open.ts"
import { positionChange } from "../sql/plan-notes.ts"
import { alterationRefusal, droppedThere, hasItsVersions, isOfTable, missing } from "./altered-table.ts"
import type { Session } from "./client.ts"
import { orProblem } from "./errors.ts"
import type { LockWatch } from "./lock-watch.ts"
import { type Names, place } from "./naming.ts"
import { renderSteps } from "./render/render.ts"
import { standing } from "./render/versioned-tables.ts"
import type { TableRefusal } from "./run-steps.ts"
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

/**
 * Runs a plan as one transaction. `doing` completes "while …" in the Problem thrown; OversizedTable where the server refuses what
 * is done to one table.
 */
export async function runPlan(
  open: OpenDestination,
  steps: readonly Step[],
  doing: string,
  { lockTries }: Pick<Work, "lockTries"> = {},
): Promise<void> {
  const { names, books, transactions, leastMerged } = open
  const possible = await orProblem(doing, () => withoutLostVersions(open, steps))
  const stages = newStageTables()
  const rendered = renderSteps({ names, books, stages, leastMerged }, possible)
  const work = { stages: stages.all, lockTries }
  const position = positionChange(possible)
  try {
    await transactions.run(
      { ...work, statements: rendered.flatMap(({ actions }) => actions) },
      doing,
      position,
    )
  } catch (error) {
    if (!(error instanceof Problem) || !isOfTable(error.cause)) throw error
    const refusals = await transactions.runByTable({ ...work, steps: rendered }, doing, position)
    if (refusals.length > 0) throw (await oversizedBy(open, refusals)) ?? error
  }
}

/** The tables that are refused, and those that are no longer there; `undefined`: it lies not with the tables. */
async function oversizedBy(
  { names, books, transactions, pipeline }: OpenDestination,
  refusals: readonly TableRefusal[],
): Promise<OversizedTable | undefined> {
  return await orProblem("looking for what is refused", async () => {
    const held = await books.tables()
    const found = new Map<string, OversizedTable>()
    for (const { blamed, live, error } of refusals) {
      const schema = blamedTable(blamed, pipeline, { held, placeOf: place })
      const reason = await alterationRefusal(transactions, names, { live, schema, error })
      if (schema === undefined || reason === undefined) return undefined
      if (!found.has(schema.id)) found.set(schema.id, new OversizedTable(schema, reason))
    }
    const mine = held.filter((one) => one.pipeline === pipeline && !one.stale).map((one) => one.schema)
    for (const one of await missing(transactions, names, mine))
      if (!found.has(one.id)) found.set(one.id, new OversizedTable(one, droppedThere))
    const [first, ...others] = found.values()
    return first && new OversizedTable(first.table, first.message, others)
  })
}

/**
 * Versions that users of the warehouse have taken columns from cannot go on in the copy: what is left of them stays under a name
 * of its own.
 */
async function withoutLostVersions(
  { names, transactions }: OpenDestination,
  steps: readonly Step[],
): Promise<readonly Step[]> {
  if (!steps.some(({ kind }) => kind === "succeed")) return steps
  const possible: Step[] = []
  for (const step of steps) {
    if (step.kind !== "succeed" || (await hasItsVersions(transactions, names, step.from))) possible.push(step)
    else
      possible.push(
        { kind: "retire", table: step.from, at: step.since },
        { kind: "adoptCopy", table: step.to },
      )
  }
  return possible
}
