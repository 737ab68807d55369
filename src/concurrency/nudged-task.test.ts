import assert from "node:assert/strict"
import { test } from "node:test"
import { newNudgedTask } from "./nudged-task.ts"
import { newOneAhead } from "./one-ahead.ts"
import { startTicks } from "./ticks.ts"

test("asked ten times during a turn, one more turn follows; a failure is told and keeps no turn from coming", async () => {
  let turns = 0
  const errors: unknown[] = []
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const task = newNudgedTask({
    everyMs: 60_000,
    async work() {
      turns++
      if (turns === 1) await first.promise
      else second.resolve()
      throw new Error(`turn ${turns} failed`)
    },
    onError: (error) => errors.push(String(error)),
  })
  for (let asked = 0; asked < 10; asked++) task.nudge()
  assert.equal(turns, 1)
  first.resolve()
  await second.promise
  await task.stop()
  assert.deepEqual(errors, ["Error: turn 1 failed", "Error: turn 2 failed"])
  task.nudge()
  assert.equal(turns, 2)
})

test("a turn that nobody asked for comes after the interval", async () => {
  let turns = 0
  const third = Promise.withResolvers<void>()
  const task = newNudgedTask({
    everyMs: 1,
    async work() {
      if (++turns === 3) third.resolve()
    },
    onError: assert.fail,
  })
  task.nudge()
  await third.promise
  await task.stop()
})

test("the work before has ended when the next begins, and what it threw is thrown then", async () => {
  const ahead = newOneAhead()
  const log: string[] = []
  const work = (name: string, fails?: string) => async () => {
    log.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    log.push(`${name} ends`)
    if (fails !== undefined) throw new Error(fails)
  }
  await ahead.begin(work("first"))
  await ahead.begin(work("second", "second failed"))
  assert.deepEqual(log, ["first begins", "first ends", "second begins"])
  await assert.rejects(ahead.begin(work("third")), /second failed/)
  await assert.rejects(ahead.settled(), /second failed/)
})

test("ticks come until they are stopped", async () => {
  let count = 0
  const third = Promise.withResolvers<void>()
  const ticks = startTicks({
    everyMs: 1,
    tick() {
      if (++count === 3) third.resolve()
    },
  })
  await third.promise
  ticks.stop()
  const counted = count
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(count, counted)
})
