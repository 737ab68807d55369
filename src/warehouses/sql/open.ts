import type { SerialQueue } from "../../concurrency/serial-queue.ts"
import type { Position } from "../../domain/position.ts"
import type { TableName, TableSchema } from "../../domain/table.ts"
import type { Holdings } from "../../replication/batch/plan.ts"
import type { Step } from "../../replication/batch/step.ts"
import type { Bookkeeping } from "./bookkeeping.ts"
import type { PositionChange } from "./position.ts"

/** What the parts of an open destination share, whatever the engine. */
export interface OpenSqlDestination {
  pipeline: string
  /** Of the owner for whom it is open. */
  generation: number
  books: Bookkeeping
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

/** What an engine does for the shared parts. `doing` completes "while …" in the Problem thrown. */
export interface SqlEngine {
  /** Names that the engine does not tell apart are one place. */
  place(table: TableName): string
  orProblem<T>(doing: string, work: () => Promise<T>): Promise<T>
  /** Runs statements as one fenced transaction, with what becomes of the position. */
  run(statements: readonly string[], doing: string, position?: PositionChange): Promise<void>
  /** Runs a plan as one fenced transaction. */
  runPlan(steps: readonly Step[], doing: string): Promise<void>
  /** Of tables, those that are there. */
  standing(tables: readonly TableSchema[]): Promise<TableSchema[]>
}

export async function holdingsOf(
  books: Bookkeeping,
  { place, orProblem }: Pick<SqlEngine, "place" | "orProblem">,
): Promise<Holdings> {
  return orProblem("reading the tables", async () => ({
    held: await books.tables(),
    versions: await books.versions(),
    placeOf: place,
  }))
}
