import { Problem } from "../../domain/problems.ts"
import type { Snapshot } from "../../replication/contracts/source.ts"
import { bufferedBytes, endRow, type RowBuffer } from "../../replication/values/columns.ts"
import { attributesOf } from "./canonical.ts"
import type { DynamoTable } from "./catalog.ts"
import type { Clients } from "./client.ts"
import type { Item } from "./item-text.ts"
import { momentOf, tickAt } from "./position.ts"
import { putItem } from "./rows.ts"
import { itemsByKey, scan } from "./scan.ts"

/** Rows are handed on when they take this much. */
const fullBytes = 8 * 2 ** 20
const fullRows = 100_000

type Write = (rows: RowBuffer) => Promise<RowBuffer>

async function writeItems(
  table: DynamoTable,
  pages: AsyncIterable<Item[]>,
  first: RowBuffer,
  write: Write,
): Promise<void> {
  let rows = first
  for await (const items of pages) {
    for (const item of items) {
      putItem(table, rows.columns, rows.rows, item)
      endRow(rows)
    }
    if (bufferedBytes(rows) >= fullBytes || rows.rows >= fullRows) rows = await write(rows)
  }
  if (rows.rows > 0) await write(rows)
}

function rowsOf(table: DynamoTable, clients: Clients): Pick<Snapshot, "readKeys" | "refused"> {
  return {
    refused: [],
    readKeys: (_, keys, rows, write, signal) =>
      writeItems(
        table,
        itemsByKey(
          clients,
          keys.map((key) => attributesOf(table, key)),
          signal,
        ),
        rows,
        write,
      ),
  }
}

/**
 * A copy of the table made while its stream goes on. An item may be newer than the stream has come; so the copy belongs
 * to where the stream is when it has told everything that was written before the scan ended, and goes live there.
 */
export function openLateSnapshot(clients: Clients, table: DynamoTable): Snapshot {
  let endedAtMs: number | undefined
  return {
    ...rowsOf(table, clients),
    get position() {
      if (endedAtMs === undefined) throw new Error("The scan has not ended.")
      return momentOf(tickAt(endedAtMs))
    },
    tables: [{ schema: table.schema, estimatedRows: table.items, chunks: [{ token: "all" }] }],
    async read(_, _chunk, rows, write, signal) {
      await writeItems(table, scan(clients, signal), rows, write)
      endedAtMs = Date.now()
    },
    digests: notComparable,
    rows: notComparable,
    close: async () => undefined,
  }
}

function notComparable(): never {
  throw new Problem("internal", "This snapshot is for copying, not for comparing.")
}

/** A glimpse: `digests` and `rows` are those of one moment of the stream; see glimpse.ts. */
export function snapshotOf(
  clients: Clients,
  table: DynamoTable,
  glimpse: Pick<Snapshot, "digests" | "rows" | "position" | "close">,
): Snapshot {
  return {
    ...rowsOf(table, clients),
    ...glimpse,
    tables: [{ schema: table.schema, estimatedRows: table.items, chunks: [] }],
    read: () => {
      throw new Problem("internal", "This snapshot is for comparing, not for copying.")
    },
  }
}
