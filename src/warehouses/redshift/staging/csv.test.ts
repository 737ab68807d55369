import assert from "node:assert/strict"
import { test } from "node:test"
import type { ColumnType } from "../../../domain/table.ts"
import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import {
  type ColumnBuffer,
  endRow,
  newRowBuffer,
  putBoolean,
  putBytes,
  putFloat64,
  putInt32,
  putInt64,
  putInt128,
  putNull,
  putText,
} from "../../../replication/values/columns.ts"
import { csvOf } from "./csv.ts"

const form = { nullText: "null-0123" }

function csv<T>(
  type: ColumnType,
  put: (column: ColumnBuffer, value: T) => void,
  ...values: (T | null)[]
): string {
  const rows = newRowBuffer([type])
  for (const value of values) {
    const [column] = rows.columns as [ColumnBuffer]
    if (value === null) putNull(column, rows.rows)
    else put(column, value)
    endRow(rows)
  }
  return csvOf([type], rows, form).toString()
}

const text = { kind: "text" } as const

test("texts stand in quotes, so that neither an empty one nor one like the null is a null", () => {
  assert.equal(
    csv(text, putText, "", null, "null-0123", 'a "b",\nc\\'),
    '""\nnull-0123\n"null-0123"\n"a ""b"",\nc\\"\n',
  )
})

test("numbers, times and bytes are written as COPY reads them", () => {
  assert.equal(csv({ kind: "boolean" }, putBoolean, true, false), "t\nf\n")
  assert.equal(csv({ kind: "int64" }, putInt64, -(2n ** 63n), 7n), "-9223372036854775808\n7\n")
  assert.equal(
    csv({ kind: "float64" }, putFloat64, -0, 1e300, Number.NaN, -Infinity),
    "-0\n1e+300\nNaN\n-Infinity\n",
  )
  assert.equal(csv({ kind: "decimal", precision: 12, scale: 2 }, putInt64, -5n, 1234n), "-0.05\n12.34\n")
  assert.equal(
    csv({ kind: "decimal", precision: 38, scale: 1 }, putInt128, -(10n ** 37n)),
    `-1${"0".repeat(36)}.0\n`,
  )
  assert.equal(
    csv({ kind: "date" }, putInt32, 0, -719_162, 2_932_896),
    "1970-01-01\n0001-01-01\n9999-12-31\n",
  )
  assert.equal(csv({ kind: "timestamp" }, putInt64, -1n), "1969-12-31 23:59:59.999999\n")
  assert.equal(csv({ kind: "timestamptz" }, putInt64, 0n), "1970-01-01 00:00:00.000000+00\n")
  const whole = (column: ColumnBuffer, bytes: Buffer) => putBytes(column, bytes, 0, bytes.length)
  assert.equal(csv({ kind: "bytes" }, whole, Buffer.from([0, 255]), Buffer.alloc(0)), '"00ff"\n""\n')
})

test("the longest text is 65,535 bytes, whatever its characters", () => {
  const longest = "ä".repeat(32_767)
  assert.equal(csv(text, putText, `${longest}a`).length, 32_768 + 3)
  assert.throws(() => csv(text, putText, `${longest}ä`), UnrepresentableValue)
})

test("in columns that are cut, what fits of a text that is too long is written, to a character's end", () => {
  const rows = newRowBuffer([text, text])
  const [first, second] = rows.columns as [ColumnBuffer, ColumnBuffer]
  const longest = "ä".repeat(32_767)
  for (const [one, other] of [
    [`${longest}€€`, "a"],
    ['"', "b"],
    [`${longest}ab`, "c"],
  ] as const) {
    putText(first, one)
    putText(second, other)
    endRow(rows)
  }
  const written = csvOf([text, text], rows, { ...form, cut: new Set([0]) }).toString()
  assert.equal(written, `"${longest}","a"\n"""","b"\n"${longest}a","c"\n`)
  assert.throws(() => csvOf([text, text], rows, { ...form, cut: new Set([1]) }), UnrepresentableValue)
})

test("what the warehouse has no value for is refused", () => {
  const refused = (work: () => unknown) => assert.throws(work, UnrepresentableValue)
  refused(() => csv(text, putText, "a\0"))
  refused(() => csv({ kind: "date" }, putInt32, -719_163))
  refused(() => csv({ kind: "date" }, putInt32, 2_932_897))
  refused(() => csv({ kind: "date" }, putInt32, 2_147_483_647))
  refused(() => csv({ kind: "timestamp" }, putInt64, 2n ** 63n - 1n))
  refused(() => csv({ kind: "json" }, putText, `"${"x".repeat(4 * 2 ** 20)}"`))
})
