import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type {
  Destination,
  DestinationInspection,
  OpenOptions,
} from "../../replication/contracts/warehouse.ts"
import { openBookkeeping } from "./bookkeeping.ts"
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
