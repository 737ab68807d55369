import assert from "node:assert/strict"
import { test } from "node:test"
import { newLockOut } from "./lock-out.ts"

test("ten wrong passwords lock one user out from one network for five minutes, and nobody else", () => {
  let nowMs = 1_000
  const lockOut = newLockOut(() => nowMs)
  for (let at = 1; at < 10; at++) assert.equal(lockOut.wrong("ann", "10.0.0.1"), "counted")
  assert.equal(lockOut.waitMs("ann", "10.0.0.1"), undefined)
  assert.equal(lockOut.wrong("ann", "10.0.0.1"), "locked")
  assert.equal(lockOut.waitMs("ann", "::ffff:10.0.0.1"), 300_000)
  assert.equal(lockOut.waitMs("ann", "10.0.0.2"), undefined)
  assert.equal(lockOut.waitMs("bob", "10.0.0.1"), undefined)
  nowMs += 300_000
  assert.equal(lockOut.waitMs("ann", "10.0.0.1"), undefined)
})

test("a right password makes the user's wrong ones forgotten, the network's are not", () => {
  const lockOut = newLockOut(() => 0)
  for (let at = 1; at < 100; at++) {
    lockOut.wrong(`user ${at}`, "10.0.0.1")
    lockOut.right(`user ${at}`, "10.0.0.1")
  }
  assert.equal(lockOut.waitMs("user 1", "10.0.0.1"), undefined)
  assert.equal(lockOut.wrong("ann", "10.0.0.1"), "locked")
  assert.equal(lockOut.waitMs("user 1", "10.0.0.1"), 300_000)
})

test("the number of users and networks that are remembered is bounded, the latest stay", () => {
  const lockOut = newLockOut(() => 0)
  for (let at = 0; at < 10; at++) lockOut.wrong("ann", "10.9.9.9")
  for (let at = 0; at < 12_000; at++) lockOut.wrong("x", `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`)
  assert.equal(lockOut.waitMs("ann", "10.9.9.9"), undefined)
  for (let at = 0; at < 10; at++) lockOut.wrong("ann", "10.9.9.9")
  assert.equal(lockOut.waitMs("ann", "10.9.9.9"), 300_000)
})
