import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type {
  Destination,
  DestinationInspection,
  OpenOptions,
} from "../../replication/contracts/warehouse.ts"
import { bookkeepingOf } from "./bookkeeping.ts"
import type { Session } from "./connection/client.ts"
import { orProblem } from "./errors.ts"
import { pipelineFence } from "./fence.ts"
import { openView } from "./inspection/view.ts"
import { beginTableLoad } from "./load.ts"
import type { Names } from "./naming.ts"
import { destinationNotes } from "./notes.ts"
import type { OpenDestination } from "./open-destination.ts"
import type { LayoutOf } from "./render/tables.ts"
import { destinationRows } from "./rows.ts"
import { completeSnapshot } from "./snapshot-end.ts"
import type { Staging } from "./staging/staging.ts"
import { newTransactions } from "./transactions.ts"

/** What a destination is made of; the session becomes its own. */
export interface DestinationParts {
  session: Session
  names: Names
  staging: Staging
  layoutOf: LayoutOf
  /** Opens a further session of the database. */
  connect(): Promise<Session>
}

export function newDestination(
  { session, names, staging, layoutOf, connect }: DestinationParts,
  { pipeline, generation }: OpenOptions,
): Destination {
  const transactions = newTransactions(session, pipelineFence({ names, pipeline, generation }), staging)
  const open: OpenDestination = {
    names,
    pipeline,
    generation,
    books: bookkeepingOf(transactions, names),
    staging,
    layoutOf,
    transactions,
    connect,
    inTurn: newSerialQueue(),
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
        return beginTableLoad(open, table, versionsSince)
      },
      completeSnapshot: (tables, position) => completeSnapshot(open, tables, position),
    },
    notes: destinationNotes(open),
    inspection: destinationInspection(open),
    close: () => session.close(),
  }
}

function destinationInspection(open: OpenDestination): DestinationInspection {
  const { names, pipeline, books, connect, inTurn } = open
  const mine = async () => {
    const held = await orProblem("reading the tables", () => books.tables())
    return held.filter((table) => table.pipeline === pipeline)
  }
  return {
    refusal: names.refusal,
    tables: async () => (await mine()).filter(({ stale }) => !stale).map(({ schema }) => schema),
    // Not in the middle of a batch.
    held: () => inTurn(async () => (await mine()).map(({ schema }) => schema)),
    view: () => openView({ names, pipeline, connect }),
  }
}
