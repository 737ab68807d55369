import assert from "node:assert/strict"
import { test } from "node:test"
import { atMost, pause, startDeadline, within } from "./deadline.ts"

test("work that ends in time gives its result, and what it throws", async () => {
  assert.equal(await atMost(60_000, Promise.resolve(7), () => "late"), 7)
  assert.equal(await within(60_000, Promise.resolve(7)), "done")
  assert.equal(await within(60_000, undefined), "done")
  await assert.rejects(within(60_000, Promise.reject(new Error("it failed"))), /it failed/)
})

test("work that takes too long is left alone: its late failure ends no process, and `late` answers or throws", async () => {
  const work = Promise.withResolvers<number>()
  assert.equal(await within(1, work.promise), "late")
  assert.equal(await atMost(-1, work.promise, () => "late"), "late")
  await assert.rejects(
    atMost(1, work.promise, () => {
      throw new Error("too late")
    }),
    /too late/,
  )
  work.reject(new Error("nobody waits for it"))
  await new Promise((resolve) => setImmediate(resolve))
})

test("a deadline that was ended is not told, one that was not is told once", async () => {
  const told: string[] = []
  const over = Promise.withResolvers<void>()
  const ended = startDeadline(1, () => told.push("ended"))
  startDeadline(2, () => {
    told.push("late")
    over.resolve()
  })
  ended.end()
  await over.promise
  assert.deepEqual(told, ["late"])
})

test("a pause ends with its signal, also one that was given before", async () => {
  const stop = new AbortController()
  const pausing = pause(60_000, stop.signal)
  stop.abort()
  await pausing
  await pause(60_000, stop.signal)
})
