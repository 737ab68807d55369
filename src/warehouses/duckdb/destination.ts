import type { DuckDBConnection } from "@duckdb/node-api"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type {
  Destination,
  DestinationInspection,
  OpenOptions,
} from "../../replication/contracts/warehouse.ts"
import type { Bookkeeping } from "./bookkeeping.ts"
import { pipelineFence } from "./fence.ts"
import type { DuckDbInstance } from "./files/instance.ts"
import { openView } from "./inspection/view.ts"
import { beginTableLoad } from "./load.ts"
import { namingRefusal } from "./naming.ts"
import { destinationNotes } from "./notes.ts"
import { type OpenDestination, orProblem } from "./open-destination.ts"
import { destinationRows } from "./rows.ts"
import { completeSnapshot } from "./snapshot-end.ts"
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
