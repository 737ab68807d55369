import type pg from "pg"
import { positionFrom } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { Snapshot, Source, TableSelection } from "../../replication/source.ts"
import { type Catalog, type PgTable, readCatalog } from "./catalog.ts"
import { type Address, closeQuietly, connectForReplication, quoteLiteral, withClient } from "./client.ts"
import { problemOf } from "./errors.ts"
import { comparePositions } from "./position.ts"
import { inspect } from "./preflight.ts"
import { createPublication, createSlot, dropSlotAndPublication, slotHistory } from "./slot.ts"
import { openExportedSnapshot } from "./snapshot.ts"
import { startStream } from "./stream.ts"

/** One database of a PostgreSQL server as a source. Connects when used, holds nothing open between calls but streams. */
export function openPostgresSource(address: Address): Source {
  return {
    preflight: (select) => withClient(address, "checking settings", (client) => inspect(client, select)),
    openSnapshot: (handle, select) => openSnapshot(address, handle, select),
    history: (handle, from) =>
      withClient(address, "looking at the slot", (client) => slotHistory(client, handle, from)),
    async stream({ handle, from, tables, select, sink }) {
      const known = await withClient(address, "reading the catalog", (client) => readCatalog(client, select))
      const current = knownTables(known.tables, tables)
      for (const table of tables) {
        if (!current.has(table.id)) sink.schemaChanged(table, "its columns changed, or it is gone")
      }
      const client = await connectForReplication(address)
      return startStream(client, handle, from, [...current.values()], sink)
    },
    remove: (handle) =>
      withClient(address, "removing slot and publication", (client) =>
        dropSlotAndPublication(client, handle),
      ),
    compare: comparePositions,
    currentPosition: () =>
      withClient(address, "reading the position", async (client) => {
        const { rows } = await client.query<{ position: string }>(
          "SELECT pg_current_wal_insert_lsn()::text AS position",
        )
        return positionFrom(rows[0]?.position ?? "0/0")
      }),
  }
}

/** What is made here is named by the handle alone, so an attempt that broke anywhere is cleaned up by the next. */
async function openSnapshot(address: Address, handle: string, select: TableSelection): Promise<Snapshot> {
  await withClient(address, "preparing the publication", async (client) => {
    await dropSlotAndPublication(client, handle)
    const { tables } = await readCatalog(client, select)
    const { rows } = await client.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    )
    await createPublication(client, handle, tables, rows[0]?.version ?? 0)
  })
  const holder = await connectForReplication(address)
  try {
    const slot = await createSlot(holder, handle)
    const catalog = await withClient(address, "reading the catalog", (client) =>
      catalogOfSnapshot(client, handle, slot.snapshot, select),
    )
    return openExportedSnapshot({
      address,
      holder,
      exported: slot.snapshot,
      position: slot.position,
      ...catalog,
    })
  } catch (error) {
    await closeQuietly(holder)
    throw problemOf(error, "making the slot")
  }
}

/** The catalog as the snapshot sees it, without tables that came after the publication was made. */
async function catalogOfSnapshot(
  client: pg.Client,
  publication: string,
  exported: string,
  select: TableSelection,
): Promise<Catalog> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(exported)}`)
  const catalog = await readCatalog(client, select)
  const { rows } = await client.query<{ id: string }>(
    "SELECT prrelid::oid::text AS id FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = $1",
    [publication],
  )
  await client.query("COMMIT")
  const published = new Set(rows.map((row) => row.id))
  return { tables: catalog.tables.filter(({ schema }) => published.has(schema.id)), refused: catalog.refused }
}

/** The tables of the source that still are what the warehouse holds, by id. */
function knownTables(current: PgTable[], held: TableSchema[]): Map<string, PgTable> {
  const heldById = new Map(held.map((schema) => [schema.id, JSON.stringify(schema)]))
  return new Map(
    current
      .filter(({ schema }) => heldById.get(schema.id) === JSON.stringify(schema))
      .map((table) => [table.schema.id, table]),
  )
}
