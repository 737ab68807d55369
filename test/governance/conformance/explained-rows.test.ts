/** What `policy explain --row` works out for a row is what the reference evaluator says of it. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { compileSource } from "../../../src/governance/compile/compile-source.ts"
import { rowOf, seenRow } from "../../../src/governance/explain/seen-row.ts"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { drawPolicies } from "./cases.ts"
import { visibleRows } from "./evaluator.ts"
import { newDraw } from "./random.ts"
import { newWorld, secrets, sourceOf } from "./worlds.ts"

const worlds = 12
const casesOfWorld = 25

test(`a row worked out without a database is the reference evaluator's row (${shownSeed})`, () => {
  const draw = newDraw(testSeed)
  const counted = { rows: 0, shown: 0 }
  const secret = (id: string) => secrets.get(id) ?? ""
  for (let number = 0; number < worlds; number++) {
    const world = newWorld(draw, number)
    const source = sourceOf(world, "duckdb", "people")
    for (let one = 0; one < casesOfWorld; one++) {
      const { policies, trees } = drawPolicies(draw)
      const plan = compileSource({ source, policies })
      assert.equal(plan.kind, "built")
      if (plan.kind !== "built") return
      for (const person of world.people)
        for (const row of world.rows) {
          const [wanted] = visibleRows({ source, policies, trees, secrets, now: world.now }, person, [row])
          const seen = seenRow(plan, person, {
            row: rowOf(plan, row),
            now: world.now,
            secret,
            hashSecret: secret,
          })
          counted.rows++
          if (seen.kind === "shown") counted.shown++
          const found = seen.kind === "shown" ? plain(Object.fromEntries(seen.values)) : undefined
          assert.deepEqual(
            found,
            wanted && plain(wanted),
            `world ${number}, case ${one}, row ${JSON.stringify(row)}`,
          )
        }
    }
  }
  assert.ok(counted.shown > counted.rows / 20, JSON.stringify(counted))
})

/** Moments without a fraction that is nought, floats as JavaScript writes them. */
function plain(row: Readonly<Record<string, string | null>>): Record<string, string | null> {
  const texts = Object.entries(row).map(([name, value]) => [
    name,
    value === null ? null : name === "ratio" ? String(Number(value)) : value.replace(/\.000000$/, ""),
  ])
  return Object.fromEntries(texts)
}
