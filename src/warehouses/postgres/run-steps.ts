/** What runs inside of a transaction that has begun. */
import type pg from "pg"
import type { Refusal, StepActions } from "../sql/blamed-table.ts"
import { deferredConstraints, isOfTable } from "./altered-table.ts"
import type { Action } from "./merge/merge.ts"
import { type MergeSession, runMerge } from "./merge/run-merge.ts"

export type TableRefusal = Refusal<pg.DatabaseError>

/** Statements between two merges go to the server together, the last of them with `end`. */
export async function runActions(
  on: MergeSession,
  actions: readonly Action[],
  end: readonly string[] = [],
): Promise<void> {
  const { session, stages } = on
  let waiting: string[] = []
  for (const action of actions) {
    if (typeof action === "string") {
      waiting.push(action)
      continue
    }
    if (waiting.length > 0) await session.run(waiting.join(";\n"))
    waiting = []
    if (await runMerge(on, action)) continue
    const unmerged = action.unmerged()
    await stages.fill(unmerged.stages)
    waiting = [...unmerged.statements]
  }
  if (waiting.length + end.length > 0) await session.run([...waiting, ...end].join(";\n"))
}

/**
 * Runs each step under a savepoint of its own and commits, or, where the server refuses tables, rolls back and answers those. Far
 * more round trips than `runActions`: only for what has been refused before.
 */
export async function runSteps(
  on: MergeSession,
  steps: readonly StepActions<Action>[],
): Promise<TableRefusal[]> {
  const { session, stages } = on
  const refusals: TableRefusal[] = []
  const noted = (refusal: TableRefusal | undefined) => refusal && refusals.push(refusal)
  for (const step of steps) noted(await refusalOf(on, step, () => runActions(on, step.actions)))
  // What the server puts off until the commit.
  for (const { step, constraint } of await deferredConstraints(session, steps))
    noted(await refusalOf(on, step, () => session.run(`SET CONSTRAINTS ${constraint} IMMEDIATE`)))
  await session.run(refusals.length > 0 ? "ROLLBACK" : "COMMIT")
  if (refusals.length > 0) stages.forget()
  return refusals
}

async function refusalOf(
  { session, stages }: MergeSession,
  { blamed, live }: StepActions<Action>,
  work: () => Promise<unknown>,
): Promise<TableRefusal | undefined> {
  if (blamed === undefined) return void (await work())
  await session.run("SAVEPOINT millrace_step")
  try {
    await work()
    await session.run("RELEASE SAVEPOINT millrace_step")
    return undefined
  } catch (error) {
    if (!isOfTable(error)) throw error
    await session.run("ROLLBACK TO SAVEPOINT millrace_step; RELEASE SAVEPOINT millrace_step")
    stages.forget()
    return { blamed, live, error }
  }
}
