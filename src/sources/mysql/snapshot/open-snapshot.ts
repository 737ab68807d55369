import { setTimeout as delay } from "node:timers/promises"
import { Problem } from "../../../domain/problems.ts"
import type { TableName } from "../../../domain/table.ts"
import type { Snapshot, TableSelection } from "../../../replication/contracts/source.ts"
import type { TextColumns } from "../../../replication/contracts/text-columns.ts"
import { type Catalog, keptAsText, type MyTable, readCatalog, tableId } from "../catalog.ts"
import { type Address, type Client, close, quoteIdentifier, quoteLiteral, withClient } from "../client.ts"
import { problemOf } from "../errors.ts"
import { endNote, noteAt, resetCount } from "../log/log-file.ts"
import { freeDefinitions } from "../log/moment.ts"
import { fileWeight, type Place, positionOf } from "../log/position.ts"
import { newDefinitionWaiters } from "./definition-waiters.ts"
import { openSessions, rowSessions } from "./sessions.ts"
import { type ChunkedTable, openSnapshotOf } from "./snapshot.ts"

export interface OpenedSnapshot {
  snapshot: Snapshot
  tables: MyTable[]
  /** How far the log was, as streams count it. */
  weight: number
}

export interface SnapshotWish {
  select: TableSelection
  texts: TextColumns
  /** A stream is to begin at its position, which so tells the log that it is of. */
  isFirst: boolean
  /** How a stream counts that the snapshot is to be compared with. */
  kind?: Place["kind"]
}

/** A snapshot of the selected tables. Tables whose definition changes while it is opened are left out: they come later. */
export async function openSnapshot(
  address: Address,
  { select, texts, isFirst, kind }: SnapshotWish,
): Promise<OpenedSnapshot> {
  const resets = await withClient(address, "looking at the log", resetCount)
  const before = await catalogOf(address, select)
  const wanted = { tables: before.tables.map(({ schema }) => schema), kind }
  const { clients, place, end } = await openSessions(address, wanted)
  try {
    const { tables: all, refused } = await catalogOf(address, select)
    const known = new Set(before.tables.map(({ schema }) => JSON.stringify(schema)))
    const tables = all
      .filter(({ schema }) => known.has(JSON.stringify(schema)))
      .map((table) => keptAsText(table, texts.get(table.schema.id)))
    const [first] = clients
    if (first === undefined) throw new Error("no session")
    const chunked = await inChunks(first, tables)
    await first.query(freeDefinitions)
    const position = positionOf(place, await (isFirst ? noteAt(address, end, resets) : endNote(first, end)))
    const sessions = rowSessions(address, clients)
    return {
      snapshot: openSnapshotOf({
        sessions,
        position,
        tables: chunked,
        refused,
        waiters: newDefinitionWaiters(address),
      }),
      tables,
      weight: fileWeight(end),
    }
  } catch (error) {
    for (const client of clients) close(client)
    throw problemOf(error, "opening a snapshot")
  }
}

function catalogOf(address: Address, select: TableSelection): Promise<Catalog> {
  return withClient(address, "reading the catalog", (client) => readCatalog(client, select))
}

/** Large enough that a query's start is nothing, small enough to share between readers. */
const chunkRows = 250_000
const mostChunks = 256
const integerKinds = new Set(["int16", "int32", "int64"])

async function inChunks(client: Client, tables: readonly MyTable[]): Promise<ChunkedTable[]> {
  const names = [...new Set(tables.map(({ schema }) => quoteLiteral(schema.schema)))]
  if (names.length === 0) return []
  const rows = await client.query(
    `SELECT table_schema AS db, table_name AS name, table_rows AS estimate FROM information_schema.tables WHERE table_schema IN (${names.join(", ")})`,
  )
  const estimates = new Map(
    rows.map(({ db, name, estimate }) => [tableId(db ?? "", name ?? ""), Number(estimate ?? 0)]),
  )
  const chunked: ChunkedTable[] = []
  for (const table of tables) {
    const estimatedRows = estimates.get(table.schema.id) ?? 0
    chunked.push({ table, estimatedRows, chunks: await chunksOf(client, table, estimatedRows) })
  }
  return chunked
}

/** Ranges of an integer that the key begins with, the outer ones open; any other table is one chunk. */
async function chunksOf(
  client: Client,
  { schema, columns }: MyTable,
  estimatedRows: number,
): Promise<string[]> {
  const count = Math.min(Math.ceil(estimatedRows / chunkRows), mostChunks)
  const first = schema.key?.[0]
  const column = first === undefined ? undefined : columns[first]
  if (count < 2 || column === undefined || !integerKinds.has(column.mapping.type.kind)) return [""]
  const name = quoteIdentifier(column.name)
  const place = `${quoteIdentifier(schema.schema)}.${quoteIdentifier(schema.name)}`
  const [row] = await client.query(`SELECT MIN(${name}) AS low, MAX(${name}) AS high FROM ${place}`)
  const bounds = boundsBetween(BigInt(row?.low ?? 0), BigInt(row?.high ?? 0), BigInt(count))
  if (bounds.length === 0) return [""]
  return [...bounds, undefined].map((upper, index) => {
    const lower = bounds[index - 1]
    const parts = [
      ...(lower === undefined ? [] : [`${name} >= ${lower}`]),
      ...(upper === undefined ? [] : [`${name} < ${upper}`]),
    ]
    return parts.join(" AND ")
  })
}

function boundsBetween(low: bigint, high: bigint, count: bigint): bigint[] {
  const step = (high - low) / count
  if (step < 1n) return []
  return Array.from({ length: Number(count) - 1 }, (_, index) => low + step * BigInt(index + 1))
}

/** A stream that stands still for a snapshot must not wait long. */
export const lateLimitMs = 10_000
/** A comparison can wait for another day. */
export const glimpseLimitMs = 5_000
const retryMs = 20

export interface LateWish {
  ids: ReadonlySet<string>
  texts: TextColumns
  /** How the stream counts. */
  kind: Place["kind"]
  isAhead(weight: number): boolean
  limitMs: number
}

/**
 * A snapshot of a few tables that lies where the stream is or ahead. The log is readable a moment before what is in it
 * can be seen, so a snapshot may come out too early.
 */
export async function openLateSnapshot(
  address: Address,
  { ids, texts, kind, isAhead, limitMs }: LateWish,
): Promise<OpenedSnapshot> {
  const deadlineMs = performance.now() + limitMs
  const select = (table: TableName) => ids.has(tableId(table.schema, table.name))
  while (performance.now() < deadlineMs) {
    const opened = await openSnapshot(address, { select, texts, isFirst: false, kind })
    if (isAhead(opened.weight)) return opened
    await opened.snapshot.close()
    await delay(retryMs)
  }
  throw new Problem("sourceBusy", "The source could not make a snapshot yet.")
}
