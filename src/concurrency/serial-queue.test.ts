import assert from "node:assert/strict"
import { test } from "node:test"
import { newSerialQueue } from "./serial-queue.ts"

test("work runs in the order given, one at a time, and a failure keeps nothing after it from running", async () => {
  const inTurn = newSerialQueue()
  const log: string[] = []
  const first = Promise.withResolvers<void>()
  const works = [
    inTurn(async () => {
      log.push("first begins")
      await first.promise
      log.push("first ends")
    }),
    inTurn(async () => {
      log.push("second")
      throw new Error("second fails")
    }),
    inTurn(async () => {
      log.push("third")
      return 3
    }),
  ]
  await Promise.resolve()
  assert.deepEqual(log, ["first begins"])
  first.resolve()
  const results = await Promise.allSettled(works)
  assert.deepEqual(log, ["first begins", "first ends", "second", "third"])
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  )
})
