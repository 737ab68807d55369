import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { findingsButSpeed } from "../../support/quick-servers.ts"
import { tcpProxy } from "../../support/tcp-proxy.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { applied, type Followed, follow } from "./source-follow.ts"
import { recordingSink } from "./source-sink.ts"
import type { SourceUnderTest } from "./source-under-test.ts"

const everything = () => true
const handle = "millrace_contract"
const ascending = (ids: readonly number[]) => [...ids].sort((a, b) => a - b)
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

/** The contract of src/replication/contracts/source.ts; every adapter runs these same cases. */
export function describeSource(name: string, open: () => Promise<SourceUnderTest | { skip: string }>): void {
  const it = (what: string, work: (under: SourceUnderTest) => Promise<void>) =>
    test(what, async (context) => {
      const under = await open()
      if ("skip" in under) return context.skip(under.skip)
      try {
        await work(under)
        await under.source.remove(handle)
        assert.deepEqual(await under.leftovers(handle), [])
      } finally {
        await under.close()
      }
    })

  describe(`source ${name}`, () => {
    it("nothing is wrong with a server that is fit", async ({ source, makeTable }) => {
      await makeTable("orders", 1)
      assert.deepEqual(findingsButSpeed(await source.preflight(everything)), [])
    })

    it("a copy has every selected row, once, and no other table", async (under) => {
      await under.makeTable("orders", 5000)
      await under.makeTable("other", 1)
      const { copied, stream } = await follow(under, handle, (table) => table.name === "orders")
      await stream.stop()
      assert.deepEqual([...copied.keys()], ["orders"])
      assert.deepEqual(ascending(copied.get("orders") ?? []), upTo(5000))
    })

    it("the sizes of the selected tables are told, or that they are not known", async (under) => {
      await under.makeTable("orders", 5000)
      await under.makeTable("other", 1)
      const { source } = under
      const sizes = await source.sizes?.((table) => table.name === "orders")
      if (source.sizes === undefined) return
      assert.deepEqual(
        sizes?.map(({ name, hasKey }) => ({ name, hasKey })),
        [{ name: "orders", hasKey: true }],
      )
      // Statistics may be of before the rows came.
      const { estimatedRows = -1, bytes = 0 } = sizes?.[0] ?? {}
      assert.ok(estimatedRows >= 0 && estimatedRows < 1_000_000, `${estimatedRows} rows`)
      assert.ok(bytes > 0 && bytes < 100_000_000, `${bytes} bytes`)
    })

    it("a selection that takes nothing: no table, and a stream that goes on", async (under) => {
      await under.makeTable("orders", 1)
      const { tables, sink, stream } = await follow(under, handle, () => false)
      assert.deepEqual(tables, [])
      await under.insert("orders", 2)
      await comesTo(under, sink, await under.source.currentPosition())
      await stream.stop()
      assert.deepEqual(sink.changes(), [])
    })

    it("copy and stream meet without gap while rows are written; without overlap where that is promised", async (under) => {
      await under.makeTable("orders", 1000)
      let isOver = false
      let last = 1000
      const writing = (async () => {
        while (!isOver) await under.insert("orders", ++last)
      })()
      const { copied, sink, stream } = await follow(under, handle)
      await waitUntil(() => sink.ids().length > 50, { what: "changes" })
      isOver = true
      await writing
      await waitUntil(() => sink.ids().at(-1) === last, { what: "the last row" })
      await stream.stop()
      const rows = copied.get("orders") ?? []
      assert.deepEqual(applied(rows, sink.changes()), upTo(last))
      if (under.traits.copies === "in the snapshot")
        assert.deepEqual(ascending([...rows, ...sink.ids()]), upTo(last))
    })

    it("a stream begun again after a commit goes on right behind it", async (under) => {
      await under.makeTable("orders", 0)
      const first = await follow(under, handle)
      for (let id = 1; id <= 5; id++) await insertSeen(under, first, id)
      await first.stream.stop()
      const seen = first.sink.transactions.filter(({ changes }) => changes.length > 0)
      const from = seen[2]?.position ?? first.from
      assert.equal(await under.source.history(handle, from), "kept")
      const sink = recordingSink()
      const { tables } = first
      const again = await under.source.stream({ handle, from, select: everything, tables, sink })
      await under.insert("orders", 6)
      await waitUntil(() => sink.ids().length >= 3, { what: "three rows" })
      await again.stop()
      assert.deepEqual(sink.changed, [])
      assert.deepEqual(sink.ids(), [4, 5, 6])
      if (under.traits.transactions === "of the source")
        assert.deepEqual(
          sink.transactions.map((one) => one.changes.map((change) => change.id)),
          [[4], [5], [6]],
        )
      const positions = first.sink.transactions.map((one) => one.position)
      assert.deepEqual(positions, [...positions].sort(under.source.compare))
    })

    it("the current position is one that the stream reaches, and then it has told what was written before", async (under) => {
      await under.makeTable("orders", 0)
      const { sink, stream } = await follow(under, handle)
      await under.insert("orders", 1)
      await comesTo(under, sink, await under.source.currentPosition())
      assert.deepEqual(sink.ids(), [1])
      await stream.stop()
    })

    it("what only another database writes is passed, and acknowledging lets its history go", async (under) => {
      await under.makeTable("orders", 0)
      const { sink, stream } = await follow(under, handle)
      const before = await under.keptSince?.(handle)
      await under.writeElsewhere()
      const written = await under.source.currentPosition()
      await comesTo(under, sink, written)
      await waitUntil(
        async () => {
          if (sink.reached !== undefined) stream.acknowledge(sink.reached)
          const kept = await under.keptSince?.(handle)
          return kept === undefined || under.source.compare(kept as typeof written, written) >= 0
        },
        { what: "history to be let go" },
      )
      if (before !== undefined) assert.notEqual(await under.keptSince?.(handle), before)
      await stream.stop()
    })

    it("a pause longer than the source's patience does not lose the connection, nor a row", async (under) => {
      await under.makeTable("orders", 0)
      const followed = await follow(under, handle)
      const { sink, stream } = followed
      let broken: unknown
      stream.ended.catch((error) => {
        broken = error
      })
      await insertSeen(under, followed, 1)
      stream.pause()
      const until = Date.now() + under.longestSilenceMs * 2
      let last = 1
      while (Date.now() < until) await under.insert("orders", ++last)
      assert.equal(broken, undefined)
      assert.notEqual(sink.ids().at(-1), last)
      stream.resume()
      await waitUntil(() => sink.ids().at(-1) === last, { what: "rows after the pause" })
      assert.deepEqual(sink.ids(), upTo(last))
      assert.equal(broken, undefined)
      await stream.stop()
    })

    it("what a table became is told, or that it changed, and its neighbours go on", async (under) => {
      const { alteration, tables } = under.traits
      await under.makeTable("orders", 1)
      if (tables === "many") await under.makeTable("neighbour", 1)
      const { sink, stream } = await follow(under, handle)
      await under.alter("orders")
      await under.insert("orders", 2)
      if (tables === "many") await under.insert("neighbour", 2)
      await comesTo(under, sink, await under.source.currentPosition())
      await stream.stop()
      const goesOn = [
        ...(alteration === "leaves" ? [] : ["orders"]),
        ...(tables === "many" ? ["neighbour"] : []),
      ]
      assert.deepEqual(
        sink.changes().map((change) => change.table),
        goesOn,
      )
      const left = sink.changed.map((text) => text.split(":")[0])
      assert.deepEqual(left, alteration === "leaves" ? ["orders"] : [])
      const became = sink.alterations.map(({ name, columns }) => `${name}: ${columns.length}`)
      assert.deepEqual(became, alteration === "told" ? ["orders: 3"] : [])
    })

    it("history that was taken away is noticed", async (under) => {
      await under.makeTable("orders", 1)
      const { from, stream } = await follow(under, handle)
      await stream.stop()
      assert.equal(await under.source.history(handle, from), "kept")
      await under.loseHistory(handle)
      assert.equal(await under.source.history(handle, from), "lost")
    })

    it("removal is repeatable, and works while a stream runs", async (under) => {
      await under.makeTable("orders", 1)
      const followed = await follow(under, handle)
      const { stream } = followed
      const ended = under.traits.removal === "ends the stream" ? assert.rejects(stream.ended) : undefined
      await under.source.remove(handle)
      await ended
      if (ended === undefined) await insertSeen(under, followed, 2)
      await under.source.remove(handle)
      await stream.stop()
      assert.deepEqual(await under.leftovers(handle), [])
    })

    it("a quiet source owes no answer; one behind a wire that swallows all does", owesAnswer)

    it("two handles at once: each is told everything, and goes on when the other is removed", async (under) => {
      await under.makeTable("orders", 1)
      const other = `${handle}_2`
      const one = await follow(under, handle)
      const two = await follow(under, other)
      await insertSeen(under, one, 2)
      await waitUntil(() => two.sink.ids().includes(2), { what: "the row in the other stream" })
      await one.stream.stop()
      await under.source.remove(handle)
      await insertSeen(under, two, 3)
      assert.deepEqual(one.sink.ids(), [2])
      assert.deepEqual(two.sink.ids(), [2, 3])
      await two.stream.stop()
      await under.source.remove(other)
      assert.deepEqual(await under.leftovers(other), [])
    })

    it("a glimpse has exactly what the sink was told by then, while rows are written", async (under) => {
      await under.makeTable("orders", 50)
      const { tables, copied, sink, stream } = await follow(under, handle)
      const [table] = tables
      if (table === undefined) throw new Error("no table")
      let isOver = false
      const writing = (async () => {
        for (let id = 51; !isOver; id++) {
          await under.insert("orders", id)
          if (id % 3 === 0) await under.remove("orders", id - 40)
        }
      })()
      await waitUntil(() => sink.ids().length > 20, { what: "changes" })
      const told: number[][] = []
      const snapshot = await stream.glimpse(new Set([table.id]), () => {
        told.push(applied(copied.get("orders") ?? [], sink.changes()))
      })
      const rows = await snapshot.rows(table, [""], AbortSignal.timeout(60_000))
      await snapshot.close()
      // The snapshot may be there, and be read, before the stream has come to it.
      await waitUntil(() => told.length > 0, { what: "the stream at the snapshot" })
      isOver = true
      await writing
      await stream.stop()
      assert.deepEqual(told, [ascending(rows.map(({ key }) => Number(key[0])))])
    })

    it("a snapshot opened again takes the place of the one before", async (under) => {
      await under.makeTable("orders", 3)
      const first = await follow(under, handle)
      await first.stream.stop()
      await under.remove("orders", 2)
      const second = await follow(under, handle)
      await second.stream.stop()
      assert.deepEqual(ascending(second.copied.get("orders") ?? []), [1, 3])
    })

    it("the tables of now are told without any preparation", async ({ source, makeTable, leftovers }) => {
      await makeTable("orders", 1)
      await makeTable("others", 1)
      const { tables, refused } = await source.tables((table) => table.name !== "others")
      assert.deepEqual(
        tables.map((table) => table.name),
        ["orders"],
      )
      assert.deepEqual(refused, [])
      assert.deepEqual(await leftovers(handle), [])
    })
  })
}

async function owesAnswer(under: SourceUnderTest): Promise<void> {
  const wire = await tcpProxy({ host: "127.0.0.1", port: under.port })
  try {
    await under.makeTable("orders", 1)
    const source = under.moved(wire.through)
    const followed = await follow({ ...under, source }, handle)
    const overdueMs = () => followed.stream.overdueMs?.() ?? Number.NaN
    await insertSeen(under, followed, 2)
    await source.answers?.()
    await waitUntil(() => overdueMs() === 0, { what: "no answer to be owed" })
    wire.stall()
    const asked = source.answers?.().then(() => "answered")
    const silent = waitUntil(() => overdueMs() > 1_000, { what: "an answer to be owed" }).then(() => "silent")
    assert.equal(await Promise.race([asked, silent]), "silent")
    wire.mend()
    assert.equal(await asked, "answered")
    await followed.stream.stop()
  } finally {
    await wire.close()
  }
}

async function insertSeen(under: SourceUnderTest, { sink }: Followed, id: number): Promise<void> {
  await under.insert("orders", id)
  await waitUntil(() => sink.ids().at(-1) === id, { what: `row ${id} in the stream` })
}

/** The stream has been everywhere up to there. */
async function comesTo(
  { source }: SourceUnderTest,
  sink: Followed["sink"],
  position: Followed["from"],
): Promise<void> {
  await waitUntil(() => sink.reached !== undefined && source.compare(sink.reached, position) >= 0, {
    what: "the position to be reached",
  })
}
