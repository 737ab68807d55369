import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { TableSchema } from "../../src/domain/table.ts"
import { newRowBuffer, resetRows } from "../../src/replication/columns.ts"
import type { Snapshot, Source } from "../../src/replication/source.ts"
import { waitUntil } from "../support/wait-until.ts"
import { firstIntegers, recordingSink } from "./source-sink.ts"

/** A database of a source under test. */
export interface SourceUnderTest {
  source: Source
  /** Makes table `name` with an int32 key `id` and a text `v`, and rows 1 to `rows`. */
  makeTable(name: string, rows: number): Promise<void>
  insert(name: string, id: number): Promise<void>
  remove(name: string, id: number): Promise<void>
  /** Gives the table another column. */
  alter(name: string): Promise<void>
  /** Writes something large that is none of ours, in another database of the server. */
  writeElsewhere(): Promise<void>
  /** Names of what the handle has at the source now. */
  leftovers(handle: string): Promise<string[]>
  /** How far back the source must keep its history for the handle; absent: it keeps nothing on our account. */
  keptSince?(handle: string): Promise<string>
  /** Takes the history away behind our back. */
  loseHistory(handle: string): Promise<void>
  /** What the source takes as the longest silence of a client; shorter than the tests'. */
  longestSilenceMs: number
  close(): Promise<void>
}

const everything = () => true
const handle = "millrace_contract"

/** The contract of src/replication/source.ts; every adapter runs these same cases. */
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

  const streaming = async ({ source }: SourceUnderTest, snapshot: Snapshot, tables: TableSchema[]) => {
    const sink = recordingSink()
    const from = snapshot.position
    const stream = await source.stream({ handle, from, select: everything, tables, sink })
    return { sink, stream }
  }

  const opened = async ({ source }: SourceUnderTest) => {
    const snapshot = await source.openSnapshot(handle, everything, new Map())
    return { snapshot, tables: snapshot.tables.map((table) => table.schema) }
  }

  describe(`source ${name}`, () => {
    it("nothing is wrong with a server that is fit", async ({ source, makeTable }) => {
      await makeTable("t", 1)
      assert.deepEqual(await source.preflight(everything), [])
    })

    it("a snapshot has every selected row, once, and no other table", async (under) => {
      await under.makeTable("t", 5000)
      await under.makeTable("other", 1)
      const snapshot = await under.source.openSnapshot(handle, (table) => table.name === "t", new Map())
      assert.deepEqual(
        snapshot.tables.map((table) => table.schema.name),
        ["t"],
      )
      assert.deepEqual(
        (await idsOf(snapshot, "t")).sort((a, b) => a - b),
        Array.from({ length: 5000 }, (_, i) => i + 1),
      )
      await snapshot.close()
    })

    it("snapshot and stream meet without gap or overlap while rows are written", async (under) => {
      await under.makeTable("t", 1000)
      let isOver = false
      let last = 1000
      const writing = (async () => {
        while (!isOver) await under.insert("t", ++last)
      })()
      const { snapshot, tables } = await opened(under)
      const copied = await idsOf(snapshot, "t")
      await snapshot.close()
      const { sink, stream } = await streaming(under, snapshot, tables)
      await waitUntil(() => sink.transactions.length > 50, { what: "transactions" })
      isOver = true
      await writing
      const streamed = () => sink.transactions.flatMap((one) => one.changes.map((change) => change.id))
      await waitUntil(() => streamed().at(-1) === last, { what: "the last row" })
      await stream.stop()
      assert.deepEqual(
        [...copied, ...streamed()].sort((a, b) => a - b),
        Array.from({ length: last }, (_, i) => i + 1),
      )
    })

    it("a stream begun again after a commit goes on right behind it", async (under) => {
      await under.makeTable("t", 0)
      const { snapshot, tables } = await opened(under)
      await snapshot.close()
      const first = await streaming(under, snapshot, tables)
      for (let id = 1; id <= 5; id++) await under.insert("t", id)
      await waitUntil(() => first.sink.transactions.length === 5, { what: "five transactions" })
      await first.stream.stop()
      const from = first.sink.transactions[2]?.position ?? snapshot.position
      assert.equal(await under.source.history(handle, from), "kept")
      const sink = recordingSink()
      const again = await under.source.stream({ handle, from, select: everything, tables, sink })
      await under.insert("t", 6)
      await waitUntil(() => sink.transactions.length === 3, { what: "three transactions" })
      await again.stop()
      assert.deepEqual(
        sink.transactions.map((one) => one.changes.map((change) => change.id)),
        [[4], [5], [6]],
      )
      const positions = first.sink.transactions.map((one) => one.position)
      const ascending = [...positions].sort(under.source.compare)
      assert.deepEqual(positions, ascending)
    })

    it("the current position is one that the stream reaches", async (under) => {
      await under.makeTable("t", 0)
      const { snapshot, tables } = await opened(under)
      await snapshot.close()
      const { sink, stream } = await streaming(under, snapshot, tables)
      await under.insert("t", 1)
      const wanted = await under.source.currentPosition()
      await waitUntil(() => sink.reached !== undefined && under.source.compare(sink.reached, wanted) >= 0, {
        what: "the position to be reached",
      })
      assert.equal(sink.transactions.length, 1)
      await stream.stop()
    })

    it("what only another database writes is passed, and acknowledging lets its history go", async (under) => {
      await under.makeTable("t", 0)
      const { snapshot, tables } = await opened(under)
      await snapshot.close()
      const { sink, stream } = await streaming(under, snapshot, tables)
      const before = await under.keptSince?.(handle)
      await under.writeElsewhere()
      const written = await under.source.currentPosition()
      const isPast = (position: typeof written | undefined) =>
        position !== undefined && under.source.compare(position, written) >= 0
      await waitUntil(() => isPast(sink.reached), { what: "what was written elsewhere to be passed" })
      await waitUntil(
        async () => {
          if (sink.reached !== undefined) stream.acknowledge(sink.reached)
          return under.keptSince === undefined || isPast((await under.keptSince(handle)) as typeof written)
        },
        { what: "history to be let go" },
      )
      if (before !== undefined) assert.notEqual(await under.keptSince?.(handle), before)
      await stream.stop()
    })

    it("a pause longer than the source's patience does not lose the connection", async (under) => {
      await under.makeTable("t", 0)
      const { snapshot, tables } = await opened(under)
      await snapshot.close()
      const { sink, stream } = await streaming(under, snapshot, tables)
      let broken: unknown
      stream.ended.catch((error) => {
        broken = error
      })
      await under.insert("t", 1)
      await waitUntil(() => sink.transactions.length === 1, { what: "the first row" })
      stream.pause()
      const until = Date.now() + under.longestSilenceMs * 2
      for (let id = 2; Date.now() < until; id++) await under.insert("t", id)
      const seen = sink.transactions.length
      assert.equal(broken, undefined)
      stream.resume()
      await waitUntil(() => sink.transactions.length > seen + 1, { what: "rows after the pause" })
      assert.equal(broken, undefined)
      await stream.stop()
    })

    it("a changed table is reported and its neighbours go on", async (under) => {
      await under.makeTable("t", 1)
      await under.makeTable("neighbour", 1)
      const { snapshot, tables } = await opened(under)
      await snapshot.close()
      const { sink, stream } = await streaming(under, snapshot, tables)
      await under.alter("t")
      await under.insert("t", 2)
      await under.insert("neighbour", 2)
      await waitUntil(() => sink.transactions.flatMap((one) => one.changes).length > 0, {
        what: "the neighbour's row",
      })
      assert.equal(sink.changed.length, 1)
      assert.match(sink.changed[0] ?? "", /^t: /)
      assert.deepEqual(
        sink.transactions.flatMap((one) => one.changes.map((change) => change.table)),
        ["neighbour"],
      )
      await stream.stop()
    })

    it("history that was taken away is noticed", async (under) => {
      await under.makeTable("t", 1)
      const { snapshot } = await opened(under)
      await snapshot.close()
      assert.equal(await under.source.history(handle, snapshot.position), "kept")
      await under.loseHistory(handle)
      assert.equal(await under.source.history(handle, snapshot.position), "lost")
    })

    it("removal is repeatable, and works while a stream runs", async (under) => {
      await under.makeTable("t", 1)
      const { snapshot, tables } = await opened(under)
      await snapshot.close()
      const { stream } = await streaming(under, snapshot, tables)
      const ended = assert.rejects(stream.ended)
      await under.source.remove(handle)
      await ended
      await under.source.remove(handle)
      assert.deepEqual(await under.leftovers(handle), [])
    })

    it("a snapshot opened again takes the place of the one before", async (under) => {
      await under.makeTable("t", 3)
      const first = await under.source.openSnapshot(handle, everything, new Map())
      await first.close()
      await under.remove("t", 2)
      const second = await under.source.openSnapshot(handle, everything, new Map())
      assert.deepEqual((await idsOf(second, "t")).sort(), [1, 3])
      await second.close()
    })

    it("the tables of now are told without any preparation", async ({ source, makeTable, leftovers }) => {
      await makeTable("t", 1)
      await makeTable("u", 1)
      const { tables, refused } = await source.tables((table) => table.name !== "u")
      assert.deepEqual(
        tables.map((table) => table.name),
        ["t"],
      )
      assert.deepEqual(refused, [])
      assert.deepEqual(await leftovers(handle), [])
    })
  })
}

/** Reads all chunks of a table of the snapshot, two at a time. */
async function idsOf(snapshot: Snapshot, name: string): Promise<number[]> {
  const table = snapshot.tables.find((one) => one.schema.name === name)
  if (table === undefined) throw new Error(`not in the snapshot: ${name}`)
  const ids: number[] = []
  const signal = new AbortController().signal
  for (const chunk of table.chunks) {
    const rows = newRowBuffer(table.schema.columns.map((column) => column.type))
    await snapshot.read(
      table.schema,
      chunk,
      rows,
      async (full) => {
        ids.push(...firstIntegers(full, full.rows))
        resetRows(full)
        return full
      },
      signal,
    )
  }
  return ids
}
