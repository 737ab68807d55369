import assert from "node:assert/strict"
import { test } from "node:test"
import { timeReader } from "./timestamps.ts"

const read = (format: string | undefined, text: string) =>
  timeReader(format)(new Map([["sourceLastUpdatedTimestamp", text]]))?.toISOString()

for (const [format, text, wanted] of [
  ["yyyy-MM-dd HH:mm:ss", "2026-02-03 04:05:06", "2026-02-03T04:05:06.000Z"],
  ["dd/MM/yyyy", "03/02/2026", "2026-02-03T00:00:00.000Z"],
  ["MM/dd/yy hh:mm a", "02/03/26 12:30 AM", "2026-02-03T00:30:00.000Z"],
  ["MM/dd/yy hh:mm a", "02/03/26 12:30 pm", "2026-02-03T12:30:00.000Z"],
  ["EEE, d MMM yyyy HH:mm:ss Z", "Tue, 3 Feb 2026 04:05:06 +0130", "2026-02-03T02:35:06.000Z"],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSX", "2026-02-03T04:05:06.789-05", "2026-02-03T09:05:06.789Z"],
  ["yyyy.MM.dd 'o''clock' HH", "2026.02.03 o'clock 7", "2026-02-03T07:00:00.000Z"],
  // Not of the form: as ISO 8601, or not at all.
  ["dd/MM/yyyy", "2026-02-03T04:05:06Z", "2026-02-03T04:05:06.000Z"],
  ["yyyy-MM-dd G", "2026-02-03T04:05:06Z", "2026-02-03T04:05:06.000Z"],
  [undefined, "2026-02-03T04:05:06Z", "2026-02-03T04:05:06.000Z"],
  ["yyyy.MM.dd", "yesterday", undefined],
] as const)
  test(`a time "${text}" of the format ${format} is ${wanted}`, () => {
    assert.equal(read(format, text), wanted)
  })

test("a day that there is not is no time of its format", () => {
  assert.equal(read("dd.MM.yyyy HH:mm", "31.02.2026 10:00"), undefined)
  assert.equal(read("dd.MM.yyyy HH:mm", "01.02.2026 25:00"), undefined)
})
