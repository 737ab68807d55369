import assert from "node:assert/strict"
import { test } from "node:test"
import { nextRate, type Sharer, sharesOf } from "./memory-shares.ts"

/** Bytes charged to each of the statements, which begin at these looks and grow by so much in each look of 50 ms. */
function charged(statements: readonly { fromLook: number; grows: number }[], looks: number): number[] {
  const totals = statements.map(() => 0)
  const sharers: Sharer[] = statements.map(() => ({ insideMs: 0, ageMs: 0, ratePerMs: 0 }))
  for (let look = 0; look < looks; look++) {
    const inside = statements.map(({ fromLook }) => look >= fromLook)
    for (const [at, sharer] of sharers.entries()) sharer.insideMs = inside[at] === true ? 50 : 0
    const growth = statements.reduce((all, { grows }, at) => all + (inside[at] === true ? grows : 0), 0)
    for (const [at, bytes] of sharesOf(sharers, growth).entries()) {
      const sharer = sharers[at]
      if (sharer === undefined) continue
      totals[at] = (totals[at] ?? 0) + bytes
      sharer.ratePerMs = nextRate(sharer, bytes)
      sharer.ageMs += sharer.insideMs
    }
  }
  return totals
}

test("growth is shared out whole, and nothing is charged to a statement that was not inside", () => {
  const sharers = [
    { insideMs: 50, ageMs: 500, ratePerMs: 3 },
    { insideMs: 10, ageMs: 0, ratePerMs: 0 },
    { insideMs: 0, ageMs: 0, ratePerMs: 9 },
  ]
  for (const growth of [1000, 90, 0, -600]) {
    const shares = sharesOf(sharers, growth)
    const all = shares.reduce((total, one) => total + one, 0)
    assert.ok(Math.abs(all - growth) < 1e-6, `${all} of ${growth}`)
    assert.equal(Math.abs(shares[2] ?? 1), 0)
  }
})

test("a statement that has run without growing is charged little of what begins with another", () => {
  const [modest = 0, hoarder = 0] = charged(
    [
      { fromLook: 0, grows: 0 },
      { fromLook: 20, grows: 1000 },
    ],
    60,
  )
  assert.ok(hoarder > 5 * modest, `${hoarder} beside ${modest}`)
})

test("a statement that has long hoarded is not hidden by new ones", () => {
  const others = Array.from({ length: 40 }, (_, at) => ({ fromLook: 20 + at, grows: 0 }))
  const [hoarder = 0, ...rest] = charged([{ fromLook: 0, grows: 1000 }, ...others], 60)
  assert.ok(hoarder > 0.9 * 60_000, `${hoarder} of 60000, the others ${Math.max(...rest)} at most`)
})

test("a statement that begins to hoard late comes to be charged for it, with a new statement beside it at every look", () => {
  // The hoarder is 20 looks old; each of the others lasts one look.
  let [chargedToHoarder, sharer] = [0, { insideMs: 50, ageMs: 1000, ratePerMs: 0 }]
  for (let look = 0; look < 60; look++) {
    const [own = 0] = sharesOf([sharer, { insideMs: 50, ageMs: 0, ratePerMs: 0 }], 1000)
    chargedToHoarder += own
    sharer = { ...sharer, ratePerMs: nextRate(sharer, own), ageMs: sharer.ageMs + 50 }
  }
  assert.ok(chargedToHoarder > 0.5 * 60_000, `${chargedToHoarder} of 60000`)
})
