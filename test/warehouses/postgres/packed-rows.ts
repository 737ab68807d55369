/** Rows of every column type, drawn and packed; what they say is `unpacked` by the warehouse in memory. */
import fc from "fast-check"
import type { ColumnType } from "../../../src/domain/table.ts"
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
} from "../../../src/replication/values/columns.ts"

export interface Kind {
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
const usualMicros = fc.bigInt({ min: -4_000_000_000_000_000n, max: 4_000_000_000_000_000n })
const infinite = fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n - 1n))
const times = fc.oneof(micros, usualMicros, infinite)

function decimal(precision: number, scale: number): Kind {
  const most = 10n ** BigInt(precision) - 1n
  const near = most < 10_000n ? most : 10_000n
  const values = fc.oneof(fc.bigInt({ min: -most, max: most }), fc.bigInt({ min: -near, max: near }))
  return kind({ kind: "decimal", precision, scale }, values, precision <= 18 ? putInt64 : putInt128)
}

const anyText = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"))
const escaped = fc.constantFrom("\\", "\\N", "\t", "\n", "\r", "\\.", "", "é🚰", "\b\f\v")

export const kinds: readonly Kind[] = [
  kind({ kind: "boolean" }, fc.boolean(), putBoolean),
  kind({ kind: "int16" }, fc.integer({ min: -32_768, max: 32_767 }), putInt32),
  kind({ kind: "int32" }, fc.integer(), putInt32),
  kind({ kind: "int64" }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), putInt64),
  kind({ kind: "float32" }, fc.float(), putFloat32),
  kind({ kind: "float64" }, fc.double(), putFloat64),
  ...[decimal(12, 2), decimal(4, 4), decimal(18, 0), decimal(18, 12), decimal(18, 13), decimal(18, 18)],
  ...[decimal(38, 5), decimal(20, 3), decimal(38, 38), decimal(38, 0)],
  kind({ kind: "date" }, fc.integer({ min: -2_400_000, max: 2_900_000 }), putInt32),
  kind({ kind: "date" }, fc.constantFrom(2_147_483_647, -2_147_483_647, 0, -1, 10_957), putInt32),
  kind({ kind: "timestamp" }, times, putInt64),
  kind({ kind: "timestamptz" }, times, putInt64),
  kind({ kind: "uuid" }, bytes({ minLength: 16, maxLength: 16 }), putUuid),
  kind({ kind: "text" }, fc.oneof(anyText, escaped), putText),
  kind({ kind: "json" }, fc.json(), putText),
  kind({ kind: "bytes" }, bytes({ maxLength: 60 }), putBuffer),
]

/** As many rows as `drawn` wants, with nulls among them. */
export function drawnRows(
  of: readonly Kind[],
  drawn: { minLength: number; maxLength: number },
): fc.Arbitrary<unknown[][]> {
  return fc.array(fc.tuple(...of.map(({ values }) => fc.option(values))), drawn)
}

export function packed(of: readonly Kind[], rows: readonly (readonly unknown[])[]): RowBuffer {
  const buffer = newRowBuffer(of.map(({ type }) => type))
  for (const row of rows) {
    for (const [index, { put }] of of.entries()) {
      const [column, value] = [buffer.columns[index] as ColumnBuffer, row[index] ?? null]
      if (value === null) putNull(column, buffer.rows)
      else put(column, value as never)
    }
    endRow(buffer)
  }
  return buffer
}
