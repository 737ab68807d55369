import assert from "node:assert/strict"
import { test } from "node:test"
import type { ShardPlace } from "./position.ts"
import { placesOfNow, readable, type Shard } from "./shards.ts"

const shard = (id: string, parentId?: string, isClosed = false): Shard => ({ id, parentId, isClosed })

test("whoever begins now reads no shard that is closed, and the open ones from now", () => {
  const places = placesOfNow([shard("old", undefined, true), shard("new", "old")], 7)
  assert.deepEqual(readable(places, [shard("old", undefined, true), shard("new", "old")]), ["new"])
  assert.deepEqual(places.get("new"), { kind: "since", ms: 7 })
})

test("children of a shard that splits are read from their beginning, and only when it is read to its end", () => {
  const places = new Map<string, ShardPlace>([["parent", { kind: "after", sequenceNumber: "5" }]])
  const split = [shard("left", "parent"), shard("parent", undefined, true), shard("right", "parent")]
  assert.deepEqual(readable(places, split), ["parent"])
  assert.equal(places.has("left"), false)
  places.set("parent", { kind: "end" })
  assert.deepEqual(readable(places, split), ["left", "right"])
  assert.deepEqual(places.get("left"), { kind: "since", ms: 0 })
  // Its grandchildren wait for it in turn.
  assert.deepEqual(readable(places, [...split, shard("leaf", "left")]), ["left", "right"])
})

test("a shard that is no longer listed leaves the place, and does not hold back its children", () => {
  const places = new Map<string, ShardPlace>([["parent", { kind: "end" }]])
  assert.deepEqual(readable(places, [shard("child", "parent")]), ["child"])
  assert.deepEqual([...places.keys()], ["child"])
  assert.deepEqual(readable(new Map(), [shard("orphan", "gone")]), ["orphan"])
})
