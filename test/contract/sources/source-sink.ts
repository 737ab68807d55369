import assert from "node:assert/strict"
import type { Position } from "../../../src/domain/position.ts"
import type { TableSchema } from "../../../src/domain/table.ts"
import type { ChangeSink, RowKind, TableSink } from "../../../src/replication/contracts/change-sink.ts"
import { type ColumnBuffer, newRowBuffer, type RowBuffer } from "../../../src/replication/values/columns.ts"

/** First column (a number, the key) of a row and what happened to it. */
export interface SeenChange {
  table: string
  kind: RowKind | "truncate"
  id: number
}

/** What a stream said, transaction by transaction. */
export interface SeenTransaction {
  position: Position
  committedAtMs: number
  changes: SeenChange[]
}

export interface RecordingSink extends ChangeSink {
  transactions: SeenTransaction[]
  /** Of all transactions. */
  changes(): SeenChange[]
  ids(): number[]
  /** Newest place the source said it has reached. */
  reached: Position | undefined
  changed: string[]
  /** What tables became. */
  alterations: TableSchema[]
  failures: string[]
}

/** Keeps what a source writes; tables must have a number as their first column. */
export function recordingSink(): RecordingSink {
  let changes: SeenTransaction["changes"] = []
  let inTransaction = false
  const sinks = new Map<string, TableSink>()
  const sink: RecordingSink = {
    transactions: [],
    changes: () => sink.transactions.flatMap((one) => one.changes),
    ids: () => sink.changes().map(({ id }) => id),
    reached: undefined,
    changed: [],
    alterations: [],
    failures: [],
    begin: () => {
      inTransaction = true
      changes = []
    },
    commit(position, committedAtMs) {
      inTransaction = false
      sink.transactions.push({ position, committedAtMs, changes })
    },
    table(table) {
      assert.ok(inTransaction, "rows come inside transactions")
      const known = sinks.get(table.id) ?? newTableSink(table, (change) => changes.push(change))
      sinks.set(table.id, known)
      return known
    },
    truncate(table) {
      assert.ok(inTransaction, "a truncation comes inside a transaction")
      changes.push({ table: table.name, kind: "truncate", id: 0 })
    },
    altered: ({ to }) => {
      sink.alterations.push(to)
      return true
    },
    revised: () => undefined,
    dropped: (table) => void sink.changed.push(`${table.name}: dropped`),
    schemaChanged: (table, what) => void sink.changed.push(`${table.name}: ${what}`),
    unfit: (table, column, what) => void sink.failures.push(`${table.name}.${column ?? "*"}: ${what}`),
    caughtUp: (position) => {
      sink.reached = position
    },
    chunkDecoded: () => undefined,
  }
  return sink
}

function newTableSink(table: TableSchema, record: (change: SeenChange) => void): TableSink {
  const fresh = () => newRowBuffer(table.columns.map((column) => column.type))
  let rows: RowBuffer = fresh()
  return {
    table,
    get columns() {
      return rows.columns
    },
    get row() {
      return rows.rows
    },
    unchanged: () => undefined,
    end(kind) {
      record({ table: table.name, kind, id: firstNumbers(rows, 1)[0] ?? 0 })
      rows = fresh()
    },
  }
}

/** The values of the first column, whole numbers. */
export function firstNumbers(rows: RowBuffer, count: number): number[] {
  const { type, bytes } = rows.columns[0] as ColumnBuffer
  return Array.from({ length: count }, (_, row) => {
    if (type.kind === "int32") return bytes.readInt32LE(row * 4)
    if (type.kind !== "decimal" || type.precision <= 18) throw new Error(`a key of ${type.kind}`)
    const low = bytes.readBigUInt64BE(row * 16 + 8)
    return Number(((bytes.readBigInt64BE(row * 16) << 64n) + low) / 10n ** BigInt(type.scale))
  })
}
