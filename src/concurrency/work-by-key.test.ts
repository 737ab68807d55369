import assert from "node:assert/strict"
import { test } from "node:test"
import { newWorkByKey } from "./work-by-key.ts"

test("work that hangs holds up its own key, and nothing else", async () => {
  const missed: string[] = []
  const work = newWorkByKey({ atOnce: 2, onMissed: (key) => missed.push(key) })
  const hanging = Promise.withResolvers<void>()
  const first = work.run("a", () => hanging.promise)
  const done: string[] = []
  for (const key of ["b", "c", "d"]) await work.run(key, async () => void done.push(key))
  assert.deepEqual(done, ["b", "c", "d"])
  assert.equal(
    work.run("a", async () => assert.fail("two of one key")),
    undefined,
  )
  assert.deepEqual(missed, [])
  hanging.resolve()
  await first
  assert.deepEqual(missed, ["a"])
})

test("no more than so many at once, and a failure gives its place to the next", async () => {
  const work = newWorkByKey({ atOnce: 3, onMissed: () => assert.fail("nothing was missed") })
  let now = 0
  let most = 0
  const all = Array.from({ length: 20 }, (_, n) =>
    work.run(`${n}`, async () => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      now--
      if (n % 2 === 0) throw new Error("failed")
    }),
  )
  const outcomes = await Promise.allSettled(all)
  assert.equal(most, 3)
  assert.equal(outcomes.filter(({ status }) => status === "rejected").length, 10)
})
