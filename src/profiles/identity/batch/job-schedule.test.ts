import assert from "node:assert/strict"
import { test } from "node:test"
import { nextStartMs } from "./job-schedule.ts"

const at = (text: string) => Date.parse(text)
const next = (after: string, schedule?: Parameters<typeof nextStartMs>[0]) =>
  new Date(nextStartMs(schedule, at(after))).toISOString()

test("a job starts at the next time of its schedule, by UTC", () => {
  // The 1st of December 2026 is a Tuesday.
  const tuesdayNoon = { DayOfTheWeek: "TUESDAY", Time: "12:00" } as const
  assert.equal(next("2026-12-01T11:59:59.999Z", tuesdayNoon), "2026-12-01T12:00:00.000Z")
  assert.equal(next("2026-12-01T12:00:00Z", tuesdayNoon), "2026-12-08T12:00:00.000Z")
  assert.equal(
    next("2026-12-01T12:00:00Z", { DayOfTheWeek: "MONDAY", Time: "9:05" }),
    "2026-12-07T09:05:00.000Z",
  )
  assert.equal(
    next("2026-12-31T23:00:00Z", { DayOfTheWeek: "FRIDAY", Time: "0:00" }),
    "2027-01-01T00:00:00.000Z",
  )
})

test("without a schedule it starts on Saturday at midnight", () => {
  assert.equal(next("2026-12-01T00:00:00Z"), "2026-12-05T00:00:00.000Z")
  assert.equal(next("2026-12-05T00:00:00Z"), "2026-12-12T00:00:00.000Z")
})
