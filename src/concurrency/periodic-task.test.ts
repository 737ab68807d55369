import assert from "node:assert/strict"
import { test } from "node:test"
import { startPeriodicTask } from "./periodic-task.ts"

test("turns come one after another, also after one that failed, and none comes after the end", async () => {
  const log: string[] = []
  const third = Promise.withResolvers<void>()
  const task = startPeriodicTask({
    everyMs: 1,
    async work() {
      log.push("begins")
      await new Promise((resolve) => setImmediate(resolve))
      log.push("ends")
      if (log.length === 2) throw new Error("the first turn fails")
      if (log.length >= 6) third.resolve()
    },
    onError: (error) => log.push(String(error)),
  })
  await third.promise
  await task.stop()
  const turns = log.filter((line) => line !== "Error: the first turn fails")
  assert.equal(log.length, turns.length + 1)
  assert.deepEqual(
    turns,
    turns.map((_, at) => (at % 2 === 0 ? "begins" : "ends")),
  )
  const { length } = log
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(log.length, length)
})
