import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { Fault } from "../../domain/faults.ts"
import { fromMarker, pageLimit, toMarker } from "./paging.ts"

const invalid = (error: unknown) => error instanceof Fault && error.kind === "invalidValue"

test("a marker comes back as the place that it was made of", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (place) => {
      fc.pre(place.length > 0)
      assert.equal(fromMarker(toMarker(place)), place)
    }),
  )
})

test("a marker of the longest place there is keeps within the API's 340 characters", () => {
  assert.ok(toMarker(`${8_640_000_000_000_000}.00000000-0000-4000-8000-000000000000`).length <= 340)
})

test("any other text is refused, and so is every changed character", () => {
  const marker = toMarker("1700000000000.00000000-0000-4000-8000-000000000000")
  for (let at = 0; at < marker.length; at += 1) {
    const changed = marker.slice(0, at) + (marker[at] === "A" ? "B" : "A") + marker.slice(at + 1)
    assert.throws(() => fromMarker(changed), invalid, changed)
  }
  for (const text of [`${marker}=`, `${marker}A`, ` ${marker}`, marker.slice(1), "", "A", "!".repeat(300)]) {
    assert.throws(() => fromMarker(text), invalid, text)
  }
})

test("page sizes", () => {
  assert.equal(pageLimit(undefined), 100)
  assert.equal(pageLimit(20), 20)
  assert.equal(pageLimit(100), 100)
  for (const size of [19, 101, 0, -20]) assert.throws(() => pageLimit(size), invalid)
})
