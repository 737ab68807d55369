import assert from "node:assert/strict"
import { test } from "node:test"
import { newBlamedStatements } from "./blamed-statements.ts"

const forMs = 600_000
const by = (user: string, fingerprint: string) => ({ user, fingerprint, sinceMs: 0 })

test("a statement that ran at two ends of the engine is refused to its user for a while, and to nobody else", () => {
  const blamed = newBlamedStatements(forMs)
  assert.deepEqual(blamed.ended([by("ann", "a"), by("bob", "a"), by("ann", "b")], 1_000), [])
  const untilMs = 2_000 + forMs
  assert.deepEqual(blamed.ended([by("ann", "a"), by("bob", "c")], 2_000), [
    { user: "ann", fingerprint: "a", untilMs },
  ])
  assert.deepEqual(blamed.refused(untilMs - 1), [{ user: "ann", fingerprint: "a", untilMs }])
  assert.deepEqual(blamed.refused(untilMs), [])
  assert.deepEqual(blamed.ended([by("ann", "a")], untilMs), [])
})

test("the same statement in two sessions of one user is one end, and ends that lie far apart do not add up", () => {
  const blamed = newBlamedStatements(forMs)
  assert.deepEqual(blamed.ended([by("ann", "a"), by("ann", "a")], 0), [])
  assert.deepEqual(blamed.ended([by("ann", "a")], forMs), [])
  assert.equal(blamed.ended([by("ann", "a")], forMs + 1).length, 1)
})
