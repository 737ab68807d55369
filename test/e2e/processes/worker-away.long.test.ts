import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { awayScene, splits, watchStatus } from "./worker-away.ts"

/** Longer than a lease, an observation and every time-out of a connection to the state database. */
const frozenMs = 20_000
const rounds = 3

for (const split of splits) {
  test(`${split}: the worker is frozen for 20 s and goes on, under load`, async (context) => {
    const scene = await awayScene(context, split, 82)
    const { api, place, worker } = scene
    const watch = watchStatus(context, scene)
    worker.child.kill("SIGSTOP")
    watch.away()
    const refused = await place.spawn({}, "sql,worker").ended
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, new RegExp(`in use by another Millrace \\(process ${worker.pid}\\)`))
    await api.becomes("bank", "needs_attention")
    // Not a wait for something: the length of the freeze is what is tried.
    await sleep(frozenMs)
    watch.back()
    worker.child.kill("SIGCONT")
    await api.becomes("bank", "active", 180_000)
    const { polls } = await watch.stop()
    assert.ok(polls > 50, `${polls} polls`)
    await scene.assertNothingLost()
  })

  test(`${split}: the worker is killed and started again, and stopped and started again, under load`, async (context) => {
    const scene = await awayScene(context, split, 83)
    const { api, startWorker } = scene
    let { worker } = scene
    const watch = watchStatus(context, scene)
    for (let round = 0; round < rounds; round++) {
      const isKilled = round % 2 === 0
      await (isKilled ? worker.kill9() : worker.terminate())
      watch.away()
      await api.becomes("bank", "needs_attention")
      watch.back()
      worker = await startWorker()
      await api.becomes("bank", "active", 180_000)
    }
    await watch.stop()
    await scene.assertNothingLost()
  })

  test(`${split}: a frozen worker is killed and followed, and its orders with it, under load`, async (context) => {
    const scene = await awayScene(context, split, 84)
    const { api, place, worker, startWorker } = scene
    const watch = watchStatus(context, scene)
    worker.child.kill("SIGSTOP")
    watch.away()
    await api.becomes("bank", "needs_attention")
    assert.notEqual((await place.run("resync", "--integration", "bank")).code, 0)
    await worker.kill9()
    watch.back()
    await startWorker()
    await api.becomes("bank", "active", 180_000)
    await watch.stop()
    // The integration is active while its pipeline still starts; what waits for a position is told when it streams.
    const waited = await place.run("wait", "--integration", "bank", "--now", "--timeout", "180s")
    assert.equal(waited.code, 0, waited.output)
    const resync = await place.run("resync", "--integration", "bank", "--table", "public.accounts")
    assert.equal(resync.code, 0, resync.output)
    await scene.becomesEqual()
    const verify = await place.run("verify", "--integration", "bank")
    assert.equal(verify.code, 0, verify.output)
  })
}
