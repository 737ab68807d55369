import { type Position, positionFrom, shownPosition } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { Source } from "../../replication/contracts/source.ts"
import { textColumnsOf } from "../../replication/contracts/text-columns.ts"
import { keptAsText, type MyTable, readCatalog, readSizes } from "./catalog.ts"
import { type Address, type Client, connect, withClient } from "./client.ts"
import { problemOf } from "./errors.ts"
import { logHistory } from "./log/history.ts"
import { endNote } from "./log/log-file.ts"
import { noteOf } from "./log/log-note.ts"
import { logStatus, newestPlace } from "./log/log-status.ts"
import { comparePositions, parsePlace, positionOf } from "./log/position.ts"
import { inspect } from "./preflight.ts"
import { openSnapshot } from "./snapshot/open-snapshot.ts"
import { endStream } from "./stream/connection/end-stream.ts"
import { startStream } from "./stream/stream.ts"

/**
 * A MySQL or MariaDB server as a source: all its databases, which become schemas. It keeps nothing for us; the name of a
 * handle only tells our connection from others'.
 */
export function openMysqlSource(address: Address): Source {
  return {
    preflight: (select) => withClient(address, "checking settings", (client) => inspect(client, select)),
    async openSnapshot(handle, select, texts) {
      await endStream(address, handle)
      return (await openSnapshot(address, { select, texts, isFirst: true })).snapshot
    },
    history: (_, from) => logHistory(address, from),
    async stream({ handle, from, tables, select, sink }) {
      const known = await withClient(address, "reading the catalog", (client) => readCatalog(client, select))
      const current = knownTables(known.tables, tables)
      for (const table of tables)
        if (!current.has(table.id)) sink.schemaChanged(table, "its columns changed, or it is gone")
      const client = await connect(address)
      try {
        return await startStream({
          client,
          address,
          handle,
          from,
          tables: [...current.values()],
          select,
          sink,
        })
      } catch (error) {
        throw problemOf(error, "asking for the log")
      }
    },
    tables: (select) =>
      withClient(address, "reading the catalog", async (client) => {
        const { tables, refused } = await readCatalog(client, select)
        return { tables: tables.map((table) => table.schema), refused }
      }),
    sizes: (select) =>
      withClient(address, "reading the sizes of tables", async (client) => {
        const { tables } = await readCatalog(client, select)
        return await readSizes(client, tables)
      }),
    remove: (handle) => endStream(address, handle),
    compare: comparePositions,
    parsePosition(text) {
      const position = positionFrom(text)
      const place = parsePlace(shownPosition(position))
      return place && positionOf(place, noteOf(position))
    },
    positionHelp: "On MySQL: SELECT @@gtid_executed. On MariaDB: SELECT @@gtid_binlog_pos.",
    // The server keeps its log as long as it is told to, whoever has read it.
    retention: async () => new Map(),
    answers: () => withClient(address, "asking whether it answers", async () => undefined),
    currentPosition: () => withClient(address, "reading the position", currentPosition),
  }
}

/** With the place in the file, by which streams are compared. */
async function currentPosition(client: Client): Promise<Position> {
  const place = await newestPlace(client)
  if (place.kind === "file") return positionOf(place)
  const { end } = await logStatus(client)
  return positionOf(place, await endNote(client, end))
}

/** The tables of the source that still are what the warehouse holds, by id. */
function knownTables(current: MyTable[], held: TableSchema[]): Map<string, MyTable> {
  const heldById = new Map(held.map((schema) => [schema.id, schema]))
  const known = new Map<string, MyTable>()
  for (const exact of current) {
    const schema = heldById.get(exact.schema.id)
    if (schema === undefined) continue
    const table = keptAsText(exact, textColumnsOf(schema))
    if (JSON.stringify(table.schema) === JSON.stringify(schema)) known.set(schema.id, table)
  }
  return known
}
