import assert from "node:assert/strict"
import { test } from "node:test"
import type { Caller } from "../../control-plane/control-plane.ts"
import { followerSeats } from "./follower-seats.ts"

const reader = (name: string): Caller => ({ name, role: "read-only" })
const admin: Caller = { name: "admin", role: "admin" }

test("one key's followers leave seats to others, and administrators have some of their own", () => {
  const seats = followerSeats()
  const leave = Array.from({ length: 25 }, () => seats.take(reader("a")))
  assert.throws(() => seats.take(reader("a")), { kind: "unavailable" })
  for (const name of ["b", "c", "d"]) for (let i = 0; i < 25; i++) seats.take(reader(name))
  assert.throws(() => seats.take(reader("e")), { kind: "unavailable" })
  for (let i = 0; i < 10; i++) seats.take(admin)
  assert.throws(() => seats.take(admin), { kind: "unavailable" })
  leave[0]?.()
  leave[0]?.()
  seats.take(admin)
  assert.throws(() => seats.take(reader("a")), { kind: "unavailable" })
})
