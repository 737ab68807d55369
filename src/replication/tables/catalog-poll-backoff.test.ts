import assert from "node:assert/strict"
import { test } from "node:test"
import { type Position, positionFrom } from "../../domain/position.ts"
import { newCatalogPollBackoff } from "./catalog-poll-backoff.ts"

const at = (place: number): Position => positionFrom(String(place))

/** A clock that goes on by what each reading takes. */
function braked() {
  let nowMs = 1_000
  const backoff = newCatalogPollBackoff(5_000, () => nowMs)
  return {
    backoff,
    pass: (ms: number) => {
      nowMs += ms
    },
    read: (place: Position | undefined, tookMs: number) =>
      backoff.reading(place, async () => {
        nowMs += tookMs
      }),
  }
}

test("a stream that has not moved since a look that found nothing needs no other", async () => {
  const { backoff, read, pass } = braked()
  assert.ok(backoff.isWorthIt(at(1), false), "the first")
  await read(at(1), 10)
  assert.ok(backoff.isWorthIt(at(1), false), "it found something: it may not be done with")
  backoff.foundNothing()
  assert.equal(backoff.isWorthIt(at(1), false), false)
  assert.ok(backoff.isWorthIt(at(2), false), "the stream moved")
  assert.ok(backoff.isWorthIt(at(1), true), "something is due")
  pass(60_000)
  assert.ok(backoff.isWorthIt(at(1), false), "once in a while")
})

test("a look that finds something after one that did not takes nothing for granted", async () => {
  const { backoff, read } = braked()
  await read(at(1), 10)
  backoff.foundNothing()
  await read(at(2), 10)
  assert.ok(backoff.isWorthIt(at(2), false))
})

test("a source whose positions do not tell of definitions is always looked at", async () => {
  const { backoff, read } = braked()
  await read(undefined, 10)
  backoff.foundNothing()
  assert.ok(backoff.isWorthIt(undefined, false))
})

test("after a slow look comes a wait of 20 times as long, within limits", async () => {
  const { backoff, read } = braked()
  assert.equal(backoff.waitMs, 5_000)
  for (const [tookMs, waitMs] of [
    [10, 5_000],
    [250, 5_000],
    [1_000, 20_000],
    [60_000, 600_000],
    [10, 5_000],
  ] as const) {
    await read(at(1), tookMs)
    assert.equal(backoff.waitMs, waitMs, `after ${tookMs} ms`)
  }
})

test("a look that fails is no look", async () => {
  const { backoff } = braked()
  const failing = backoff.reading(at(1), () => Promise.reject(new Error("it went away")))
  await assert.rejects(failing, /went away/)
  assert.ok(backoff.isWorthIt(at(1), false))
})

test("a look that something speaks for comes at once, or after some times what the last one took", async () => {
  const { backoff, read, pass } = braked()
  assert.equal(backoff.soonestMs, 0, "before the first")
  await read(at(1), 100)
  assert.equal(backoff.soonestMs, 300)
  pass(200)
  assert.equal(backoff.soonestMs, 100)
  pass(5_000)
  assert.equal(backoff.soonestMs, 0)
})
