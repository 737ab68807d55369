import type { TableSchema } from "../../domain/table.ts"
import { allocatedBytes, type RowBuffer, resetRows } from "../values/columns.ts"

/**
 * Row buffers that have been staged, for the next rows of their tables. With fresh memory for every batch a backlog keeps
 * the garbage batcher busy, on the cores that the rest of the work needs.
 */
export interface RowBufferPool {
  take(table: TableSchema): RowBuffer | undefined
  give(table: TableSchema, rows: RowBuffer): void
  /** Call it now and then: what was not taken since the last time goes. */
  age(): void
}

/** Growing again costs little below the first, and above the second too much memory would lie idle. */
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
