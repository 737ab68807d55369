import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, it, type TestContext } from "node:test"
import { newSharedThrottle } from "../../src/front-doors/shared-throttle.ts"
import type { Throttle } from "../../src/front-doors/throttle.ts"
import { openStore } from "../../src/state/store.ts"
import { tcpProxy } from "../support/tcp-proxy.ts"
import { storeForTests } from "./integration-fixture.ts"

describe("the calls of a key over all processes", () => {
  const test = storeForTests()

  async function process(context: TestContext, limits: { perSecond: number; burst: number }) {
    const { hostname, port } = new URL(test.url)
    const proxy = await tcpProxy({ host: hostname, port: Number(port) })
    const store = await openStore(proxy.through(test.url))
    const asked: number[] = []
    const alone: unknown[] = []
    const throttle = newSharedThrottle({
      limits,
      buckets: {
        take(key, wanted, ...rest) {
          asked.push(wanted)
          return store.requestBuckets.take(key, wanted, ...rest)
        },
      },
      onAlone: (error) => alone.push(error),
    })
    context.after(async () => {
      proxy.mend()
      await store.close()
      await proxy.close()
    })
    return { throttle, asked, alone, proxy }
  }

  /** Calls from `callers` at once, each again as soon as it is answered, for so long. */
  async function hammer(throttles: Throttle[], key: string, callers: number, ms: number): Promise<number> {
    const untilMs = performance.now() + ms
    let allowed = 0
    await Promise.all(
      Array.from({ length: callers }, async (_, at) => {
        while (performance.now() < untilMs) {
          const late = await throttles[at % throttles.length]?.take(key, Date.now())
          if (late === undefined) allowed++
          else await new Promise((resolve) => setTimeout(resolve, Math.min(late.waitMs, 20)))
        }
      }),
    )
    return allowed
  }

  it("three processes together allow one limit, however many calls come", async (context) => {
    const limits = { perSecond: 200, burst: 100 }
    const all = await Promise.all([1, 2, 3].map(() => process(context, limits)))
    const throttles = all.map(({ throttle }) => throttle)
    const begunMs = performance.now()
    const allowed = await hammer(throttles, randomUUID(), 30, 1_500)
    const seconds = (performance.now() - begunMs) / 1_000
    // On a machine that is busy with other things, the state database may not answer in time: then nothing is known.
    if (all.some(({ alone }) => alone.length > 0)) return context.diagnostic("the state database was late")
    // Counted from before the first call to after the last one, so no more than this were in the bucket.
    const most = limits.burst + limits.perSecond * seconds
    assert.ok(allowed <= most, `${allowed} calls in ${seconds} s; ${most} allowed`)
    assert.ok(allowed > limits.burst, `${allowed} calls in ${seconds} s: the bucket is filled again`)
  })

  it("one call in a chunk asks the state database; small limits are exact", async (context) => {
    const one = await process(context, { perSecond: 200, burst: 1_000 })
    const key = randomUUID()
    for (let call = 0; call < 100; call++) assert.equal(await one.throttle.take(key, Date.now()), undefined)
    assert.ok(one.asked.length >= 5 && one.asked.length <= 50, `${one.asked.length} questions for 100 calls`)

    const small = { perSecond: 0.001, burst: 3 }
    const two = await Promise.all([1, 2].map(() => process(context, small)))
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => two[at % 2]?.throttle.take("small", Date.now())),
    )
    assert.equal(answers.filter((late) => late === undefined).length, 3)
    for (const late of answers) assert.ok(late === undefined || late.waitMs > 0)
    assert.equal(await two[0]?.throttle.take("another", Date.now()), undefined)
  })

  it("while the state database does not answer, each process counts for itself", async (context) => {
    const one = await process(context, { perSecond: 0.001, burst: 2 })
    one.proxy.stall()
    const key = randomUUID()
    const answers = await Promise.all([1, 2, 3, 4].map(() => one.throttle.take(key, Date.now())))
    assert.equal(answers.filter((late) => late === undefined).length, 2)
    assert.equal(one.alone.length, 1)
  })
})
