import type { DuckDBConnection } from "@duckdb/node-api"
import type { Position } from "../../domain/position.ts"
import type { Holdings } from "../../replication/batch/plan.ts"
import type { Step } from "../../replication/batch/step.ts"
import type { Destination, DestinationInspection, OpenOptions } from "../../replication/warehouse.ts"
import { type Bookkeeping, openBookkeeping } from "./bookkeeping.ts"
import { problemOf } from "./errors.ts"
import type { Fills } from "./fills.ts"
import type { DuckDbInstance } from "./instance.ts"
import { beginTableLoad } from "./load.ts"
import { namingRefusal, place } from "./naming.ts"
import { destinationNotes } from "./notes.ts"
import { renderSteps } from "./render.ts"
import { destinationRows } from "./rows.ts"
import { completeSnapshot } from "./snapshot-end.ts"
import type { Staging } from "./staging.ts"
import { newTransactions, type Transactions } from "./transactions.ts"
import { openView } from "./view.ts"

/** What the parts of an open destination share. */
export interface OpenDestination {
  instance: DuckDbInstance
  connection: DuckDBConnection
  database: string
  pipeline: string
  books: Bookkeeping
  staging: Staging
  transaction: Transactions
  /** Runs what moves the position, one after another: each begins where the one before left it. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /**
   * Where we brought the position. Another file, put in this one's place while it is open, is somewhere else: rows would be
   * missing.
   */
  left: Position | undefined
  /** Of copies that are to keep versions, by table id: as of when their rows are. */
  readonly copiedAsOf: Map<string, Date>
}

export async function openDestination(
  instance: DuckDbInstance,
  { database, pipeline }: OpenOptions,
  staging: Staging,
): Promise<Destination> {
  const connection = await instance.connect()
  const open: OpenDestination = {
    instance,
    connection,
    database,
    pipeline,
    books: await openBookkeeping(connection, database),
    staging,
    transaction: newTransactions(connection),
    inTurn: newTurns(),
    left: undefined,
    copiedAsOf: new Map(),
  }
  return {
    capabilities: { caseSensitiveNames: false },
    rows: destinationRows(open),
    copies: {
      begin(table, versionsSince) {
        if (versionsSince === undefined) open.copiedAsOf.delete(table.id)
        else open.copiedAsOf.set(table.id, versionsSince)
        return beginTableLoad({ ...open, versionsSince }, table)
      },
      completeSnapshot: (tables, position) => completeSnapshot(open, tables, position),
    },
    notes: destinationNotes(open),
    inspection: destinationInspection(open),
    close: async () => connection.closeSync(),
  }
}

function destinationInspection(open: OpenDestination): DestinationInspection {
  const { instance, database, pipeline, books, inTurn } = open
  const mine = async () => {
    const held = await orProblem("reading the tables", () => books.tables())
    return held.filter((table) => table.pipeline === pipeline)
  }
  return {
    refusal: namingRefusal,
    tables: async () => (await mine()).filter(({ stale }) => !stale).map(({ schema }) => schema),
    // Not in the middle of a batch.
    held: () => inTurn(async () => (await mine()).map(({ schema }) => schema)),
    view: () => openView(instance, database, pipeline),
  }
}

export async function holdingsOf(books: Bookkeeping): Promise<Holdings> {
  return orProblem("reading the tables", async () => ({
    held: await books.tables(),
    versions: await books.versions(),
    placeOf: place,
  }))
}

export function statementsOf(
  { database, books }: OpenDestination,
  steps: readonly Step[],
  fills: Fills = new Map(),
): string[] {
  return renderSteps({ database, books, fills }, steps)
}

function newTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}

/** What the engine throws becomes a Problem; `doing` completes "while …" in it. */
export async function orProblem<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw problemOf(error, doing)
  }
}
