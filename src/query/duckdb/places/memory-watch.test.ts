import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import type { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { MemoryUse } from "./memory-use.ts"
import { type MemoryAccount, memoryWatch } from "./memory-watch.ts"

const limits = { statementBytes: 1000, allBytes: 1300, userBytes: 1250, spillBytes: 500 }

/** A watch over memory that the test says the use of; looks are waited for, not timed. */
function watched(t: TestContext) {
  let use: MemoryUse = { fixedBytes: 5000, countedBytes: 9000, nativeBytes: 20_000, spilledBytes: 0 }
  let looks = 0
  const errors: unknown[] = []
  let next: { begin(): void; going: Promise<void> } | undefined
  const read = async () => {
    const slow = next
    next = undefined
    slow?.begin()
    await slow?.going
    looks++
    return { ...use }
  }
  /** The next reading begins, and is done when it is told to go on. */
  function readSlowly() {
    const [begun, going] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    next = { begin: begun.resolve, going: going.promise }
    return { begun: begun.promise, goOn: going.resolve }
  }
  const watch = memoryWatch({ read, close: () => undefined }, limits, (error) => errors.push(error))
  t.after(() => {
    watch.close()
    assert.deepEqual(errors, [])
  })

  async function looked(): Promise<void> {
    const after = looks + 2
    while (looks < after) await sleep(5)
  }
  /** Returns once there was no look for four times as long as between two. */
  async function quiet(): Promise<void> {
    for (let before = -1; before < looks; ) {
      before = looks
      await sleep(200)
    }
  }
  function become(by: Partial<MemoryUse>): void {
    use = { ...use }
    for (const [key, bytes] of Object.entries(by)) use[key as keyof MemoryUse] += bytes
  }
  async function grow(by: Partial<MemoryUse>): Promise<void> {
    become(by)
    await looked()
  }
  function session(user?: string) {
    const stopped: PgError[] = []
    const account: MemoryAccount = watch.open((reason) => stopped.push(reason) > 0, user)
    let leave: () => void = () => undefined
    const enter = () => void account.inside(() => new Promise<void>((resolve) => (leave = resolve)))
    return { account, stopped, enter, leave: () => leave() }
  }
  return { become, grow, looked, quiet, readSlowly, session }
}

test("what grows while one statement is inside is that statement's", async (t) => {
  const { grow, looked, session } = watched(t)
  const [one, idle] = [session(), session()]
  one.enter()
  await looked()
  await grow({ fixedBytes: 900, countedBytes: 900, nativeBytes: 900 })
  assert.equal(one.stopped.length, 0)
  await grow({ fixedBytes: 200, countedBytes: 200, nativeBytes: 200 })
  assert.deepEqual(
    one.stopped.map(({ code }) => code),
    ["53200"],
  )
  await grow({ fixedBytes: 500 })
  assert.equal(one.stopped.length, 1, "told once")
  assert.equal(idle.stopped.length, 0)
})

test("growth of the process counts as far as the engine does not explain it", async (t) => {
  const { grow, looked, session } = watched(t)
  const one = session()
  one.enter()
  await looked()
  // A sort: counted, and can be set aside; memory given back inside the engine stays with the process.
  await grow({ countedBytes: 8000, nativeBytes: 8500 })
  await grow({ countedBytes: -8000 })
  assert.equal(one.stopped.length, 0)
  await grow({ nativeBytes: 600 })
  assert.equal(one.stopped[0]?.code, "53200")
})

test("what a statement sets aside on disk has a limit", async (t) => {
  const { grow, looked, session } = watched(t)
  const one = session()
  one.enter()
  await looked()
  await grow({ spilledBytes: 400 })
  assert.equal(one.stopped.length, 0)
  await grow({ spilledBytes: 200 })
  assert.equal(one.stopped[0]?.code, "53400")
})

test("what all statements of a user, and of all users, set aside on disk has a limit", async (t) => {
  const { grow, looked, session } = watched(t)
  const ofOne = [session("one"), session("one")]
  const ofOthers = [session("two"), session("three")]
  for (const each of ofOne) each.enter()
  await looked()
  await grow({ spilledBytes: 450 })
  assert.equal(ofOne.flatMap(({ stopped }) => stopped).length, 0)
  await grow({ spilledBytes: 150 })
  const [told, ...more] = ofOne.flatMap(({ stopped }) => stopped)
  assert.match(told?.message ?? "", /all statements of this user together/)
  assert.equal(told?.code, "53400")
  assert.equal(more.length, 0)
  for (const each of ofOne) {
    each.leave()
    each.account.ended(false)
  }
  const three = [...ofOthers, session("four")]
  for (const each of three) each.enter()
  await looked()
  await grow({ spilledBytes: 1200 })
  assert.match(
    three.flatMap(({ stopped }) => stopped)[0]?.message ?? "",
    /all statements of all users together/,
  )
})

test("a new statement starts from nothing, unless its session keeps something", async (t) => {
  const { grow, looked, session } = watched(t)
  const one = session()
  for (const keepsSome of [false, true]) {
    one.enter()
    await looked()
    await grow({ fixedBytes: 700 })
    one.leave()
    one.account.ended(keepsSome)
  }
  assert.equal(one.stopped.length, 0)
  one.enter()
  await looked()
  await grow({ fixedBytes: 400 })
  assert.equal(one.stopped.length, 1)
})

test("what is read late belongs to the statement that was inside, though it is over by then", async (t) => {
  const { become, looked, readSlowly, session } = watched(t)
  const one = session()
  one.enter()
  await looked()
  const slow = readSlowly()
  await slow.begun
  become({ fixedBytes: 1400 })
  one.leave()
  await new Promise((resolve) => setImmediate(resolve))
  one.account.ended(false)
  one.enter()
  slow.goOn()
  await looked()
  assert.equal(one.stopped.length, 0)
})

test("when all together hold too much, the one with the most is stopped, and then the next only if need be", async (t) => {
  const { grow, looked, session } = watched(t)
  const [small, large] = [session(), session()]
  large.enter()
  await looked()
  await grow({ fixedBytes: 600 })
  small.enter()
  // From here on both are inside for the whole time between two looks, so each is charged half.
  await looked()
  await grow({ fixedBytes: 600 })
  assert.deepEqual([small.stopped.length, large.stopped.length], [0, 0])
  await grow({ fixedBytes: 160 })
  assert.equal(small.stopped.length, 0)
  assert.match(large.stopped[0]?.message ?? "", /all statements together/)
  await grow({ fixedBytes: 100 })
  assert.equal(small.stopped.length, 0, "what is being stopped gives back first")
  large.leave()
  large.account.ended(false)
  await grow({ fixedBytes: -900 })
  assert.equal(small.stopped.length, 0)
})

test("whoever spreads over many statements is stopped before one who holds more in a single one", async (t) => {
  const { grow, looked, session } = watched(t)
  const single = session("eve")
  const many = [session("adam"), session("adam"), session("adam")]
  single.enter()
  await looked()
  await grow({ fixedBytes: 500 })
  single.leave()
  for (const [at, one] of many.entries()) {
    one.enter()
    await looked()
    await grow({ fixedBytes: 270 + at })
    one.leave()
  }
  // Each holds what it has, as cursors do; only who is inside can be stopped.
  for (const one of [single, ...many]) one.enter()
  await looked()
  assert.equal(single.stopped.length, 0)
  assert.deepEqual(
    many.map(({ stopped }) => stopped.length),
    [0, 0, 1],
  )
})

test("one user's statements together hold no more than the user's share", async (t) => {
  const { grow, looked, session } = watched(t)
  const [first, second] = [session("eve"), session("eve")]
  first.enter()
  await looked()
  await grow({ fixedBytes: 600 })
  first.leave()
  second.enter()
  await looked()
  await grow({ fixedBytes: 690 })
  assert.equal(first.stopped.length, 0)
  assert.match(second.stopped[0]?.message ?? "", /this user/)
})

test("between statements nobody looks", async (t) => {
  const { become, looked, quiet, session } = watched(t)
  const one = session()
  one.enter()
  await looked()
  one.leave()
  one.account.ended(false)
  await quiet()
  become({ fixedBytes: 5000 })
  one.enter()
  await looked()
  assert.equal(one.stopped.length, 0, "what grew in between is nobody's")
})
