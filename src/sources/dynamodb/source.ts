import { Problem } from "../../domain/problems.ts"
import { isSameDefinition, type TableSchema } from "../../domain/table.ts"
import type { Snapshot, Source, TableSelection } from "../../replication/contracts/source.ts"
import { textColumnsOf } from "../../replication/contracts/text-columns.ts"
import { type DynamoTable, hasNewImages, keptAsText, readTable } from "./catalog.ts"
import { type Address, type Clients, openClients } from "./client.ts"
import { comparePositions, momentOf, parseTick, placeOf, positionOf, tickAt } from "./position.ts"
import { inspect } from "./preflight.ts"
import { type EndIterators, endIterators, isKept } from "./shard-reader.ts"
import { listShards, placesOfNow } from "./shards.ts"
import { startStream } from "./stream.ts"

/** A DynamoDB table and its stream, as a source: one table in schema `public`. */
export function openDynamoDbSource(address: Address): Source {
  const clients = openClients(address)
  let ends: EndIterators = new Map()
  const current = async (select: TableSelection) => {
    const table = await readTable(clients)
    return table !== undefined && select(table.schema) ? table : undefined
  }
  return {
    preflight: () => inspect(clients),
    async openSnapshot(_, select) {
      const opened = await placeOfNow(clients, await readTable(clients), select)
      ends = opened.ends
      return opened.snapshot
    },
    async history(_, from) {
      const place = placeOf(from)
      const table = await readTable(clients)
      if (table?.stream?.arn !== place.streamArn) return "lost"
      const list = await listShards(clients, place.streamArn)
      if (list === undefined || isTooOld(place.tick)) return "lost"
      for (const [id, shard] of place.shards)
        if (!(await isKept(clients, place.streamArn, id, shard))) return "lost"
      return "kept"
    },
    async stream({ from, select, tables, sink }) {
      const place = placeOf(from)
      const table = await current(select)
      const held = tables.find((one) => one.id === table?.schema.id)
      const kept = held && table && keptAsText(table, new Map([[held.id, textColumnsOf(held)]]))
      const isSame = place.isCopied && isSameDefinition(kept?.schema, held)
      for (const one of tables)
        if (one !== held || !isSame) sink.schemaChanged(one, "it has to be resynced, or is gone")
      // From here on a table that needs a copy is known to the warehouse as one that does.
      place.isCopied = true
      return startStream({ clients, place, carried: isSame ? kept : undefined, sink, ends })
    },
    async tables(select) {
      const table = await current(select)
      return { tables: table === undefined ? [] : [table.schema], refused: [] }
    },
    remove: async () => undefined,
    compare: comparePositions,
    answers: () => answersOf(clients.address),
    currentPosition: async () => momentOf(tickAt(Date.now())),
    retention: async () => new Map(),
    parsePosition: parseTick,
  }
}

/** Connections that are open may be dead, and those that are asked in vain are not kept. */
async function answersOf(address: Address): Promise<void> {
  const own = openClients(address)
  try {
    await readTable(own)
  } finally {
    own.tables.destroy()
    own.streams.destroy()
  }
}

/** DynamoDB keeps records for 24 hours. */
const keptForMs = 24 * 60 * 60_000

function isTooOld(tick: number): boolean {
  return tick < tickAt(Date.now() - keptForMs)
}

async function placeOfNow(
  clients: Clients,
  table: DynamoTable | undefined,
  select: TableSelection,
): Promise<{ snapshot: Snapshot; ends: EndIterators }> {
  const { tableName } = clients.address
  if (table?.stream === undefined || !table.stream.isEnabled || !hasNewImages(table.stream))
    throw new Problem("sourceSettings", `The table ${tableName} has no stream that tells what items become.`)
  const list = await listShards(clients, table.stream.arn)
  const nowMs = Date.now()
  const shards = placesOfNow(list?.shards ?? [], nowMs)
  const ends = await endIterators(clients, table.stream.arn, shards)
  const position = positionOf({ tick: tickAt(nowMs), streamArn: table.stream.arn, isCopied: false, shards })
  const later = [table.schema].filter(select)
  return { snapshot: emptySnapshot(position, later), ends }
}

/** A scan is no snapshot: the table is copied beside the running stream, which tells what the scan missed. */
function emptySnapshot(position: Snapshot["position"], later: TableSchema[]): Snapshot {
  const nothing = () => {
    throw new Problem("internal", "Tables of this source are copied beside the stream.")
  }
  return {
    position,
    tables: [],
    later,
    refused: [],
    read: nothing,
    readKeys: nothing,
    digests: nothing,
    rows: nothing,
    close: async () => undefined,
  }
}
