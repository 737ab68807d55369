/** The warehouse in memory is what others are compared with: all warehouses say the same of the same rows of every type. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import fc from "fast-check"
import { positionFrom } from "../../src/domain/position.ts"
import type { ColumnType, TableSchema } from "../../src/domain/table.ts"
import type { Warehouse } from "../../src/replication/contracts/warehouse.ts"
import {
  type ColumnBuffer,
  endRow,
  newRowBuffer,
  putBoolean,
  putBytes,
  putFloat32,
  putFloat64,
  putInt32,
  putInt64,
  putInt128,
  putNull,
  putText,
  type RowBuffer,
  reserve,
} from "../../src/replication/values/columns.ts"
import { newMemoryStore } from "../../src/warehouses/memory/store.ts"
import { openMemoryWarehouse } from "../../src/warehouses/memory/warehouse.ts"
import { openPostgresWarehouse } from "../../src/warehouses/postgres/warehouse.ts"
import { testWarehouse } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { testSeed } from "../support/seed.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"

const runs = 40

interface Kind {
  type: ColumnType
  values: fc.Arbitrary<unknown>
  put(column: ColumnBuffer, value: never): void
}

function kind<T>(
  type: ColumnType,
  values: fc.Arbitrary<T>,
  put: (column: ColumnBuffer, value: T) => void,
): Kind {
  return { type, values, put: put as Kind["put"] }
}

const putBuffer = (column: ColumnBuffer, bytes: Buffer) => putBytes(column, bytes, 0, bytes.length)
const bytes = (length: { minLength?: number; maxLength: number }) =>
  fc.uint8Array(length).map((array) => Buffer.from(array))
const putUuid = (column: ColumnBuffer, value: Buffer) => {
  reserve(column, 16)
  value.copy(column.bytes, column.usedBytes)
  column.usedBytes += 16
}
const micros = fc.bigInt({ min: -210_000_000_000_000_000n, max: 9_000_000_000_000_000_000n })
const infinite = fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n - 1n))

const kinds: Kind[] = [
  kind({ kind: "boolean" }, fc.boolean(), putBoolean),
  kind({ kind: "int16" }, fc.integer({ min: -32_768, max: 32_767 }), putInt32),
  kind({ kind: "int32" }, fc.integer(), putInt32),
  kind({ kind: "int64" }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), putInt64),
  kind({ kind: "float32" }, fc.float(), putFloat32),
  kind({ kind: "float64" }, fc.double(), putFloat64),
  kind(
    { kind: "decimal", precision: 12, scale: 2 },
    fc.bigInt({ min: -(10n ** 12n) + 1n, max: 10n ** 12n - 1n }),
    putInt64,
  ),
  kind({ kind: "decimal", precision: 4, scale: 4 }, fc.bigInt({ min: -9_999n, max: 9_999n }), putInt64),
  kind(
    { kind: "decimal", precision: 38, scale: 5 },
    fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
    putInt128,
  ),
  kind({ kind: "date" }, fc.integer({ min: -2_400_000, max: 2_900_000 }), putInt32),
  kind({ kind: "timestamp" }, fc.oneof(micros, infinite), putInt64),
  kind({ kind: "timestamptz" }, fc.oneof(micros, infinite), putInt64),
  kind({ kind: "uuid" }, bytes({ minLength: 16, maxLength: 16 }), putUuid),
  kind(
    { kind: "text" },
    fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
    putText,
  ),
  kind({ kind: "json" }, fc.json(), putText),
  kind({ kind: "bytes" }, bytes({ maxLength: 20 }), putBuffer),
]

const table: TableSchema = {
  id: "1",
  schema: "public",
  name: "t",
  key: undefined,
  columns: kinds.map(({ type }, index) => ({ name: `c${index}`, type, sourceType: type.kind })),
}

const drawnRows = fc.array(fc.tuple(...kinds.map(({ values }) => fc.option(values))), {
  minLength: 1,
  maxLength: 20,
})

function packed(rows: readonly (readonly unknown[])[]): RowBuffer {
  const buffer = newRowBuffer(kinds.map(({ type }) => type))
  for (const row of rows) {
    for (const [index, { put }] of kinds.entries()) {
      const [column, value] = [buffer.columns[index] as ColumnBuffer, row[index] ?? null]
      if (value === null) putNull(column, buffer.rows)
      else put(column, value as never)
    }
    endRow(buffer)
  }
  return buffer
}

/** What a warehouse says of the rows when they are its table. */
async function told(warehouse: Warehouse, database: string, rows: RowBuffer) {
  const destination = await warehouse.open({ database, pipeline: "p", generation: 1 })
  const load = await destination.copies.begin(table)
  await load.write(rows)
  await load.finish()
  await destination.copies.completeSnapshot([table], positionFrom("1"))
  const view = await destination.inspection.view()
  try {
    const { signal } = new AbortController()
    const all = await view.rows(table, [""], signal)
    const keys = all.map(({ key }) => JSON.stringify(key)).sort()
    return { keys, digests: await view.digests(table, 1, signal) }
  } finally {
    await view.close()
    await destination.close()
  }
}

const warehouses: Record<string, (context: TestContext) => Promise<Warehouse>> = {
  duckdb: async () => (await testWarehouse()).warehouse,
  async postgres(context) {
    const { url, drop } = await testDatabase()
    const stagingPath = await temporaryFolder("oracle")
    context.after(async () => {
      await drop()
      await removeFolder(stagingPath)
    })
    return openPostgresWarehouse({ url, layout: "schemas", stagingPath })
  },
}

for (const [name, open] of Object.entries(warehouses)) {
  test(`${name}: digests and canonical texts of rows of every type are those of the warehouse in memory`, async (context) => {
    const warehouse = await open(context)
    await fc.assert(
      fc.asyncProperty(drawnRows, async (rows) => {
        const expected = await told(openMemoryWarehouse(newMemoryStore()), "d", packed(rows))
        const found = await told(warehouse, "d", packed(rows))
        assert.deepEqual(found.keys, expected.keys)
        assert.deepEqual(Object.fromEntries(found.digests), Object.fromEntries(expected.digests))
      }),
      { seed: testSeed, numRuns: runs },
    )
  })
}
