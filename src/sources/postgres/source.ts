import type { TableSchema } from "../../domain/table.ts"
import type { Source } from "../../replication/source.ts"
import { textColumnsOf } from "../../replication/text-columns.ts"
import { keptAsText, type PgTable, readCatalog } from "./catalog.ts"
import { type Address, connectForReplication, destroy, withClient, withReplicationClient } from "./client.ts"
import { committedPosition } from "./committed-position.ts"
import { problemOf } from "./errors.ts"
import { beginningOf, identifyServer, refuseOtherLineage } from "./lineage.ts"
import { openSnapshot } from "./open-snapshot.ts"
import { comparePositions, parseLsn } from "./position.ts"
import { inspect } from "./preflight.ts"
import { readRetention } from "./retention.ts"
import { confirmedBySlot, dropSlotAndPublication, publishGenerated, slotHistory } from "./slot.ts"
import { startStream } from "./stream.ts"

/** One database of a PostgreSQL server as a source. Connects when used, holds nothing open between calls but streams. */
export function openPostgresSource(address: Address): Source {
  return {
    preflight: (select) => withClient(address, "checking settings", (client) => inspect(client, select)),
    openSnapshot: (handle, select, texts) => openSnapshot(address, handle, select, texts),
    async history(handle, from) {
      const history = await withClient(address, "looking at the slot", (client) =>
        slotHistory(client, handle, from),
      )
      if (history === "lost") return history
      await withReplicationClient(address, "comparing its history", (client) =>
        refuseOtherLineage(client, from),
      )
      return history
    },
    async stream({ handle, from, tables, select, sink }) {
      const [known, beginning] = await withClient(address, "reading the catalog", async (client) => {
        await publishGenerated(client, handle)
        const catalog = await readCatalog(client, select)
        return [catalog, beginningOf(from, await confirmedBySlot(client, handle))] as const
      })
      const current = knownTables(known.tables, tables)
      for (const table of tables) {
        if (!current.has(table.id)) sink.schemaChanged(table, "its columns changed, or it is gone")
      }
      const client = await connectForReplication(address)
      try {
        const server = await identifyServer(client)
        const carried = [...current.values()]
        return startStream({ client, address, handle, from, beginning, server, tables: carried, sink })
      } catch (error) {
        destroy(client)
        throw problemOf(error, "asking which server it is")
      }
    },
    tables: (select) =>
      withClient(address, "reading the catalog", async (client) => {
        const { tables, refused } = await readCatalog(client, select)
        return { tables: tables.map((table) => table.schema), refused }
      }),
    remove: (handle) =>
      withClient(address, "removing slot and publication", (client) =>
        dropSlotAndPublication(client, handle),
      ),
    compare: comparePositions,
    parsePosition: parseLsn,
    retention: (handles) =>
      withClient(address, "looking at the slots", (client) => readRetention(client, handles)),
    currentPosition: () => withClient(address, "reading the position", committedPosition),
  }
}

/** The tables of the source that still are what the warehouse holds, by id. */
function knownTables(current: PgTable[], held: TableSchema[]): Map<string, PgTable> {
  const heldById = new Map(held.map((schema) => [schema.id, schema]))
  const known = new Map<string, PgTable>()
  for (const exact of current) {
    const schema = heldById.get(exact.schema.id)
    if (schema === undefined) continue
    const table = keptAsText(exact, textColumnsOf(schema))
    if (JSON.stringify(table.schema) === JSON.stringify(schema)) known.set(schema.id, table)
  }
  return known
}
