import type { ColumnType, TableSchema } from "../../src/domain/table.ts"
import { type MemoryTable, placeOf } from "../../src/warehouses/memory/state.ts"
import { type MemoryStore, newMemoryStore } from "../../src/warehouses/memory/store.ts"
import { timestampText } from "../../src/warehouses/memory/time-text.ts"
import type { Row, Value } from "../../src/warehouses/memory/values.ts"
import { openMemoryWarehouse } from "../../src/warehouses/memory/warehouse.ts"
import { describeWarehouse } from "./warehouse.ts"
import type { WarehouseUnderTest } from "./warehouse-harness.ts"

type Shown = (number | string | null)[]

function under(store: MemoryStore): WarehouseUnderTest {
  return {
    warehouse: openMemoryWarehouse(store),
    async read(database, table) {
      // Lets others run: whoever reads all the time must not keep them from it.
      await new Promise((resolve) => setImmediate(resolve))
      const found = store.read(database).tables.get(placeOf(table))
      if (found === undefined) throw new Error(`there is no ${placeOf(table)}`)
      return rowsOf(found)
    },
    // What is committed stays; what was staged or held by the process is gone.
    crash: async () => under(store),
    close: async () => undefined,
  }
}

function rowsOf({ columns, contents }: MemoryTable): Shown[] {
  if (contents.kind === "rows") return contents.rows.map((row) => shown(columns, row))
  return contents.versions.map(({ row, createdMicros, deletedMicros }) => [
    ...shown(columns, row),
    String(deletedMicros === undefined),
    timestampText(createdMicros, ""),
    deletedMicros === undefined ? null : timestampText(deletedMicros, ""),
  ])
}

const shown = (columns: TableSchema["columns"], row: Row): Shown =>
  row.map((value, index) => asNumber(columns[index]?.type, value))

const asNumber = (type: ColumnType | undefined, value: Value) =>
  type?.kind === "int32" && value !== null ? Number(value) : value

describeWarehouse("memory", async () => under(newMemoryStore()))
