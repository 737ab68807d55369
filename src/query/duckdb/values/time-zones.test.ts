import assert from "node:assert/strict"
import { test } from "node:test"
import { zoneName, zoneOffset } from "./time-zones.ts"

const micros = (iso: string) => BigInt(Date.parse(iso)) * 1000n

test("offsets change where the zone changes them, to the second", () => {
  const berlin = zoneOffset("Europe/Berlin")
  assert.equal(berlin(micros("2024-03-31T00:59:59Z")), 3600)
  assert.equal(berlin(micros("2024-03-31T01:00:00Z")), 7200)
  assert.equal(berlin(micros("2024-10-27T00:59:59Z")), 7200)
  assert.equal(berlin(micros("2024-10-27T01:00:00Z")), 3600)
  assert.equal(zoneOffset("Asia/Kathmandu")(micros("2024-01-01T00:00:00Z")), 20_700)
  assert.equal(zoneOffset("UTC")(0n), 0)
  assert.equal(berlin(-(2n ** 62n)), berlin(-(2n ** 61n)))
})

test("names, hours and POSIX", () => {
  assert.equal(zoneName("Europe/Berlin"), "Europe/Berlin")
  assert.equal(zoneName("z"), "UTC")
  assert.equal(zoneName("-8"), "Etc/GMT+8")
  assert.equal(zoneName("2"), "Etc/GMT-2")
  assert.equal(zoneName("GMT-02:00"), "Etc/GMT-2")
  for (const wrong of ["Mars/Olympus", "+05:30", "99", "", "';DROP"]) assert.equal(zoneName(wrong), undefined)
})
