import type pg from "pg"
import type { Position } from "../../domain/position.ts"
import { isSameDefinition, type TableSchema } from "../../domain/table.ts"
import type { Source, TableSelection, TableSize } from "../../replication/contracts/source.ts"
import { textColumnsOf } from "../../replication/contracts/text-columns.ts"
import { keptAsText, type PgTable, readCatalog } from "./catalog/catalog.ts"
import { newCurrentTables, oldestRunning } from "./catalog/current-tables.ts"
import { tableOfRevision } from "./catalog/revision.ts"
import { readSizes } from "./catalog/sizes.ts"
import {
  type Address,
  connectForReplication,
  isUnencoded,
  withClient,
  withReplicationClient,
} from "./client.ts"
import { inspect } from "./preflight.ts"
import { alterationsOf, publishGenerated, publishOnly } from "./publication/publication.ts"
import { guardPublications } from "./publication/publication-guard.ts"
import { findAbandoned } from "./slot/abandoned.ts"
import { committedPosition } from "./slot/committed-position.ts"
import { comparePositions, lsnOf, originOf, parseLsn } from "./slot/position.ts"
import { readRetention } from "./slot/retention.ts"
import {
  confirmedBySlot,
  dropSlotAndPublication,
  endReader,
  removalStatements,
  slotHistory,
} from "./slot/slot.ts"
import { beginningOf, identifyServer, refuseOtherTimeline } from "./slot/timeline-check.ts"
import { newLateTables } from "./snapshot/late-tables.ts"
import { openSnapshot } from "./snapshot/open-snapshot.ts"
import { type Decoding, newPgOutput, type PgOutput, type StartTable } from "./stream/pgoutput.ts"
import { startRecording } from "./stream/recording.ts"
import { startReplay } from "./stream/replay.ts"
import { spooledTables } from "./stream/spooled.ts"
import { startStream } from "./stream/stream.ts"

/** One database of a PostgreSQL server as a source. Connects when used, holds nothing open between calls but streams. */
export function openPostgresSource(address: Address): Source {
  const isStrictOn = (client: pg.Client) => isUnencoded(client) && address.acceptInvalidText !== true
  /** Values have come that can be read in text only; tables that hold such may be there for a while. */
  let isTextNeeded = false
  return {
    preflight: (select) =>
      withClient(address, "checking settings", (client) =>
        inspect(client, select, address.acceptInvalidText),
      ),
    openSnapshot: (handle, select, texts, onWaiting) =>
      openSnapshot(address, handle, select, texts, onWaiting),
    async history(handle, from) {
      const history = await withClient(address, "looking at the slot", (client) =>
        slotHistory(client, handle, from),
      )
      if (history === "lost") return history
      await withReplicationClient(address, "comparing its history", (client) =>
        refuseOtherTimeline(client, from),
      )
      return history
    },
    endReader: (handle) => endReaderAt(address, handle),
    async stream({ handle, from, tables, select, sink, spooling }) {
      const spooled = await spooledTables(spooling?.spool)
      const [oldest, { tables: now }, knowsBinary, isStrict] = await withClient(
        address,
        "reading the catalog",
        async (client) => {
          await publishGenerated(client, handle)
          const oldest = await oldestRunning(client)
          return [
            oldest,
            await readCatalog(client, select),
            await streamsBinary(client),
            isStrictOn(client),
          ] as const
        },
      )
      const carried = tables.flatMap((schema) => startTable(schema, now, spooled, oldest) ?? [])
      const ids = new Set(carried.map(({ table }) => table.schema.id))
      for (const table of tables)
        if (!ids.has(table.id)) sink.schemaChanged(table, "its columns changed, or it is gone")
      const decode = await newDecoder(address, from, { tables: carried, sink, select, isStrict })
      const current = newCurrentTables(address)
      const late = newLateTables({ address, handle, decode })
      const stream = async (from: Position) => {
        const beginning = await withClient(address, "looking at the slot", async (client) =>
          beginningOf(from, await confirmedBySlot(client, handle)),
        )
        const client = await connectForReplication(address)
        const form =
          isTextNeeded || !knowsBinary || [...now, ...carried.map(({ table }) => table)].some(hasTextOnly)
            ? "text"
            : "binary"
        const onTextNeeded = () => {
          isTextNeeded = true
        }
        return startStream({ client, handle, beginning, decode, current, late, sink, form, onTextNeeded })
      }
      if (spooling?.spool.range === undefined) return await stream(from)
      const record = () => startRecording(address, { handle, select, ...spooling })
      return startReplay({ from, decode, current, late, sink, ...spooling, record, stream })
    },
    record: (options) => startRecording(address, options),
    tables: (select, handle) =>
      withClient(address, "reading the catalog", async (client) => {
        const { tables, refused } = await readCatalog(client, select)
        const altered = handle === undefined ? new Map() : await alterationsOf(client, handle)
        const there = new Set(tables.map(({ schema }) => schema.id))
        // A table that is gone has left the publication too.
        for (const id of altered.keys()) if (!there.has(id)) altered.delete(id)
        return { tables: tables.map((table) => table.schema), refused, altered }
      }),
    sizes: (select) => sizesAt(address, select),
    narrow: (handle, select) =>
      withClient(address, "narrowing the publication", (client) => publishOnly(client, handle, select)),
    remove: (handle) => removeAt(address, handle),
    abandoned: (isOwned) =>
      withClient(address, "looking for what was left", (client) => findAbandoned(client, isOwned)),
    protect: (options) => guardPublications(address, options),
    removal: (handle) => removalStatements(address.database, handle),
    compare: comparePositions,
    parsePosition: parseLsn,
    positionHelp: "On PostgreSQL: SELECT pg_current_wal_insert_lsn().",
    retention: (handles) =>
      withClient(address, "looking at the slots", (client) => readRetention(client, handles)),
    answers: () => withClient(address, "asking whether it answers", async () => undefined),
    currentPosition: () => withClient(address, "reading the position", committedPosition),
  }
}

function sizesAt(address: Address, select: TableSelection): Promise<TableSize[] | undefined> {
  return withClient(address, "reading the sizes of tables", (client) => readSizes(client, select))
}

function endReaderAt(address: Address, handle: string): Promise<void> {
  return withClient(address, "ending an earlier reader", (client) => endReader(client, handle))
}

function removeAt(address: Address, handle: string): Promise<void> {
  return withClient(address, "removing slot and publication", (client) =>
    dropSlotAndPublication(client, handle),
  )
}

async function streamsBinary(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  )
  return (rows[0]?.version ?? 0) >= 140_000
}

/** Whether there may be values of it that we read in text only. */
const hasTextOnly = ({ columns }: PgTable) => columns.some(({ mapping }) => mapping.fromBinary === undefined)

async function newDecoder(
  address: Address,
  from: Position,
  carrying: Pick<Decoding, "tables" | "sink" | "select" | "isStrict">,
): Promise<PgOutput> {
  const server = await withReplicationClient(address, "asking which server it is", identifyServer)
  const last = originOf(from) ?? { base: lsnOf(from), witness: undefined }
  return newPgOutput({ ...carrying, server, last, given: last.base, expected: undefined })
}

/** A table as the warehouse holds it, at the place where the stream begins: the catalog may be ahead of that. */
function startTable(
  schema: TableSchema,
  current: readonly PgTable[],
  spooled: readonly PgTable[],
  oldest: number,
): StartTable | undefined {
  const now = current.find((table) => table.schema.id === schema.id)
  const table = tableOfRevision(schema, now?.partitioned ?? false)
  const isCurrent = now?.schema.revision === schema.revision
  if (table !== undefined) return { table, confirmedBefore: isCurrent ? oldest : undefined }
  // It was taken by a version of ours that kept no revision.
  for (const one of [...current, ...spooled]) {
    const same = keptAsText(one, textColumnsOf(schema))
    if (isSameDefinition(same.schema, schema))
      return { table: { ...same, schema }, confirmedBefore: one === now ? oldest : undefined }
  }
  return undefined
}
