import type { DuckDBConnection } from "@duckdb/node-api"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { Destination, OpenOptions } from "../../replication/contracts/warehouse.ts"
import type { Bookkeeping } from "../sql/bookkeeping.ts"
import { destinationCopies } from "../sql/copies.ts"
import { destinationInspection } from "../sql/inspection.ts"
import { destinationNotes } from "../sql/notes.ts"
import { pipelineFence } from "./fence.ts"
import type { DuckDbInstance } from "./files/instance.ts"
import { openView } from "./inspection/view.ts"
import { beginTableLoad } from "./load.ts"
import { namingRefusal } from "./naming.ts"
import { engineOf, type OpenDestination } from "./open-destination.ts"
import { destinationRows } from "./rows.ts"
import type { Staging } from "./staging/staging.ts"
import { newTransactions } from "./transactions.ts"

/** What a destination is made of; the connection becomes its own. */
export interface DestinationParts {
  instance: DuckDbInstance
  connection: DuckDBConnection
  books: Bookkeeping
  staging: Staging
}

export function newDestination(
  { instance, connection, books, staging }: DestinationParts,
  { database, pipeline, generation }: OpenOptions,
): Destination {
  const open: OpenDestination = {
    instance,
    connection,
    database,
    pipeline,
    generation,
    books,
    staging,
    transaction: newTransactions(connection, pipelineFence({ database, pipeline, generation })),
    inTurn: newSerialQueue(),
    left: undefined,
    copiedAsOf: new Map(),
  }
  const engine = engineOf(open)
  return {
    capabilities: { caseSensitiveNames: false },
    rows: destinationRows(open),
    copies: destinationCopies(open, engine, (table, versionsSince) =>
      beginTableLoad({ ...open, versionsSince }, table),
    ),
    notes: destinationNotes(open, engine),
    inspection: destinationInspection(open, engine, {
      refusal: namingRefusal,
      view: () => openView(instance, database, pipeline),
    }),
    close: async () => connection.closeSync(),
  }
}
