import assert from "node:assert/strict"
import { test } from "node:test"
import type { TableSchema } from "../../domain/table.ts"
import {
  type ColumnBuffer,
  endRow,
  newRowBuffer,
  putInt32,
  putNull,
  type RowBuffer,
} from "../values/columns.ts"
import { newRowBufferPool } from "./row-buffer-pool.ts"

const tableOf = (id: string): TableSchema => ({ id, schema: "public", name: id, columns: [], key: [0] })

/** Of so many rows, the last of them null. */
function filled(rows: number): RowBuffer {
  const buffer = newRowBuffer([{ kind: "int32" }])
  const column = buffer.columns[0] as ColumnBuffer
  for (let row = 0; row < rows; row++) {
    if (row === rows - 1) putNull(column, row)
    else putInt32(column, row)
    endRow(buffer)
  }
  return buffer
}

const enough = 64 * 1024

test("a spare is empty, and goes to the table whose rows it held", () => {
  const spares = newRowBufferPool()
  const [one, other] = [tableOf("1"), tableOf("2")]
  const rows = filled(enough)
  spares.give(one, rows)
  assert.equal(spares.take(other), undefined)
  assert.equal(spares.take(one), rows)
  assert.equal(rows.rows, 0)
  const [column] = rows.columns
  assert.deepEqual([column?.usedBytes, column?.nullCount, column?.nulls.includes(1)], [0, 0, false])
  assert.equal(spares.take(one), undefined)
})

test("small ones are not kept, nor more than a few, nor what nobody takes", () => {
  const spares = newRowBufferPool()
  spares.give(tableOf("small"), filled(10))
  const tables = Array.from({ length: 9 }, (_, index) => tableOf(String(index)))
  for (const table of tables) spares.give(table, filled(enough))
  assert.equal(spares.take(tables[0] as TableSchema), undefined)
  assert.notEqual(spares.take(tables[1] as TableSchema), undefined)
  spares.age()
  spares.give(tables[1] as TableSchema, filled(enough))
  spares.age()
  assert.equal(spares.take(tables[2] as TableSchema), undefined)
  assert.notEqual(spares.take(tables[1] as TableSchema), undefined)
})
