import assert from "node:assert/strict"
import { test } from "node:test"
import { daysOfDate } from "../../replication/values/days.ts"
import { dateText, timestampText } from "./time-text.ts"

test("dates are in ISO form, years before 1 with BC behind", () => {
  const cases: [number, number, number, string][] = [
    [1970, 1, 1, "1970-01-01"],
    [2024, 2, 29, "2024-02-29"],
    [1, 1, 1, "0001-01-01"],
    [0, 12, 31, "0001-12-31 BC"],
    [-43, 3, 15, "0044-03-15 BC"],
    [12_345, 6, 7, "12345-06-07"],
  ]
  for (const [year, month, day, text] of cases) assert.equal(dateText(daysOfDate(year, month, day)), text)
  assert.deepEqual([dateText(2_147_483_647), dateText(-2_147_483_647)], ["infinity", "-infinity"])
})

test("any day is the date that makes that day", () => {
  for (let days = -1_000_000; days <= 1_000_000; days += 997) {
    const [, year, month, day, era] = /^(\d+)-(\d\d)-(\d\d)( BC)?$/.exec(dateText(days)) ?? []
    const counted = era === undefined ? Number(year) : 1 - Number(year)
    assert.equal(daysOfDate(counted, Number(month), Number(day)), days)
  }
})

test("times have the digits that they need, the zone behind them, and BC at the very end", () => {
  assert.equal(timestampText(0n, ""), "1970-01-01 00:00:00")
  assert.equal(timestampText(-1n, "+00"), "1969-12-31 23:59:59.999999+00")
  assert.equal(timestampText(1_500_000n, ""), "1970-01-01 00:00:01.5")
  assert.match(timestampText(-70_000_000_000_000_000n, "+00"), /\+00 BC$/)
  assert.equal(timestampText(9_223_372_036_854_775_807n, ""), "infinity")
})
