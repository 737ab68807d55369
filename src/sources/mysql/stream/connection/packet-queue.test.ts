import assert from "node:assert/strict"
import { test } from "node:test"
import { newPacketQueue } from "./packet-queue.ts"

test("packets behind one that takes a while keep their order and their bytes", async () => {
  const handled: string[] = []
  const busy: boolean[] = []
  const waits = new Map([
    ["slow", Promise.withResolvers<void>()],
    ["late", Promise.withResolvers<void>()],
  ])
  const queue = newPacketQueue({
    handle: (bytes, start, end) => {
      const name = bytes.toString("latin1", start, end)
      handled.push(name)
      return waits.get(name)?.promise
    },
    busy: (isBusy) => busy.push(isBusy),
    failed: assert.fail,
  })
  const shared = Buffer.from("one slow two late end.")
  for (const [start, end] of [
    [0, 3],
    [4, 8],
    [9, 12],
    [13, 17],
    [18, 21],
  ] as const)
    queue.handle(shared, start, end)
  shared.fill(0)
  assert.deepEqual(handled, ["one", "slow"])
  waits.get("slow")?.resolve()
  await waits.get("slow")?.promise.then(() => undefined)
  assert.deepEqual(handled, ["one", "slow", "two", "late"])
  waits.get("late")?.resolve()
  await waits.get("late")?.promise.then(() => undefined)
  assert.deepEqual(handled, ["one", "slow", "two", "late", "end"])
  assert.deepEqual(busy, [true, true, false])
})

test("after a packet that failed a while later, or behind one that took a while, none is handled", async () => {
  for (const slow of [Promise.reject(new Error("slow failed")), Promise.resolve()]) {
    const handled: string[] = []
    const failed = Promise.withResolvers<unknown>()
    const queue = newPacketQueue({
      handle: (bytes, start, end) => {
        const name = bytes.toString("latin1", start, end)
        handled.push(name)
        if (name === "b") throw new Error("b failed")
        return name === "a" ? slow : undefined
      },
      busy: () => undefined,
      failed: failed.resolve,
    })
    for (const at of [0, 1, 2]) queue.handle(Buffer.from("abc"), at, at + 1)
    assert.match(String(await failed.promise), /failed/)
    queue.handle(Buffer.from("d"), 0, 1)
    assert.deepEqual(
      handled.filter((name) => name > "b"),
      [],
    )
  }
})

test("what fails a while later is told", async () => {
  const failed = Promise.withResolvers<unknown>()
  const queue = newPacketQueue({
    handle: () => Promise.reject(new Error("broken")),
    busy: () => undefined,
    failed: failed.resolve,
  })
  queue.handle(Buffer.from("x"), 0, 1)
  assert.match(String(await failed.promise), /broken/)
})
