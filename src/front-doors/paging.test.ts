import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { Fault } from "../domain/faults.ts"
import { fromMarker, pageLimit, pageOf, pagingOf, toMarker } from "./paging.ts"
import "../../test/support/seed.ts"

const paging = pagingOf("rds/DescribeIntegrations")

const invalid = (error: unknown) => error instanceof Fault && error.kind === "invalidValue"

test("a marker comes back as the place that it was made of", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (place) => {
      fc.pre(place.length > 0)
      assert.equal(fromMarker(paging, toMarker(paging, place)), place)
    }),
  )
})

test("a marker of the longest place there is keeps within the API's 340 characters", () => {
  assert.ok(toMarker(paging, `${8_640_000_000_000_000}.00000000-0000-4000-8000-000000000000`).length <= 340)
})

test("any other text is refused, and so is every changed character", () => {
  const marker = toMarker(paging, "1700000000000.00000000-0000-4000-8000-000000000000")
  for (let at = 0; at < marker.length; at += 1) {
    const changed = marker.slice(0, at) + (marker[at] === "A" ? "B" : "A") + marker.slice(at + 1)
    assert.throws(() => fromMarker(paging, changed), invalid, changed)
  }
  for (const text of [`${marker}=`, `${marker}A`, ` ${marker}`, marker.slice(1), "", "A", "!".repeat(300)]) {
    assert.throws(() => fromMarker(paging, text), invalid, text)
  }
})

test("page sizes", () => {
  assert.equal(pageLimit(paging, undefined), 100)
  assert.equal(pageLimit(paging, 20), 20)
  assert.equal(pageLimit(paging, 100), 100)
  for (const size of [19, 101, 0, -20]) assert.throws(() => pageLimit(paging, size), invalid)
})

test("a marker of another operation is a foreign one", () => {
  const other = toMarker(pagingOf("rds/DescribeDBInstances"), "place")
  assert.throws(() => fromMarker(paging, other), invalid)
})

test("pages hold each item once, in the order of the keys", () => {
  const items = Array.from({ length: 45 }, (_, at) => String((at * 7) % 45).padStart(2, "0"))
  const seen: string[][] = []
  let marker: string | undefined
  do {
    const page = pageOf(paging, items, (item) => item, { MaxRecords: 20, Marker: marker })
    seen.push(page.items)
    marker = page.marker
  } while (marker !== undefined)
  assert.deepEqual(
    seen.map((page) => page.length),
    [20, 20, 5],
  )
  assert.deepEqual(seen.flat(), items.toSorted())
})

test("a page that takes all has no marker", () => {
  const items = Array.from({ length: 20 }, (_, at) => String(at))
  assert.equal(pageOf(paging, items, (item) => item, { MaxRecords: 20 }).marker, undefined)
})
