import assert from "node:assert/strict"
import { test } from "node:test"
import { dateBytes, intervalBytes, numericBytes, numericText, timestampBytes } from "./binary-forms.ts"
import {
  arrayElementText,
  dateText,
  float32Text,
  float64Text,
  intervalText,
  offsetText,
  timestampText,
} from "./text-forms.ts"

/** Each right-hand side is what PostgreSQL 15 prints. */
test("floats", () => {
  const doubles: [number, string][] = [
    [1e15, "1e+15"],
    [1e14, "100000000000000"],
    [2 ** 60, "1.152921504606847e+18"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [1.5e300, "1.5e+300"],
    [5e-324, "5e-324"],
    [-0, "-0"],
    [0, "0"],
    [-12.5, "-12.5"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
  ]
  for (const [value, text] of doubles) assert.equal(float64Text(value), text)
  const singles: [number, string][] = [
    [1e6, "1e+06"],
    [100000, "100000"],
    [1234567, "1.234567e+06"],
    [Math.fround(0.1), "0.1"],
    [Math.fround(3.4028235e38), "3.4028235e+38"],
  ]
  for (const [value, text] of singles) assert.equal(float32Text(value), text)
})

test("dates and times, far ones and infinite ones", () => {
  assert.equal(dateText(0), "1970-01-01")
  assert.equal(dateText(19782), "2024-02-29")
  assert.equal(dateText(-719_529), "0002-12-31 BC")
  assert.equal(dateText(-719_163), "0001-12-31 BC")
  assert.equal(dateText(2147483647), "infinity")
  assert.equal(dateText(-2147483647), "-infinity")
  assert.equal(timestampText(1704164645678000n, 0), "2024-01-02 03:04:05.678+00")
  assert.equal(timestampText(-1n), "1969-12-31 23:59:59.999999")
  assert.equal(timestampText(-62167219200000000n, 0), "0001-01-01 00:00:00+00 BC")
  assert.equal(timestampText(9223372036854775807n, 0), "infinity")
  assert.equal(offsetText(-5400), "-01:30")
})

test("intervals", () => {
  const cases: [number, number, bigint, string][] = [
    [14, -3, 14706789000n, "1 year 2 mons -3 days +04:05:06.789"],
    [-1, 0, 0n, "-1 mons"],
    [0, 0, 0n, "00:00:00"],
    [-1, 1, 3600000000n, "-1 mons +1 day 01:00:00"],
    [0, 0, -5000000n, "-00:00:05"],
    [0, 0, 90000000000n, "25:00:00"],
    [0, -1, 7200000000n, "-1 days +02:00:00"],
    [1, -1, 0n, "1 mon -1 days"],
  ]
  for (const [months, days, micros, text] of cases) assert.equal(intervalText(months, days, micros), text)
})

test("array elements are quoted where they must be", () => {
  const cases: [string | null, string][] = [
    ["a", "a"],
    ["b c", '"b c"'],
    [null, "NULL"],
    ["NULL", '"NULL"'],
    ['x"y', '"x\\"y"'],
    ["", '""'],
  ]
  for (const [value, text] of cases) assert.equal(arrayElementText(value), text)
})

test("numeric's binary form reads back as it was", () => {
  for (const text of [
    "0",
    "1",
    "-1",
    "0.01",
    "10000",
    "123456789.000100",
    "-99999999999999999999.5",
    "0.0000",
    "5.00",
  ]) {
    assert.equal(numericText(numericBytes(text)), text)
  }
})

test("binary forms are the bytes that PostgreSQL 15 sends", () => {
  assert.equal(numericBytes("-12345.0678").toString("hex"), "0003000140000004" + "0001092902a6")
  assert.equal(timestampBytes(1704164645678000n).toString("hex"), "0002b0ec85204bb0")
  assert.equal(dateBytes(10_956).toString("hex"), "ffffffff")
  assert.equal(intervalBytes(1, -2, 1_000_000n).toString("hex"), "00000000000f4240fffffffe00000001")
})
