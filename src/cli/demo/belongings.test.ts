import assert from "node:assert/strict"
import { test } from "node:test"
import { Ending, newBelongings } from "./belongings.ts"

test("what was started last is stopped first; one that cannot stop does not keep the rest from it", async () => {
  const stopped: string[] = []
  const belongings = newBelongings()
  const own = (name: string, fails = false) =>
    belongings.own(
      async () => name,
      async (it) => {
        stopped.push(it)
        if (fails) throw new Error(`${it} hangs`)
      },
    )
  await own("server")
  await own("writer", true)
  await own("client")
  const told: unknown[] = []
  await belongings.stopAll((error) => told.push(error))
  assert.deepEqual(stopped, ["client", "writer", "server"])
  assert.deepEqual(told, [new Error("writer hangs")])
})

test("what is still starting at the end is waited for and stopped, and nothing new begins", async () => {
  const belongings = newBelongings()
  const starting = Promise.withResolvers<string>()
  const stopped: string[] = []
  const stop = async (it: string) => void stopped.push(it)
  const owned = belongings.own(() => starting.promise, stop)
  const ended = belongings.stopAll(() => undefined)
  await assert.rejects(
    belongings.own(async () => "late", stop),
    Ending,
  )
  starting.resolve("slow")
  await ended
  assert.equal(await owned, "slow")
  assert.deepEqual(stopped, ["slow"])
})

test("what failed to start is not stopped", async () => {
  const belongings = newBelongings()
  await assert.rejects(
    belongings.own(
      async () => Promise.reject(new Error("no")),
      async () => assert.fail("nothing to stop"),
    ),
    /no/,
  )
  await belongings.stopAll((error) => assert.fail(String(error)))
})
