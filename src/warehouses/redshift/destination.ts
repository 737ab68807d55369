import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { Destination, OpenOptions } from "../../replication/contracts/warehouse.ts"
import { bookkeepingOf } from "../sql/bookkeeping.ts"
import { destinationCopies } from "../sql/copies.ts"
import { destinationInspection } from "../sql/inspection.ts"
import { destinationNotes } from "../sql/notes.ts"
import { dialectOf } from "./bookkeeping.ts"
import type { Session } from "./connection/client.ts"
import { pipelineFence } from "./fence.ts"
import { openView } from "./inspection/view.ts"
import { beginTableLoad } from "./load.ts"
import type { Names } from "./naming.ts"
import { engineOf, type OpenDestination } from "./open-destination.ts"
import { cutColumns, type LayoutOf } from "./render/tables.ts"
import { destinationRows } from "./rows.ts"
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
    books: bookkeepingOf(dialectOf(transactions, names)),
    staging,
    layoutOf,
    transactions,
    connect,
    inTurn: newSerialQueue(),
    left: undefined,
    copiedAsOf: new Map(),
  }
  const engine = engineOf(open)
  return {
    capabilities: { caseSensitiveNames: false },
    rows: destinationRows(open),
    copies: destinationCopies(open, engine, (table, since) => beginTableLoad(open, table, since)),
    notes: destinationNotes(open, engine),
    inspection: destinationInspection(open, engine, {
      refusal: names.refusal,
      cutColumns(table) {
        const cut = cutColumns(table, layoutOf(table))
        return table.columns.flatMap(({ name }, index) => (cut.has(index) ? [name] : []))
      },
      view: () => openView({ names, pipeline, connect }),
    }),
    close: () => session.close(),
  }
}
