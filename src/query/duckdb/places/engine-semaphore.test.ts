import assert from "node:assert/strict"
import { test } from "node:test"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type EngineUser, engineSemaphore, sharesOf, type Turn } from "./engine-semaphore.ts"

const admin: EngineUser = { name: "admin", isAdmin: true }
const user = (name: string): EngineUser => ({ name, isAdmin: false })
const forever = () => new Promise<never>(() => undefined)
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test("calls that never end leave places for administrators, and for other users", async () => {
  const gate = engineSemaphore(14)
  const { reserved, perUser } = sharesOf(14)
  let begun = 0
  function begin(): Promise<never> {
    begun++
    return forever()
  }
  const stuck = (who: EngineUser) => void gate.run(who, begin).catch(() => undefined)
  for (let n = 0; n < 100; n++) stuck(user("one"))
  await turn()
  assert.equal(begun, perUser)
  assert.equal(await gate.run(user("two"), async () => "of another"), "of another")
  for (const name of ["two", "three", "four"]) for (let n = 0; n < 100; n++) stuck(user(name))
  await turn()
  assert.equal(begun, 14 - reserved)
  assert.equal(await gate.run(admin, async () => "of an administrator"), "of an administrator")
})

test("a call that waits begins when a place is free, in order for each user", async () => {
  const gate = engineSemaphore(1)
  const first = Promise.withResolvers<void>()
  const order: number[] = []
  const running = gate.run(user("one"), () => first.promise)
  const others = [1, 2, 3].map((n) => gate.run(user("one"), async () => void order.push(n)))
  await turn()
  assert.deepEqual(order, [])
  first.resolve()
  await Promise.all([running, ...others])
  assert.deepEqual(order, [1, 2, 3])
})

test("a call that waits can be withdrawn; its place in the queue is gone", async () => {
  const gate = engineSemaphore(1)
  const first = Promise.withResolvers<void>()
  const running = gate.run(user("one"), () => first.promise)
  const turns: Turn[] = []
  const waiting = gate.run(
    user("one"),
    async () => assert.fail("ran"),
    (one) => turns.push(one),
  )
  const after = gate.run(user("one"), async () => "ran")
  turns[0]?.withdraw(new PgError("57014", "canceling statement due to user request"))
  await assert.rejects(waiting, { code: "57014" })
  first.resolve()
  await running
  assert.equal(await after, "ran")
})

test("one user cannot fill the queue for all", async () => {
  const gate = engineSemaphore(2)
  const calls = Array.from({ length: 3000 }, () => gate.run(user("one"), forever))
  const refused = calls.slice(2501).map((call) => assert.rejects(call, { code: "53000" }))
  await Promise.all(refused)
  assert.equal(await gate.run(admin, async () => 1), 1)
})
