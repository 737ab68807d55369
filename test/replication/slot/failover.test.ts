import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { atEnd } from "../../e2e/clean-up.ts"
import { runSql, testPipeline } from "../../support/pipeline.ts"
import { onServer, type Standby, standbyOf } from "../../support/postgres/standby.ts"
import { type TestServer, testServer } from "../../support/postgres.ts"
import { type TcpProxy, tcpProxy } from "../../support/tcp-proxy.ts"
import { waitUntil } from "../../support/wait-until.ts"

interface Pair {
  primary: TestServer
  standby: Standby
  /** The name under which clients know whichever is the primary. */
  name: TcpProxy
  /** The standby's way to the primary. */
  link: TcpProxy
  url: string
}

/** A primary with a streaming standby, and rows in table t. */
async function pair(context: TestContext): Promise<Pair> {
  const primary = await testServer()
  atEnd(context, () => primary.remove())
  await runSql(
    primary.url(),
    "CREATE TABLE t (id int PRIMARY KEY, v text)",
    "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 1000) i",
  )
  const link = await tcpProxy({ host: "127.0.0.1", port: primary.port })
  atEnd(context, () => link.close())
  const standby = await standbyOf(primary, link.port)
  atEnd(context, () => standby.remove())
  const name = await tcpProxy({ host: "127.0.0.1", port: primary.port })
  atEnd(context, () => name.close())
  return { primary, standby, name, link, url: name.through(primary.url()) }
}

/** The slot has come to the standby in a state that outlives a promotion. */
async function slotSynced({ primary, standby }: Pair, handle: string): Promise<void> {
  await waitUntil(
    async () => {
      // Otherwise an idle primary says only every 15 s what the standby needs to know.
      await onServer(primary.url(), "SELECT pg_log_standby_snapshot()")
      const { rows } = await onServer(
        standby.url(),
        `SELECT synced AND NOT temporary AND invalidation_reason IS NULL AS ready FROM pg_replication_slots WHERE slot_name = '${handle}'`,
      )
      return rows[0]?.ready === true
    },
    { what: "the slot to be on the standby", timeoutMs: 60_000 },
  )
}

test("a standby that is promoted takes the stream over, without loss and without a copy", async (context) => {
  const both = await pair(context)
  const { primary, standby, name, url } = both
  const pipeline = await testPipeline({ url, failoverSlots: true })
  await runSql(url, "INSERT INTO t SELECT i, 'streamed' FROM generate_series(2000, 2100) i")
  await pipeline.settle()
  await slotSynced(both, pipeline.handle)
  // Not yet with us when the primary goes.
  name.stall()
  await runSql(
    primary.url(),
    "INSERT INTO t SELECT i, 'late' FROM generate_series(3000, 3100) i",
    "DELETE FROM t WHERE id < 10",
  )
  await standby.caughtUp()
  await primary.kill9()
  name.lead(standby.port)
  await waitUntil(() => pipeline.reports.problems.length > 0, { what: "the loss of the primary to be seen" })
  await standby.promote()
  await runSql(standby.url(), "UPDATE t SET v = 'after' WHERE id % 7 = 0")
  pipeline.reports.problems.length = 0
  await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the stream to go on" })
  assert.deepEqual(await pipeline.differences(), [])
  assert.equal(pipeline.reports.copied.filter((one) => one === "public.t").length, 1, "copied once")
  assert.equal(lost(pipeline.reports.problems), undefined)
  await pipeline.stop()
})

test("without a failover slot the history is lost, which is said, and everything is resynced", async (context) => {
  const { primary, standby, name, url } = await pair(context)
  const pipeline = await testPipeline({ url })
  await pipeline.settle()
  await runSql(url, "INSERT INTO t SELECT i, 'streamed' FROM generate_series(2000, 2100) i")
  await standby.caughtUp()
  await primary.kill9()
  await standby.promote()
  name.lead(standby.port)
  await waitUntil(() => lost(pipeline.reports.problems), { what: "the loss to be said" })
  assert.equal(lost(pipeline.reports.problems), "sourceHistoryLost")
  await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the new copy" })
  assert.deepEqual(await pipeline.differences(), [])
  await pipeline.stop()
})

test("a standby that was behind us when it was promoted does not pass for the primary", async (context) => {
  const both = await pair(context)
  const { primary, standby, name, link, url } = both
  const pipeline = await testPipeline({ url, failoverSlots: true })
  await pipeline.settle()
  await slotSynced(both, pipeline.handle)
  await standby.caughtUp()
  link.sever()
  await runSql(url, "INSERT INTO t SELECT i, 'the standby never had it' FROM generate_series(2000, 2100) i")
  await pipeline.settle()
  await primary.kill9()
  await standby.promote()
  // Far past our position.
  await runSql(
    standby.url(),
    "INSERT INTO t SELECT i, repeat('other', 100) FROM generate_series(5000, 9000) i",
  )
  name.lead(standby.port)
  await waitUntil(() => lost(pipeline.reports.problems), { what: "the difference to be seen" })
  assert.equal(lost(pipeline.reports.problems), "sourceRestored")
  assert.match(String(pipeline.reports.problems.at(-1)), /timeline 2 does not hold .* timeline 1/)
  await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the new copy" })
  assert.deepEqual(await pipeline.differences(), [])
  await pipeline.stop()
})

function lost(problems: readonly { kind: string }[]): string | undefined {
  return problems
    .map(({ kind }) => kind)
    .find((kind) => kind === "sourceHistoryLost" || kind === "sourceRestored")
}
