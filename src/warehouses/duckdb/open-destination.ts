import type { DuckDBConnection } from "@duckdb/node-api"
import type { SerialQueue } from "../../concurrency/serial-queue.ts"
import type { Position } from "../../domain/position.ts"
import type { Holdings } from "../../replication/batch/plan.ts"
import type { Step } from "../../replication/batch/step.ts"
import type { Bookkeeping } from "./bookkeeping.ts"
import { problemOf } from "./errors.ts"
import type { DuckDbInstance } from "./files/instance.ts"
import { place } from "./naming.ts"
import type { Fills } from "./render/fills.ts"
import { positionChange, renderSteps } from "./render/render.ts"
import type { Staging } from "./staging/staging.ts"
import type { Transactions } from "./transactions.ts"

/** What the parts of an open destination share. */
export interface OpenDestination {
  instance: DuckDbInstance
  connection: DuckDBConnection
  database: string
  pipeline: string
  /** Of the owner for whom it is open. */
  generation: number
  books: Bookkeeping
  staging: Staging
  transaction: Transactions
  /** Runs what moves the position, one after another: each begins where the one before left it. */
  inTurn: SerialQueue
  /**
   * Where this opening has brought the position; `undefined`: not known yet. Where another is recorded, another file was put in this
   * one's place and rows would be missing, or another opening has written and rows would double.
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
