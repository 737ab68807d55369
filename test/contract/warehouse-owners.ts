import assert from "node:assert/strict"
import { test } from "node:test"
import { positionFrom } from "../../src/domain/position.ts"
import { Problem } from "../../src/domain/problems.ts"
import type { TableSchema } from "../../src/domain/table.ts"
import { TakenOver } from "../../src/replication/contracts/taken-over.ts"
import type { Destination } from "../../src/replication/contracts/warehouse.ts"
import { database, type Harness, pipeline, type WarehouseUnderTest } from "./warehouse-harness.ts"
import { batchOf, type Change, contractTable, loaded, rowsOf, staged } from "./warehouse-rows.ts"

const at = positionFrom
const noted = [{ column: "a", sourceType: "text", reason: "a reason" }]

/** Something that an owner writes: prepared first, done later. What it brings into table `t` is a row of id `id`, if any. */
interface Write {
  what: string
  brings: "row" | "nothing"
  prepare(owner: Destination, table: TableSchema, id: number): Promise<() => Promise<unknown>>
}

const writes: readonly Write[] = [
  {
    what: "a batch",
    brings: "row",
    async prepare(owner, table, id) {
      const position = `${id}`
      const changes = await staged(owner, table, [["insert", id, "x", null]])
      return () => owner.rows.apply(batchOf(position, changes))
    },
  },
  {
    what: "a batch that swaps a copy in",
    brings: "nothing",
    async prepare(owner) {
      const table = contractTable("swapped")
      const load = await owner.copies.begin(table)
      await load.write(rowsOf(table, [[1, "x", null]]))
      await load.settled()
      return () =>
        owner.rows.apply({ ...batchOf("7"), position: undefined, swaps: [table] }).finally(load.close)
    },
  },
  {
    what: "a table that goes",
    brings: "nothing",
    prepare: async (owner, table) => () =>
      owner.rows.apply({ ...batchOf("7"), position: undefined, stale: [table] }),
  },
  {
    what: "rows that are mended",
    brings: "row",
    async prepare(owner, table, id) {
      const part = await owner.rows.stageRows(table, rowsOf(table, [[id, "mended", null]]))
      return () => owner.rows.mend(table, [[String(id)]], [part])
    },
  },
  {
    what: "the begin of a copy",
    brings: "nothing",
    prepare: async (owner) => () => owner.copies.begin(contractTable("begun")),
  },
  {
    what: "rows of a copy",
    brings: "nothing",
    async prepare(owner) {
      const table = contractTable("written")
      const load = await owner.copies.begin(table)
      return () => load.write(rowsOf(table, [[1, "x", null]])).then(load.settled)
    },
  },
  {
    what: "changes of a copy",
    brings: "nothing",
    async prepare(owner) {
      const table = contractTable("changed")
      const load = await owner.copies.begin(table)
      await load.settled()
      const changes = await staged(owner, table, [["insert", 1, "late", null]])
      return () => load.apply(changes)
    },
  },
  {
    what: "the end of a copy",
    brings: "nothing",
    async prepare(owner) {
      const table = contractTable("finished")
      const load = await owner.copies.begin(table)
      await load.write(rowsOf(table, [[1, "x", null]]))
      await load.settled()
      return () => load.finish()
    },
  },
  {
    what: "the end of a snapshot",
    brings: "nothing",
    prepare: async (owner, table) => () => owner.copies.completeSnapshot([table], at("8")),
  },
  {
    what: "a position that is advanced",
    brings: "nothing",
    prepare: async (owner) => () => owner.notes.advance(at("9")),
  },
  {
    what: "a position that is forgotten",
    brings: "nothing",
    prepare: async (owner) => () => owner.notes.forget(),
  },
  {
    what: "a note of columns",
    brings: "nothing",
    prepare: async (owner) => () => owner.notes.noteTextColumns("1", noted),
  },
  {
    what: "versions that begin to be kept",
    brings: "nothing",
    async prepare(owner, _, id) {
      const table = contractTable(`versioned ${id}`)
      await loaded(owner, table, [[1, "x", null]])
      return () => owner.notes.switchVersions([{ id: table.id, keep: true }], new Date())
    },
  },
]

/** All that a pipeline's owner can change, as the newest one sees it. */
async function holdings(owner: Destination, table: TableSchema, under: WarehouseUnderTest) {
  return {
    rows: (await under.read(database, table)).map((row) => JSON.stringify(row)).sort(),
    position: await owner.notes.position(),
    tables: await owner.inspection.tables(),
    held: await owner.inspection.held(),
    texts: await owner.notes.textColumns(),
    versions: await owner.notes.versions(),
  }
}

const openAs = (under: WarehouseUnderTest, generation: number) =>
  under.warehouse.open({ database, pipeline, generation })

/** Lets what has begun run for a while: of two works the one is sometimes ahead and sometimes behind. */
async function ticks(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve))
}

/** A pipeline that changes hands: what an older owner writes is refused and changes nothing. */
export function casesOfOwners({ withOne, withTable, assertRows }: Harness): void {
  for (const { what, prepare } of writes) {
    test(`of an older owner, refused and without a trace: ${what}`, () =>
      withTable([[1, "a", "b"]], async (older, table, under) => {
        const write = await prepare(older, table, 5)
        const newer = await openAs(under, 2)
        const before = await holdings(newer, table, under)
        await assert.rejects(write, Problem)
        await assert.rejects(
          openAs(under, 1),
          (error: unknown) => error instanceof TakenOver && error.newest === 2,
        )
        assert.deepEqual(await holdings(newer, table, under), before)
        await newer.rows.apply(batchOf("10", await staged(newer, table, [["insert", 2, "newer", null]])))
        await older.close()
        return undefined
      }))
  }

  for (const { what, brings, prepare } of writes) {
    test(`of an older owner at the moment of the newer one's opening, done or refused, never both: ${what}`, () =>
      withTable([[1, "a", "b"]], async (first, table, under) => {
        let older = first
        const expected = new Set([1])
        for (let round = 1; round <= 8; round++) {
          const id = 10 * round
          const isPrepared = await prepare(older, table, id)
          const opening = ticks(round % 4).then(() => openAs(under, round + 1))
          const writing = ticks((round >> 1) % 4).then(isPrepared)
          const [written, newer] = await Promise.all([outcomeOf(writing), opening])
          if (written === "done" && brings === "row") expected.add(id)
          // What the older one did before the newer came is all there is, and the newer one goes on from it.
          const ids = (await under.read(database, table)).map(([found]) => Number(found))
          assert.deepEqual(new Set(ids), expected, `round ${round}: ${written}`)
          assert.equal(ids.length, expected.size, "no row came twice")
          await assert.rejects(isPrepared, Problem, "what was refused, or is done, is not done again later")
          await newer.copies.completeSnapshot([table], at(String(id + 1)))
          await loaded(
            newer,
            table,
            [...expected].map((known) => [known, "a", "b"]),
          )
          await newer.rows.apply(
            batchOf(String(id + 2), await staged(newer, table, [["insert", id + 3, "newer", null]])),
          )
          expected.add(id + 3)
          assert.equal(await newer.notes.position(), String(id + 2))
          await older.close()
          older = newer
        }
        await older.close()
        return undefined
      }))
  }

  test("rows of an older owner's copy do not come into the newer one's of the same table", () =>
    withOne(async (first, under) => {
      const table = contractTable("t")
      let older = first
      for (let generation = 2; generation <= 6; generation++) {
        const old = await older.copies.begin(table)
        const writing = Array.from({ length: 8 }, (_, part) =>
          outcomeOf(
            ticks(part)
              .then(() => old.write(rowsOf(table, [[1_000 + part, "old", null]])))
              .then(old.settled),
          ),
        )
        const newer = await openAs(under, generation)
        const load = await newer.copies.begin(table)
        await load.write(rowsOf(table, [[generation, "new", null]]))
        await Promise.all(writing)
        await load.finish()
        await assertRows(under, table, [[generation, "new", null]])
        await assert.rejects(old.finish(), Problem)
        await old.abort()
        await assertRows(under, table, [[generation, "new", null]])
        await older.close()
        older = newer
      }
      return undefined
    }))

  test("an older owner that opens again is refused and takes nothing that the newer one has staged", () =>
    withTable([[1, "a", "b"]], async (older, table, under) => {
      const newer = await openAs(under, 7)
      const rows = Array.from({ length: 5_000 }, (_, n): Change => ["insert", n + 10, "newer", null])
      const whole = await staged(newer, table, rows, 1_000)
      for (const generation of [1, 6]) await assert.rejects(openAs(under, generation), TakenOver)
      await newer.notes.position()
      await newer.rows.apply(batchOf("2", whole))
      assert.equal((await under.read(database, table)).length, 5_001)
      await older.close()
      await newer.close()
      return undefined
    }))

  test("the newest owner is known after a crash; it may open again, and so may a later one", () =>
    withTable([[1, "a", "b"]], async (_, table, under) => {
      await (await openAs(under, 3)).close()
      const again = await under.crash()
      await assert.rejects(openAs(again, 2), TakenOver)
      for (const generation of [3, 3, 4]) {
        const owner = await openAs(again, generation)
        assert.equal(await owner.notes.position(), "1")
        await owner.close()
      }
      await assert.rejects(openAs(again, 3), TakenOver)
      await assertRows(again, table, [[1, "a", "b"]])
      return again
    }))

  test("of many owners that open at once, those that open stay until a newer one has", () =>
    withOne(async (_, under) => {
      const generations = Array.from({ length: 20 }, (_, n) => n + 2)
      const shuffled = generations.toSorted((a, b) => ((a * 7) % 20) - ((b * 7) % 20))
      const outcomes = await Promise.all(
        shuffled.map((generation) =>
          openAs(under, generation).then(
            (owner) => ({ generation, owner }),
            (error: unknown) => {
              assert.ok(error instanceof TakenOver, String(error))
              return { generation, owner: undefined }
            },
          ),
        ),
      )
      const opened = outcomes.filter(({ owner }) => owner !== undefined)
      assert.ok(opened.some(({ generation }) => generation === 21))
      for (const { generation, owner } of opened) {
        const advanced = await outcomeOf(owner?.notes.noteTextColumns(`${generation}`, noted))
        assert.equal(advanced, generation === 21 ? "done" : "refused", `generation ${generation}`)
        await owner?.close()
      }
      return undefined
    }))
}

/** What a database knows of its pipelines. */
export function casesOfKnownPipelines({ withOne, withTable, assertRows }: Harness): void {
  test("a database knows which pipelines it was opened for", () =>
    withOne(async (_, under) => {
      assert.equal(await under.warehouse.holds(database, pipeline), true)
      assert.equal(await under.warehouse.holds(database, "other"), false)
      assert.equal(await under.warehouse.holds("no such database", pipeline), false)
      await under.warehouse.ensure("empty")
      assert.equal(await under.warehouse.holds("empty", pipeline), false)
      const again = await under.crash()
      assert.equal(await again.warehouse.holds(database, pipeline), true)
      return again
    }))

  test("another pipeline of the database has its own owners", () =>
    withTable([[1, "a", "b"]], async (mine, table, under) => {
      const other = await under.warehouse.open({ database, pipeline: "other", generation: 9 })
      await mine.rows.apply(batchOf("2", await staged(mine, table, [["insert", 2, "x", null]])))
      await assertRows(under, table, [
        [1, "a", "b"],
        [2, "x", null],
      ])
      await other.close()
      return undefined
    }))

  test("a database is dropped by the newest owner only, and by whoever owns none of its pipelines", () =>
    withTable([[1, "a", "b"]], async (older, table, under) => {
      const newer = await openAs(under, 2)
      await assert.rejects(under.warehouse.drop(database, { pipeline, generation: 1 }), TakenOver)
      await assertRows(under, table, [[1, "a", "b"]])
      await older.close()
      await newer.close()
      await under.warehouse.drop(database, { pipeline, generation: 2 })
      await under.warehouse.drop(database, { pipeline, generation: 2 })
      await under.warehouse.drop(database)
      await assert.rejects(under.read(database, table))
      return undefined
    }))
}

async function outcomeOf(work: Promise<unknown> | undefined): Promise<"done" | "refused"> {
  try {
    await work
    return "done"
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return "refused"
  }
}
