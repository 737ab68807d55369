import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { Destination, OpenOptions } from "../../replication/contracts/warehouse.ts"
import { bookkeepingOf } from "../sql/bookkeeping.ts"
import { destinationCopies } from "../sql/copies.ts"
import { destinationInspection } from "../sql/inspection.ts"
import { destinationNotes } from "../sql/notes.ts"
import { dialectOf } from "./bookkeeping.ts"
import type { Session } from "./client.ts"
import { pipelineFence } from "./fence.ts"
import { openView } from "./inspection/view.ts"
import { beginTableLoad } from "./load.ts"
import { newLockWatch, toldTogether } from "./lock-watch.ts"
import type { Names } from "./naming.ts"
import { engineOf, type OpenDestination } from "./open-destination.ts"
import { destinationRows } from "./rows.ts"
import type { Staging } from "./staging/staging.ts"
import { newTransactions } from "./transactions.ts"

/** What a destination is made of; the session becomes its own. */
export interface DestinationParts {
  session: Session
  names: Names
  staging: Staging
  /** How many rows a run of changes must have to be merged. */
  leastMerged: number
  /** Opens a further session of the database. */
  connect(): Promise<Session>
}

export function newDestination(
  { session, names, staging, leastMerged, connect }: DestinationParts,
  { pipeline, generation, onHindered = () => undefined }: OpenOptions,
): Destination {
  const told = toldTogether(onHindered)
  const watchLocks = (watched: Session) => newLockWatch({ session: watched, connect, told: told() })
  const fence = pipelineFence({ names, pipeline, generation })
  const transactions = newTransactions({ session, fence, staging, locks: watchLocks(session) })
  const open: OpenDestination = {
    names,
    pipeline,
    generation,
    books: bookkeepingOf(dialectOf(transactions, names)),
    staging,
    transactions,
    leastMerged,
    connect,
    watchLocks,
    inTurn: newSerialQueue(),
    left: undefined,
    copiedAsOf: new Map(),
  }
  const engine = engineOf(open)
  return {
    capabilities: { caseSensitiveNames: true },
    rows: destinationRows(open),
    copies: destinationCopies(open, engine, (table, since) => beginTableLoad(open, table, since)),
    notes: destinationNotes(open, engine),
    inspection: destinationInspection(open, engine, {
      refusal: names.refusal,
      view: () => openView({ names, pipeline, connect }),
    }),
    close: () => session.close(),
  }
}
