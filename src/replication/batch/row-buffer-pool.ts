import type { TableSchema } from "../../domain/table.ts"
import { allocatedBytes, type RowBuffer, resetRows } from "../values/columns.ts"

/**
 * Row buffers whose rows have been staged, for the next rows of the same tables. With fresh memory for every batch
 * the garbage collector takes the cores that decoding and the warehouse need, most of all while a backlog is worked
 * off.
 */
export interface RowBufferPool {
  take(table: TableSchema): RowBuffer | undefined
  give(table: TableSchema, rows: RowBuffer): void
  /** Call it at intervals: drops the buffers that were not taken since the last call. */
  age(): void
}

/** Bytes of one buffer: below this a new buffer is grown at little cost, so the old one is not kept. */
const worthKeepingBytes = 64 * 1024
const maxBytes = 96 * 2 ** 20
const maxSpares = 8

interface Spare {
  table: TableSchema
  rows: RowBuffer
  bytes: number
  isOld: boolean
}

export function newRowBufferPool(): RowBufferPool {
  let spares: Spare[] = []

  const isTooMuch = () =>
    spares.length > maxSpares || spares.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes

  return {
    take(table) {
      const at = spares.findIndex((spare) => spare.table === table)
      return at === -1 ? undefined : spares.splice(at, 1)[0]?.rows
    },
    give(table, rows) {
      const bytes = allocatedBytes(rows)
      if (bytes < worthKeepingBytes) return
      resetRows(rows)
      spares.push({ table, rows, bytes, isOld: false })
      while (isTooMuch()) spares.shift()
    },
    age() {
      spares = spares.filter(({ isOld }) => !isOld)
      for (const spare of spares) spare.isOld = true
    },
  }
}
