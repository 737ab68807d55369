import assert from "node:assert/strict"
import { test } from "node:test"
import type { Worker } from "../../state/processes/workers.ts"
import { type MovableGroup, placementOf } from "./placement.ts"

const steady = 60_000
const worker = (owner: string, unreachable: string[] = [], ageMs = steady): Worker => ({
  owner,
  unreachable,
  reaches: new Map(),
  ageMs,
})
const groupsOf = (count: number, needs = ["source", "warehouse"]): MovableGroup[] =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, keys: [`${n}/db`], needs }))

/** Groups 0 to 99 as workers have them: `{ a: 3 }` has the first three. */
function situation(has: Record<string, number>, free = 0) {
  const count = Object.values(has).reduce((sum, n) => sum + n, free)
  const groups = groupsOf(count)
  let next = 0
  const owned = Object.entries(has).flatMap(([owner, n]) =>
    Array.from({ length: n }, () => ({ pipeline: `${next++}/db`, owner, leftMs: 4_000 })),
  )
  return { groups, owned, free: groups.slice(next).map(({ id }) => id) }
}

function takenBy(me: string, has: Record<string, number>, freeCount: number, workers: Worker[]): number {
  const { groups, owned, free } = situation(has, freeCount)
  const placement = placementOf({ me, unreachable: [], workers, owned, groups })
  let taken = 0
  for (const id of free) {
    if (!placement.takes(id, 0)) continue
    placement.taken()
    taken++
  }
  return taken
}

const three = ["a", "b", "c"].map((owner) => worker(owner))

test("of pipelines that nobody owns, each of three processes takes its share; one that is alone takes all", () => {
  for (const [count, share] of [
    [1, 1],
    [6, 2],
    [7, 3],
    [100, 34],
  ] as const)
    assert.equal(takenBy("a", {}, count, three), share, `${count} pipelines`)
  assert.equal(takenBy("a", {}, 100, [worker("a")]), 100)
  assert.equal(takenBy("a", {}, 100, []), 100, "the process counts also before it is seen")
})

test("what a dead process had is shared by the others", () => {
  const two = three.slice(0, 2)
  assert.equal(takenBy("a", { a: 33, b: 33 }, 34, two), 17)
  assert.equal(takenBy("a", { a: 50, b: 16 }, 34, two), 0, "it has its share")
})

test("what those below their share leave free for 3 s is taken by another", () => {
  const { groups, owned } = situation({ a: 2 }, 1)
  const placement = placementOf({ me: "a", unreachable: [], workers: three, owned, groups })
  assert.equal(placement.takes("2", 2_900), false)
  assert.equal(placement.takes("2", 3_100), true)
})

test("a process takes nothing that it cannot reach, while another can", () => {
  const { groups, owned } = situation({}, 6)
  const unreachable = ["warehouse"]
  const workers = [worker("a", unreachable), worker("b"), worker("c")]
  const cut = placementOf({ me: "a", unreachable, workers, owned, groups })
  const well = placementOf({ me: "b", unreachable: [], workers, owned, groups })
  assert.equal(cut.takes("0", 3_100), false)
  assert.equal(cut.takes("0", 10_100), true, "nobody came, so that what is said may be wrong")
  let taken = 0
  for (const { id } of groups)
    if (well.takes(id, 0)) {
      well.taken()
      taken++
    }
  assert.equal(taken, 3, "two share what the third cannot run")
})

test("a warehouse that nobody reaches moves nothing", () => {
  const { groups, owned } = situation({ a: 4 })
  const unreachable = ["warehouse"]
  const workers = [worker("a", unreachable), worker("b", unreachable)]
  const placement = placementOf({ me: "a", unreachable, workers, owned, groups })
  assert.deepEqual(placement.stranded(), [])
  assert.equal(placement.surplus(["0", "1"]), undefined)
})

test("what this process cannot reach and another can is stranded here, and only that", () => {
  const groups = [...groupsOf(1), { id: "other", keys: ["other/db"], needs: ["source", "elsewhere"] }]
  const owned = ["0/db", "other/db"].map((pipeline) => ({ pipeline, owner: "a", leftMs: 4_000 }))
  const unreachable = ["warehouse"]
  const workers = [worker("a", unreachable), worker("b")]
  assert.deepEqual(placementOf({ me: "a", unreachable, workers, owned, groups }).stranded(), ["0"])
})

function surplusOf(has: Record<string, number>, workers: Worker[]): string | undefined {
  const { groups, owned } = situation(has)
  const mine = owned.filter(({ owner }) => owner === "a").map(({ pipeline }) => pipeline.replace("/db", ""))
  return placementOf({ me: "a", unreachable: [], workers, owned, groups }).surplus(mine)
}

test("one is given at a time to a process with at least two fewer, never back and forth", () => {
  assert.equal(surplusOf({ a: 3, b: 3 }, three), "0")
  assert.equal(surplusOf({ a: 2, b: 2, c: 1 }, three), undefined)
  assert.equal(surplusOf({ a: 2, b: 2, c: 0 }, three), "0")
  assert.equal(surplusOf({ a: 50, b: 50 }, three), "0")
})

test("nothing is given to a process that has just begun: it may end again", () => {
  assert.equal(surplusOf({ a: 3, b: 3 }, [worker("a"), worker("b"), worker("c", [], 4_000)]), undefined)
})

test("pipelines of one integration are together: whoever has its first one gets the others", () => {
  const groups = [{ id: "i", keys: ["i/one", "i/two"], needs: [] }]
  const owned = [
    { pipeline: "i/one", owner: "a", leftMs: 4_000 },
    { pipeline: "i/two", owner: "b", leftMs: 4_000 },
  ]
  const of = (me: string, now = owned) =>
    placementOf({ me, unreachable: [], workers: three, owned: now, groups })
  assert.deepEqual(of("a").misplaced(), [])
  assert.deepEqual(of("b").misplaced(), ["i"])
  const afterwards = owned.slice(0, 1)
  assert.equal(of("a", afterwards).takes("i", 0), true)
  assert.equal(of("b", afterwards).takes("i", 0), false)
})

test("an owner that does not say that it is there, as one of an earlier version, counts by what it owns", () => {
  assert.equal(takenBy("a", { old: 5 }, 5, [worker("a")]), 5)
  assert.equal(takenBy("a", { a: 5, old: 5 }, 1, [worker("a")]), 1)
  assert.equal(takenBy("a", { a: 6, old: 5 }, 1, [worker("a")]), 0)
})
