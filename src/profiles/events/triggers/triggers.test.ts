import assert from "node:assert/strict"
import { test } from "node:test"
import { compares } from "./comparisons.ts"
import { isMet, mistakesInTrigger } from "./conditions.ts"
import { countedSince, isExpired, isWithinPeriods } from "./limits.ts"
import type { ComparisonOperator, ObjectAttribute, TriggerCondition } from "./trigger.ts"

const cases: [value: unknown, ComparisonOperator, values: string[], expected: boolean][] = [
  ["gold", "INCLUSIVE", ["silver", "gold"], true],
  ["Gold", "INCLUSIVE", ["gold"], false],
  ["gold", "EXCLUSIVE", ["silver"], true],
  ["silver", "EXCLUSIVE", ["silver"], false],
  [undefined, "EXCLUSIVE", ["silver"], false],
  ["", "EXCLUSIVE", ["silver"], false],
  ["cancelled order", "CONTAINS", ["x", "order"], true],
  ["order-7", "BEGINS_WITH", ["order"], true],
  ["an order", "BEGINS_WITH", ["order"], false],
  ["a.png", "ENDS_WITH", [".jpg", ".png"], true],
  [100, "GREATER_THAN", ["99.5"], true],
  ["100", "GREATER_THAN", ["100"], false],
  ["1e3", "GREATER_THAN_OR_EQUAL", ["1000"], true],
  ["9", "LESS_THAN", ["10"], true],
  ["abc", "LESS_THAN", ["10"], false],
  ["10", "LESS_THAN_OR_EQUAL", ["10"], true],
  ["10.0", "EQUAL", ["10"], true],
  [true, "EQUAL", ["true"], true],
  ["x", "EQUAL", ["y", "x"], true],
  ["2026-01-01", "BEFORE", ["2026-01-02"], true],
  ["2026-01-01T23:00:00Z", "AFTER", ["2026-01-01T23:30:00+01:00"], true],
  [1_767_225_600_000, "ON", ["2026-01-01"], true],
  ["2026-01-01 23:59:59", "ON", ["2026-01-01"], true],
  ["tomorrow", "ON", ["2026-01-01"], false],
  ["5", "BETWEEN", ["5", "7"], true],
  ["2026-02-01", "BETWEEN", ["2026-01-01", "2026-03-01"], true],
  ["8", "NOT_BETWEEN", ["5", "7"], true],
  ["7", "NOT_BETWEEN", ["5", "7"], false],
  ["abc", "NOT_BETWEEN", ["5", "7"], false],
  [["silver", "gold"], "INCLUSIVE", ["gold"], true],
  [["silver", "gold"], "EXCLUSIVE", ["gold"], false],
  [[], "EXCLUSIVE", ["gold"], false],
  [{ a: 1 }, "EQUAL", ["[object Object]"], false],
]

for (const [value, operator, values, expected] of cases)
  test(`${JSON.stringify(value)} ${operator} ${values.join(", ")} is ${expected}`, () => {
    assert.equal(compares(value, operator, values), expected)
  })

const is = (FieldName: string, value: string): ObjectAttribute => ({
  FieldName,
  ComparisonOperator: "EQUAL",
  Values: [value],
})
const condition = (
  LogicalOperator: TriggerCondition["LogicalOperator"],
  ...dimensions: ObjectAttribute[][]
): TriggerCondition => ({
  LogicalOperator,
  EventTriggerDimensions: dimensions.map((ObjectAttributes) => ({ ObjectAttributes })),
})
const object = {
  source: { order: { total: 120, lines: [{ sku: "a" }, { sku: "b" }] } },
  fields: { status: "paid", city: "Bonn" },
}
const met = (...conditions: TriggerCondition[]) => isMet({ EventTriggerConditions: conditions }, object)

test("ANY, ALL and NONE are of dimensions; attributes of a dimension are all met; one condition is enough", () => {
  const [paid, ulm] = [is("status", "paid"), is("city", "Ulm")]
  assert.equal(met(condition("ANY", [paid], [ulm])), true)
  assert.equal(met(condition("ANY", [paid, ulm])), false)
  assert.equal(met(condition("ALL", [paid], [ulm])), false)
  assert.equal(met(condition("NONE", [ulm], [paid, ulm])), true)
  assert.equal(met(condition("NONE", [ulm], [paid])), false)
  assert.equal(met(condition("ALL", [ulm]), condition("ANY", [paid])), true)
})

test("a source is a path in the object as it came, also through its lists", () => {
  const at = (Source: string, Values: string[], ComparisonOperator: ComparisonOperator = "EQUAL") =>
    met(condition("ALL", [{ Source, ComparisonOperator, Values }]))
  assert.equal(at("order.total", ["100"], "GREATER_THAN"), true)
  assert.equal(at("_source.order.total", ["120"]), true)
  assert.equal(at("order.lines.1.sku", ["b"]), true)
  assert.equal(at("order.lines.sku", ["b"]), true)
  assert.equal(at("order.lines.sku", ["c"]), false)
  assert.equal(at("order.constructor.name", ["Object"]), false)
})

test("what cannot be compared is said when the trigger is made", () => {
  const mistakes = (attribute: Partial<ObjectAttribute>) =>
    mistakesInTrigger({
      EventTriggerConditions: [
        condition("ANY", [{ ComparisonOperator: "EQUAL", Values: ["1"], ...attribute }]),
      ],
    })
  assert.deepEqual(mistakes({ FieldName: "a" }), [])
  assert.match(mistakes({})[0] ?? "", /needs a Source or a FieldName/)
  assert.match(mistakes({ FieldName: "a", Source: "b" })[0] ?? "", /not both/)
  const wrong = (ComparisonOperator: ComparisonOperator, ...Values: string[]) =>
    mistakes({ FieldName: "a", ComparisonOperator, Values })
  assert.match(wrong("GREATER_THAN", "ten")[0] ?? "", /GREATER_THAN of a takes one number/)
  assert.match(wrong("BEFORE", "soon")[0] ?? "", /one date/)
  assert.match(wrong("BETWEEN", "7", "5")[0] ?? "", /smaller one first/)
  assert.match(wrong("BETWEEN", "7")[0] ?? "", /two numbers or two dates/)
  assert.deepEqual(wrong("NOT_BETWEEN", "2026-01-01", "2026-01-01"), [])
})

const now = Date.UTC(2026, 2, 31, 12)
const hour = 3_600_000

test("an object older than EventExpiration is expired", () => {
  assert.equal(isExpired({ EventExpiration: 1_000 }, now - 1_000, now), false)
  assert.equal(isExpired({ EventExpiration: 1_000 }, now - 1_001, now), true)
  assert.equal(isExpired({}, 0, now), false)
})

test("each period limits how often a trigger fires for a profile", () => {
  const twicePerDay = { Unit: "DAYS", Value: 1, MaxInvocationsPerProfile: 2 } as const
  const oncePerHour = { Unit: "HOURS", Value: 1 } as const
  const limits = { Periods: [twicePerDay, oncePerHour] }
  const may = (...hoursAgo: number[]) =>
    isWithinPeriods(
      limits,
      hoursAgo.map((hours) => now - hours * hour),
      now,
    )
  assert.equal(may(), true)
  assert.equal(may(0.5), false)
  assert.equal(may(2), true)
  assert.equal(may(2, 3), false)
  assert.equal(may(2, 24), true)
  assert.equal(countedSince(limits, now), now - 24 * hour)
  const free = { Periods: [{ ...oncePerHour, Unlimited: true }] }
  assert.equal(countedSince(free, now), undefined)
  assert.equal(isWithinPeriods(free, [now], now), true)
})

test("a month ago is the same day of the month, or the month's last", () => {
  const months = (Value: number) => countedSince({ Periods: [{ Unit: "MONTHS", Value }] }, now)
  assert.equal(months(1), Date.UTC(2026, 1, 28, 12))
  assert.equal(months(3), Date.UTC(2025, 11, 31, 12))
})
