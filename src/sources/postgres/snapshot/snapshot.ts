import type pg from "pg"
import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import { qualifiedName, type TableSchema } from "../../../domain/table.ts"
import { CopyYielded } from "../../../replication/contracts/snapshot-invalidated.ts"
import type { Chunk, RefusedTable, Snapshot } from "../../../replication/contracts/source.ts"
import {
  inColumn,
  UnrepresentableValue,
  unrepresentableColumn,
} from "../../../replication/contracts/unrepresentable-value.ts"
import {
  bufferedBytes,
  type ColumnBuffer,
  endRow,
  putNull,
  type RowBuffer,
} from "../../../replication/values/columns.ts"
import type { PgTable } from "../catalog/catalog.ts"
import { holdAsItWas } from "../catalog/same-table.ts"
import {
  type Address,
  closeQuietly,
  connect,
  isUnencoded,
  quoteIdentifier,
  quoteLiteral,
  takeOver,
} from "../client.ts"
import { problemOf, problemOfServer, readServerError, unconvertibleStates } from "../errors.ts"
import { isLockTimeout } from "../publication/publication-locks.ts"
import { newFramer } from "../stream/framing.ts"
import { unreadable } from "../stream/tuple.ts"
import { hasOneOf } from "../types/canonical.ts"
import type { Decoder } from "../types/decode-binary.ts"
import { placeOf, printedForm } from "../types/query-forms.ts"
import { strict, UndecodableText, undecodableReason } from "../types/strict-text.ts"
import { digestedSnapshot } from "./digested-snapshot.ts"
import { type LockYield, newLockYield } from "./lock-yield.ts"

// 256 MiB of 8 KiB blocks: large enough that a query's start is nothing, small enough to share between readers.
const chunkBlocks = 32_768
/** A full buffer is one row group of the warehouse's file; wide rows fill it sooner. */
const bufferRows = 122_880
const bufferBytes = 32 * 2 ** 20

export interface SnapshotParts {
  address: Address
  /** The name under which the server exported the snapshot; lives as long as `holder`. */
  exported: string
  holder: pg.Client
  position: Position
  tables: PgTable[]
  refused: RefusedTable[]
  /** Beside a stream: rows of a table that was rewritten since are not read, for it would seem empty. */
  isLate: boolean
}

/** The reading side of an exported snapshot: every chunk is a COPY on a connection of its own that sees the same moment. */
export function openExportedSnapshot(parts: SnapshotParts): Snapshot {
  const byId = new Map(parts.tables.map((table) => [table.schema.id, table]))
  const tableOf = (schema: TableSchema): PgTable => {
    const table = byId.get(schema.id)
    if (table === undefined) throw new Error(`not in this snapshot: table ${schema.id}`)
    return table
  }
  const lockYield = newLockYield(parts.address)
  return {
    position: parts.position,
    refused: parts.refused,
    tables: parts.tables.map((table) => ({
      schema: table.schema,
      estimatedRows: table.estimatedRows,
      chunks: chunksOf(table),
    })),
    ...digestedSnapshot({ ...parts, lockYield }, byId),
    async read(schema, chunk, rows, write, signal) {
      const reading = { rows, write, signal, lockYield }
      await readRows(parts, tableOf(schema), chunk.token, chunk.token !== "", reading)
    },
    async readKeys(schema, keys, rows, write, signal) {
      const table = tableOf(schema)
      await readRows(parts, table, hasOneOf(table, keys), false, { rows, write, signal, lockYield })
    },
    async close() {
      await lockYield.close()
      await closeQuietly(parts.holder)
    },
  }
}

interface Reading {
  rows: RowBuffer
  write(rows: RowBuffer): Promise<RowBuffer>
  signal: AbortSignal
  lockYield: LockYield
}

/** Somebody may have locked the table for hours: it is copied when he has gone. */
const lockLimitMs = 10_000

/** On a connection of its own. `byPlace`: the condition tells rows by where they lie. */
async function readRows(
  parts: SnapshotParts,
  table: PgTable,
  condition: string,
  byPlace: boolean,
  { rows, write, signal, lockYield }: Reading,
): Promise<void> {
  const client = await connect(parts.address)
  const watched = lockYield.watch(client)
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    await client.query(`SET LOCAL lock_timeout = ${lockLimitMs}`)
    await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(parts.exported)}`)
    await holdAsItWas(client, table, byPlace || parts.isLate ? "storage" : "identity")
    const isStrict = isUnencoded(client) && parts.address.acceptInvalidText !== true
    const reader = { table, decoders: decodersOf(table, isStrict) }
    await copyOut(client, copyStatement(table, condition), reader, rows, write, signal)
  } catch (error) {
    if (error instanceof UndecodableText) throw new Problem("tableFailed", undecodableReason(table, error))
    if (error instanceof UnrepresentableValue) throw unrepresentableColumn(error, table.columns)
    const name = qualifiedName(table.schema)
    if (watched.hasYielded) throw new CopyYielded(`Somebody waits to alter ${name}, so its copy gave way.`)
    if (isLockTimeout(error)) throw new CopyYielded(`Somebody has locked ${name}.`)
    throw problemOf(error, `copying ${table.schema.schema}.${table.schema.name}`)
  } finally {
    watched.done()
    await closeQuietly(client)
  }
}

/** Ranges of blocks, the last one open to the end; a partitioned table has no blocks of its own and is one chunk, as is a bare one. */
function chunksOf(table: PgTable): Chunk[] {
  if (table.partitioned || table.isBare || table.blocks <= chunkBlocks) return [{ token: "" }]
  const chunks: Chunk[] = []
  for (let from = 0; from < table.blocks; from += chunkBlocks) {
    const isLast = from + chunkBlocks >= table.blocks
    const upper = isLast ? "" : ` and ctid < '(${from + chunkBlocks},0)'`
    chunks.push({ token: `ctid >= '(${from},0)'${upper}` })
  }
  return chunks
}

function copyStatement(table: PgTable, condition: string): string {
  const columns = table.columns.map((column) => {
    const name = quoteIdentifier(column.name)
    if (column.mapping.fromBinary !== undefined) return name
    return printedForm(column)
  })
  const where = condition === "" ? "" : ` WHERE ${condition}`
  return `COPY (SELECT ${columns.join(", ")} FROM ${placeOf(table)}${where}) TO STDOUT (FORMAT binary)`
}

function decodersOf({ columns }: PgTable, isStrict: boolean): Decoder[] {
  const decoders = columns.map(({ mapping }) => mapping.fromBinary ?? mapping.fromText)
  return isStrict ? decoders.map(strict) : decoders
}

const copyData = 0x64
const readyForQuery = 0x5a
const errorResponse = 0x45
// The header of binary COPY: 11 bytes of signature, flags, length of an extension (always 0 so far).
const copyHeaderBytes = 19

/** Runs the COPY and hands over full buffers, then the last one. The socket waits while `write` does. */
async function copyOut(
  client: pg.Client,
  statement: string,
  { table, decoders }: { table: PgTable; decoders: Decoder[] },
  first: RowBuffer,
  write: (rows: RowBuffer) => Promise<RowBuffer>,
  signal: AbortSignal,
): Promise<void> {
  const raw = takeOver(client)
  let rows = first
  let headerSeen = false
  let failure: Error | undefined
  let finished = false
  const framer = newFramer((type, bytes, start, end) => {
    if (type === copyData) {
      decodeRow(bytes, headerSeen ? start : start + copyHeaderBytes, end, decoders, rows)
      headerSeen = true
    } else if (type === errorResponse) failure = serverProblem(bytes, start, end, table.schema)
    else if (type === readyForQuery) finished = true
  })
  const abort = () => raw.destroy()
  if (signal.aborted) abort()
  signal.addEventListener("abort", abort, { once: true })
  raw.query(statement)
  try {
    for await (const chunk of raw.socket as AsyncIterable<Buffer>) {
      framer.feed(chunk)
      if (failure !== undefined) throw failure
      if (rows.rows >= bufferRows || bufferedBytes(rows) >= bufferBytes) rows = await write(rows)
      if (finished) break
    }
  } finally {
    signal.removeEventListener("abort", abort)
  }
  if (!finished)
    throw new Problem(
      "sourceUnreachable",
      `The source closed the connection while copying ${table.schema.name}.`,
    )
  if (rows.rows > 0) await write(rows)
}

function serverProblem(bytes: Buffer, start: number, end: number, schema: TableSchema): Problem {
  const { sqlState, message } = readServerError(bytes, start, end)
  if (unconvertibleStates.has(sqlState))
    return new Problem("tableFailed", `It has text that the server cannot convert to UTF-8: ${message}.`)
  return problemOfServer(sqlState, message, `copying ${schema.schema}.${schema.name}`)
}

/** One row of binary COPY: count of fields, then per field its length (-1: null) and its bytes. */
function decodeRow(bytes: Buffer, start: number, end: number, decoders: Decoder[], rows: RowBuffer): void {
  // The trailer (a count of -1) and an empty table's lone header carry no row.
  if (start + 2 >= end) return
  let at = start + 2
  const { columns } = rows
  let i = 0
  try {
    for (; i < decoders.length; i++) {
      const length = bytes.readInt32BE(at)
      at += 4
      if (length < 0) putNull(columns[i] as ColumnBuffer, rows.rows)
      else {
        if (length > end - at) throw unreadable()
        ;(decoders[i] as Decoder)(columns[i] as ColumnBuffer, bytes, at, at + length)
        at += length
      }
    }
  } catch (error) {
    throw inColumn(error, i)
  }
  endRow(rows)
}
