/** What a plan does to tables, tried on a catalog that is no more than a map from places to tables. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { testSeed } from "../../../test/support/seed.ts"
import { positionFrom } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import { qualifiedName, type TableName, type TableSchema } from "../../domain/table.ts"
import type { Batch, Run, TableChanges } from "../contracts/warehouse.ts"
import type { HeldTable, HeldVersions } from "./held.ts"
import { type BatchToPlan, planAdoption, planBatch, planSnapshotEnd, planVersionSwitches } from "./plan.ts"
import type { Step } from "./step.ts"

const pipeline = "p"
const at = new Date("2026-01-02T03:04:05.678Z")
const historical = (name: string) => `${name}_historical`
const folded = (table: TableName) => qualifiedName(table).toLowerCase()

function table(id: string, name = id, schema = "s"): TableSchema {
  return { id, schema, name, key: [0], columns: [{ name: "k", type: { kind: "int32" }, sourceType: "int" }] }
}

function held(schema: TableSchema, of = pipeline, stale = false): HeldTable {
  return { pipeline: of, stale, schema }
}

const emptyBatch: Batch = { tables: [], swaps: [], stale: [], dropped: [], at, position: undefined }

function changes(of: TableSchema, from?: TableSchema): TableChanges {
  const run: Run = { kind: "changes", first: 0, last: 0, insertsOnly: true, unchanged: [] }
  const alteration = from && { from, to: of, origins: [0], fill: undefined }
  return { table: of, alteration, parts: [], runs: [run] }
}

function renamed(from: TableSchema, name: string, schema = from.schema): TableChanges {
  return changes({ ...from, name, schema }, from)
}

/** But for its first step, which expects where the position is. */
function planned(batch: Partial<Batch>, tables: HeldTable[], more: Partial<BatchToPlan> = {}): Step[] {
  const [first, ...steps] = whole(batch, tables, more)
  assert.equal(first?.kind, "expectPosition")
  return steps
}

function whole(batch: Partial<Batch>, tables: HeldTable[], more: Partial<BatchToPlan> = {}): Step[] {
  return planBatch({
    pipeline,
    batch: { ...emptyBatch, ...batch },
    held: tables,
    versions: [],
    placeOf: folded,
    expected: positionFrom("1"),
    copiedAsOf: new Map(),
    ...more,
  })
}

/** Runs the steps that concern tables. Gives what stands where: a table's id, and `id+copy` where a copy took its place. */
function standing(tables: readonly TableSchema[], steps: readonly Step[]): Map<string, string> {
  const places = new Map(tables.map((one) => [folded(one), one.id]))
  const take = (from: string) => {
    const one = places.get(from)
    assert.ok(one !== undefined, `nothing stands at ${from}`)
    places.delete(from)
    return one
  }
  const put = (to: string, one: string) => {
    assert.ok(!places.has(to), `${to} is taken`)
    places.set(to, one)
  }
  for (const step of steps)
    switch (step.kind) {
      case "drop":
        places.delete(folded(step.table))
        break
      case "leave":
        put(`leaving ${folded(step.table)}`, take(folded(step.table)))
        break
      case "arrive":
        put(folded(step.to), take(`leaving ${folded(step.from)}`))
        break
      case "adoptCopy":
        put(folded(step.table), `${step.table.id}+copy`)
        break
      case "succeed":
        take(folded(step.from))
        put(folded(step.to), `${step.to.id}+copy`)
        break
      case "retire":
        if (places.has(folded(step.table))) put(historical(folded(step.table)), take(folded(step.table)))
        break
      case "change":
      case "alter":
        assert.ok(
          places.has(folded(step.place)),
          `${step.kind} of ${folded(step.place)}, where nothing stands`,
        )
        break
      default:
    }
  return places
}

const kinds = (steps: readonly Step[]) => steps.map(({ kind }) => kind)
const [a, b, c] = [table("a"), table("b"), table("c")]

test("a batch of plain changes plans them and the position, last", () => {
  const steps = whole({ tables: [changes(a)], position: positionFrom("2") }, [])
  assert.deepEqual(kinds(steps), ["expectPosition", "change", "setPosition"])
})

test("a batch that does not move the position, or comes before it is known, is refused", () => {
  const batch = { tables: [changes(a)], position: positionFrom("1") }
  assert.throws(() => whole(batch, []), Problem)
  assert.throws(() => whole({ ...batch, position: positionFrom("2") }, [], { expected: undefined }), Problem)
})

test("a renamed table changes its rows under its new name and is tracked under it", () => {
  const steps = planned({ tables: [renamed(a, "z")] }, [held(a)])
  assert.deepEqual(standing([a], steps), new Map([["s.z", "a"]]))
  assert.deepEqual(kinds(steps), ["leave", "arrive", "alter", "change", "track"])
})

test("two tables that exchange their names both keep their rows", () => {
  const steps = planned({ tables: [renamed(a, "b"), renamed(b, "a")] }, [held(a), held(b)])
  assert.deepEqual(
    standing([a, b], steps),
    new Map([
      ["s.b", "a"],
      ["s.a", "b"],
    ]),
  )
})

test("names passed on in a chain: each table arrives where another one left", () => {
  const steps = planned(
    { tables: [renamed(a, "b"), renamed(b, "c"), renamed(c, "d")] },
    [a, b, c].map((one) => held(one)),
  )
  assert.deepEqual(Object.fromEntries(standing([a, b, c], steps)), { "s.b": "a", "s.c": "b", "s.d": "c" })
})

test("a table that did not move but stands at a new name takes the name that became free", () => {
  const steps = planned({ tables: [renamed(a, "b")] }, [held(a), held(b, pipeline, true)])
  assert.deepEqual(Object.fromEntries(standing([a, b], steps)), { "s.b": "a", "s.a": "b" })
  const noted = steps.filter((step) => step.kind === "track" || step.kind === "markStale")
  assert.deepEqual(
    noted.map((step) => [step.kind, step.table.id, step.table.name]),
    [
      ["track", "b", "a"],
      ["markStale", "b", "a"],
      ["track", "a", "b"],
    ],
  )
})

test("where no name became free, the table that stands in the way is dropped and no longer tracked", () => {
  const batch = { tables: [renamed(a, "c"), renamed(b, "a")] }
  const steps = planned(
    batch,
    [a, b, c].map((one) => held(one)),
  )
  assert.deepEqual(Object.fromEntries(standing([a, b, c], steps)), { "s.c": "a", "s.a": "b" })
  assert.ok(steps.some((step) => step.kind === "untrack" && step.table.id === "c"))
})

test("another pipeline's table in the way is dropped: it does not get a name that this source freed", () => {
  const steps = planned({ tables: [renamed(a, "b")] }, [held(a), held(b, "other")])
  assert.deepEqual(Object.fromEntries(standing([a, b], steps)), { "s.b": "a" })
})

test("names that the engine takes for one are one place", () => {
  const steps = planned({ tables: [renamed(a, "B")] }, [held(a), held(b)])
  assert.deepEqual(Object.fromEntries(standing([a, b], steps)), { "s.b": "a", "s.a": "b" })
})

test("a table that is dropped makes room for one that takes its name in the same batch", () => {
  const steps = planned({ dropped: [b], tables: [renamed(a, "b")] }, [held(a), held(b)])
  assert.deepEqual(Object.fromEntries(standing([a, b], steps)), { "s.b": "a" })
})

test("a dropped table is dropped by its name here, not by the one it has at the source", () => {
  const steps = planned({ dropped: [table("a", "renamed_before")] }, [held(a)])
  assert.deepEqual(standing([a], steps), new Map())
})

test("the versions of a dropped table stay, closed, and make room when another table comes to the name", () => {
  const versions: HeldVersions[] = [{ pipeline, dropped: false, schema: b }]
  const steps = planned({ dropped: [b], tables: [renamed(a, "b")] }, [held(a), held(b)], { versions })
  assert.deepEqual(Object.fromEntries(standing([a, b], steps)), { [historical("s.b")]: "b", "s.b": "a" })
  assert.ok(kinds(steps).indexOf("closeVersions") < kinds(steps).indexOf("retire"))
})

test("a copy takes its live table's place, before the batch's changes of it", () => {
  const steps = planned({ swaps: [a], tables: [changes(a)] }, [held(a)])
  assert.deepEqual(Object.fromEntries(standing([a], steps)), { "s.a": "a+copy" })
  assert.ok(kinds(steps).indexOf("adoptCopy") < kinds(steps).indexOf("change"))
})

test("a copy of a table that was renamed to another's name exchanges places with it", () => {
  const steps = planned({ swaps: [table("a", "b")] }, [held(a), held(b)])
  assert.deepEqual(Object.fromEntries(standing([a, b], steps)), { "s.b": "a+copy", "s.a": "b" })
})

test("a copy that keeps versions succeeds the live table; one that keeps none retires it", () => {
  const versions: HeldVersions[] = [{ pipeline, dropped: false, schema: a }]
  const kept = planned({ swaps: [a] }, [held(a)], { versions, copiedAsOf: new Map([["a", at]]) })
  assert.deepEqual(Object.fromEntries(standing([a], kept)), { "s.a": "a+copy" })
  assert.ok(kept.some((step) => step.kind === "noteVersions"))
  const ended = planned({ swaps: [a] }, [held(a)], { versions })
  assert.deepEqual(Object.fromEntries(standing([a], ended)), { [historical("s.a")]: "a", "s.a": "a+copy" })
  assert.ok(ended.some((step) => step.kind === "forgetVersions"))
})

test("changes of a table whose place another one took are left out", () => {
  const batch = { swaps: [table("a", "b")], tables: [changes(c)] }
  const steps = planned(batch, [held(a), held(table("c", "b"), "other")])
  assert.ok(!steps.some((step) => step.kind === "change"))
})

test("an alteration behind changes of the same batch says that the rows were touched", () => {
  const wider = { ...a, columns: [...a.columns] }
  const steps = planned({ tables: [changes(a), changes(wider, a)] }, [held(a)])
  assert.deepEqual(
    steps.flatMap((step) => (step.kind === "alter" ? [step.isTouched] : [])),
    [true],
  )
})

test("a copy adopted by itself replaces the live table", () => {
  const steps = planAdoption({
    pipeline,
    table: a,
    since: undefined,
    at,
    held: [held(a)],
    versions: [],
    placeOf: folded,
  })
  assert.deepEqual(Object.fromEntries(standing([a], steps)), { "s.a": "a+copy" })
})

test("a complete snapshot drops what is not in it, but not what stands where a kept table is", () => {
  const steps = planSnapshotEnd({
    pipeline,
    kept: [a],
    position: positionFrom("9"),
    at,
    held: [held(a), held(table("old-a", "A"), "earlier"), held(b)],
    versions: [],
    placeOf: folded,
  })
  assert.deepEqual(Object.fromEntries(standing([a, b], steps)), { "s.a": "a" })
  assert.deepEqual(kinds(steps), ["untrack", "drop", "untrack", "startPosition"])
})

test("version switches pass over what is so already and what is not held", () => {
  const versions: HeldVersions[] = [{ pipeline, dropped: false, schema: b }]
  const switches = ["a", "b", "c"].map((id) => ({ id, keep: true }))
  const on = planVersionSwitches(pipeline, switches, { held: [held(a), held(b)], versions, at })
  assert.deepEqual(kinds(on), ["beginVersions", "noteVersions"])
  const off = switches.map(({ id }) => ({ id, keep: false }))
  assert.deepEqual(kinds(planVersionSwitches(pipeline, off, { held: [held(a), held(b)], versions, at })), [
    "endVersions",
    "forgetVersions",
  ])
})

test("any renames at once: every renamed table stands at its new name, no other table's rows are lost to a free name", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"]
  const case_ = fc.record({
    order: fc.shuffledSubarray(names, { minLength: 5, maxLength: 5 }),
    news: fc.shuffledSubarray(names, { minLength: 3, maxLength: 3 }),
    schemas: fc.array(fc.constantFrom("s", "t"), { minLength: 3, maxLength: 3 }),
  })
  fc.assert(
    fc.property(case_, ({ order, news, schemas }) => {
      const tables = order.map((name, index) => table(`${index}`, name))
      const moves = tables.slice(0, 3).map((one, index) => renamed(one, news[index] ?? "", schemas[index]))
      const places = standing(
        tables,
        planned(
          { tables: moves },
          tables.map((one) => held(one)),
        ),
      )
      for (const { table: to } of moves) assert.equal(places.get(folded(to)), to.id)
      assert.ok([...places.keys()].every((place) => !place.startsWith("leaving")))
    }),
    { seed: testSeed, numRuns: 500 },
  )
})
