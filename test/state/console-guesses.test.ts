import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { newLockOut } from "../../src/front-doors/console/lock-out.ts"
import { storeForTests } from "./integration-fixture.ts"

describe("wrong passwords of the console", () => {
  const test = storeForTests()
  /** Two processes over one state database. */
  const processes = () =>
    [newLockOut(test.store.consoleGuesses), newLockOut(test.store.consoleGuesses)] as const

  it("lock one user out from one network, whichever process is asked, and nobody else", async () => {
    const [one, other] = processes()
    for (let at = 1; at <= 9; at++) {
      const attempt = await (at % 2 === 0 ? one : other).begin("ann", "10.0.0.1")
      assert.deepEqual([attempt.waitMs, attempt.isLast], [undefined, false], `attempt ${at}`)
    }
    assert.equal((await one.begin("ann", "10.0.0.1")).isLast, true)
    const { waitMs } = await other.begin("ann", "::ffff:10.0.0.1")
    assert.ok(waitMs !== undefined && waitMs > 0 && waitMs <= 300_000, String(waitMs))
    assert.equal((await other.begin("ann", "10.0.0.2")).waitMs, undefined)
    assert.equal((await other.begin("bob", "10.0.0.1")).waitMs, undefined)
  })

  it("are counted before they are looked at: of many at once no more than ten are tried", async () => {
    const [one, other] = processes()
    const attempts = await Promise.all(
      Array.from({ length: 30 }, (_, at) => (at % 2 === 0 ? one : other).begin("eve", "10.0.1.1")),
    )
    assert.equal(attempts.filter(({ waitMs }) => waitMs === undefined).length, 10)
  })

  it("are forgotten with a right one; those of the network by other users are not", async () => {
    const [one] = processes()
    for (let at = 1; at <= 9; at++) await one.begin("kim", "10.0.2.1")
    await one.begin("kim", "10.0.2.1")
    await one.right("kim", "10.0.2.1")
    assert.equal((await one.begin("kim", "10.0.2.1")).isLast, false)
    // 10 of kim are counted for the network by now: the right one is not.
    for (let at = 11; at <= 99; at++) await one.begin(`user ${at}`, "10.0.2.1")
    assert.equal((await one.begin("lea", "10.0.2.1")).isLast, true)
    assert.notEqual((await one.begin("mia", "10.0.2.1")).waitMs, undefined)
  })
})
