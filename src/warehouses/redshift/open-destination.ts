import type { SerialQueue } from "../../concurrency/serial-queue.ts"
import type { Position } from "../../domain/position.ts"
import type { Holdings } from "../../replication/batch/plan.ts"
import type { Step } from "../../replication/batch/step.ts"
import type { Bookkeeping } from "./bookkeeping.ts"
import { existing } from "./catalog.ts"
import type { Session } from "./connection/client.ts"
import { orProblem } from "./errors.ts"
import { type Names, place } from "./naming.ts"
import { grantsKept } from "./render/grants.ts"
import { positionChange, renderSteps } from "./render/render.ts"
import type { LayoutOf } from "./render/tables.ts"
import { newStageTables } from "./staging/stage-tables.ts"
import type { Staging } from "./staging/staging.ts"
import type { Transactions } from "./transactions.ts"

/** What the parts of an open destination share. */
export interface OpenDestination {
  names: Names
  pipeline: string
  /** Of the owner for whom it is open. */
  generation: number
  books: Bookkeeping
  staging: Staging
  layoutOf: LayoutOf
  transactions: Transactions
  /** Opens a further session of the database. */
  connect(): Promise<Session>
  /** Runs what moves the position, one after another: each begins where the one before left it. */
  inTurn: SerialQueue
  /**
   * Where this opening has brought the position; `undefined`: not known yet. Where another is recorded, another database was put
   * in this one's place and rows would be missing, or another opening has written and rows would double.
   */
  left: Position | undefined
  /** Of copies that are to keep versions, by table id: as of when their rows are. */
  readonly copiedAsOf: Map<string, Date>
}

export async function holdingsOf(books: Bookkeeping): Promise<Holdings> {
  return orProblem("reading the tables", async () => ({
    held: await books.tables(),
    versions: await books.versions(),
    placeOf: place,
  }))
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
