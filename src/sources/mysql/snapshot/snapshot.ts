import type { Position } from "../../../domain/position.ts"
import type { TableSchema } from "../../../domain/table.ts"
import type { DigestedSide, HashedRow } from "../../../replication/contracts/comparison.ts"
import type { RefusedTable, Snapshot, SnapshotTable } from "../../../replication/contracts/source.ts"
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
import type { MyTable } from "../catalog.ts"
import { quoteIdentifier } from "../client.ts"
import { problemOf } from "../errors.ts"
import { canonicalOf, hasOneOf, selected } from "../types/canonical.ts"
import type { DefinitionWaiters } from "./definition-waiters.ts"
import type { RowSession } from "./query-rows.ts"

/** A full buffer is one row group of the warehouse's file; wide rows fill it sooner. */
const bufferRows = 122_880
const bufferBytes = 32 * 2 ** 20

export interface ChunkedTable {
  table: MyTable
  estimatedRows: number
  /** Conditions, each for a part of the table. */
  chunks: string[]
}

export interface SnapshotParts {
  /** All see the same moment. */
  sessions: RowSession[]
  position: Position
  tables: ChunkedTable[]
  refused: RefusedTable[]
  waiters: DefinitionWaiters
}

/** The reading side of sessions that see one moment. Whoever reads borrows a session, or waits for one. */
export function openSnapshotOf(parts: SnapshotParts): Snapshot {
  const byId = new Map(parts.tables.map(({ table }) => [table.schema.id, table]))
  const tableOf = (schema: TableSchema): MyTable => {
    const table = byId.get(schema.id)
    if (table === undefined) throw new Error(`not in this snapshot: table ${schema.id}`)
    return table
  }
  const borrow = newLending(parts.sessions)
  const lend: Lend = (table, signal, work) =>
    borrow((session) => parts.waiters.giveWay(table, signal, (ending) => work(session, ending)))
  return {
    position: parts.position,
    refused: parts.refused,
    tables: parts.tables.map(
      ({ table, estimatedRows, chunks }): SnapshotTable => ({
        schema: table.schema,
        estimatedRows,
        chunks: chunks.map((token) => ({ token })),
      }),
    ),
    ...digestedSide(tableOf, lend),
    read: (schema, chunk, rows, write, signal) =>
      lend(schema, signal, (session, signal) =>
        readRows(session, tableOf(schema), chunk.token, { rows, write, signal }),
      ),
    readKeys(schema, keys, rows, write, signal) {
      const table = tableOf(schema)
      return lend(schema, signal, (session, signal) =>
        readRows(session, table, hasOneOf(table, keys), { rows, write, signal }),
      )
    },
    async close() {
      parts.waiters.close()
      for (const session of parts.sessions) session.destroy()
    },
  }
}

/** A session for reading a table, until the signal that `work` is given is set. */
type Lend = <T>(
  table: TableSchema,
  signal: AbortSignal,
  work: (session: RowSession, signal: AbortSignal) => Promise<T>,
) => Promise<T>

type Borrow = <T>(work: (session: RowSession) => Promise<T>) => Promise<T>

function newLending(sessions: readonly RowSession[]): Borrow {
  const free = [...sessions]
  const waiting: ((session: RowSession) => void)[] = []
  return async (work) => {
    const session = free.pop() ?? (await new Promise<RowSession>((resolve) => waiting.push(resolve)))
    try {
      return await work(session)
    } finally {
      const next = waiting.shift()
      if (next === undefined) free.push(session)
      else next(session)
    }
  }
}

function selectOf({ schema, columns }: MyTable, condition: string): string {
  const where = condition === "" ? "" : ` WHERE ${condition}`
  const place = `${quoteIdentifier(schema.schema)}.${quoteIdentifier(schema.name)}`
  return `SELECT ${columns.map(selected).join(", ")} FROM ${place}${where}`
}

interface Reading {
  rows: RowBuffer
  write(rows: RowBuffer): Promise<RowBuffer>
  signal: AbortSignal
}

async function readRows(
  session: RowSession,
  table: MyTable,
  condition: string,
  { rows: first, write, signal }: Reading,
): Promise<void> {
  const decoders = table.columns.map((column) => column.mapping.fromText)
  const doing = `copying ${table.schema.schema}.${table.schema.name}`
  let rows = first
  try {
    await session.run({
      sql: selectOf(table, condition),
      columns: decoders.length,
      signal,
      doing,
      row(bytes, starts, ends) {
        let i = 0
        try {
          for (; i < decoders.length; i++) {
            const column = rows.columns[i] as ColumnBuffer
            const start = starts[i] as number
            if (start < 0) putNull(column, rows.rows)
            else decoders[i]?.(column, bytes, start, ends[i] as number)
          }
        } catch (error) {
          throw inColumn(error, i)
        }
        endRow(rows)
      },
      piece() {
        if (rows.rows < bufferRows && bufferedBytes(rows) < bufferBytes) return undefined
        return write(rows).then((next) => {
          rows = next
        })
      },
    })
    if (rows.rows > 0) await write(rows)
  } catch (error) {
    if (error instanceof UnrepresentableValue) throw unrepresentableColumn(error, table.columns)
    throw problemOf(error, doing)
  }
}

/** The rows are hashed here: the server can neither print a DOUBLE with all its digits nor hash text as UTF-8 cheaply. */
function digestedSide(tableOf: (schema: TableSchema) => MyTable, lend: Lend): DigestedSide {
  const each = async (
    schema: TableSchema,
    signal: AbortSignal,
    row: (hash: string, key: () => HashedRow["key"]) => void,
  ) => {
    const table = tableOf(schema)
    const canonical = canonicalOf(table)
    const doing = `comparing ${schema.schema}.${schema.name}`
    await lend(schema, signal, (session, signal) =>
      session.run({
        sql: selectOf(table, ""),
        columns: table.columns.length,
        signal,
        doing,
        row: (bytes, starts, ends) =>
          row(canonical.hash(bytes, starts, ends), () => canonical.key(bytes, starts, ends)),
        piece: () => undefined,
      }),
    ).catch((error: unknown) => {
      throw problemOf(error, doing)
    })
  }
  return {
    async digests(schema, digits, signal) {
      const sums = new Map<string, { rows: number; sum: bigint }>()
      await each(schema, signal, (hash) => {
        const chunk = hash.slice(0, digits)
        const value = BigInt(`0x${hash.slice(-15)}`)
        const known = sums.get(chunk)
        if (known === undefined) sums.set(chunk, { rows: 1, sum: value })
        else {
          known.rows++
          known.sum += value
        }
      })
      return new Map([...sums].map(([chunk, { rows, sum }]) => [chunk, { rows, sum: sum.toString() }]))
    },
    async rows(schema, chunks, signal) {
      const wanted = new Set(chunks)
      const digits = chunks[0]?.length ?? 0
      const found: HashedRow[] = []
      await each(schema, signal, (hash, key) => {
        if (wanted.has(hash.slice(0, digits))) found.push({ hash, key: key() })
      })
      return found
    },
  }
}
