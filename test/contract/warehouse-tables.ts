import assert from "node:assert/strict"
import { test } from "node:test"
import { positionFrom } from "../../src/domain/position.ts"
import { qualifiedName } from "../../src/domain/table.ts"
import { database, type Harness, pipeline } from "./warehouse-harness.ts"
import { batchOf, contractTable, loaded, rowsOf, staged, unsent } from "./warehouse-rows.ts"

const at = positionFrom

/** Tables that come, go, change their names and hands while the stream runs. */
export function casesOfTables({ withOne, withTable, assertRows }: Harness): void {
  test("a stale table stays readable and is no longer named", () =>
    withTable([[1, "a", "b"]], async (destination, table, under) => {
      await destination.rows.apply({ ...batchOf("2"), stale: [table] })
      assert.deepEqual(await destination.inspection.tables(), [])
      await assertRows(under, table, [[1, "a", "b"]])
      return undefined
    }))

  test("a dropped table goes with its batch, also when one of its name comes with it", () =>
    withTable([[1, "a", "b"]], async (destination, table, under) => {
      const anew = { ...contractTable("t"), id: "another" }
      const load = await destination.copies.begin(anew)
      await load.write(rowsOf(anew, [[7, "new", null]]))
      await load.settled()
      await destination.rows.apply({ ...batchOf("2"), dropped: [table], swaps: [anew] })
      load.close()
      assert.deepEqual(await destination.inspection.tables(), [anew])
      await assertRows(under, anew, [[7, "new", null]])
      await destination.rows.apply({ ...batchOf("3"), dropped: [anew] })
      await assert.rejects(under.read(database, anew))
      return undefined
    }))

  test("a copy made beside the stream goes live with a batch, its own late changes within", () =>
    withTable([[1, "old", "old"]], async (destination, table, under) => {
      const load = await destination.copies.begin(table)
      await load.write(
        rowsOf(table, [
          [1, "copied", "b"],
          [2, "copied", "b"],
        ]),
      )
      await load.settled()
      await load.apply(
        await staged(destination, table, [
          ["update", 1, "late", unsent],
          ["delete", 2],
        ]),
      )
      await assertRows(under, table, [[1, "old", "old"]])
      await destination.rows.apply({
        ...batchOf("2", await staged(destination, table, [["insert", 3, "with", "it"]])),
        swaps: [table],
      })
      load.close()
      await assertRows(under, table, [
        [1, "late", "b"],
        [3, "with", "it"],
      ])
      return undefined
    }))

  test("tables that exchange their names do not take away one another's place", () =>
    withTable([[1, "first", null]], async (destination, first, under) => {
      const second = contractTable("u")
      await loaded(destination, second, [[2, "second", null]])
      const renamed = [
        { ...first, name: "u" },
        { ...second, name: "t" },
      ]
      const loads = await Promise.all(
        renamed.map(async (table, place) => {
          const load = await destination.copies.begin(table)
          await load.write(rowsOf(table, [[place + 1, "renamed", null]]))
          await load.settled()
          return load
        }),
      )
      await destination.rows.apply({ ...batchOf("2"), swaps: renamed })
      for (const load of loads) load.close()
      await assertRows(under, { ...first, name: "u" }, [[1, "renamed", null]])
      await assertRows(under, { ...second, name: "t" }, [[2, "renamed", null]])
      assert.deepEqual((await destination.inspection.tables()).map(qualifiedName).sort(), [
        "public.t",
        "public.u",
      ])
      return undefined
    }))

  test("of tables that exchange their names none is missing while its copy is still being made", () =>
    withTable([[1, "first", null]], async (destination, first, under) => {
      const second = contractTable("u")
      await loaded(destination, second, [[2, "second", null]])
      const load = await destination.copies.begin({ ...second, name: "t" })
      await load.write(rowsOf(second, [[2, "renamed", null]]))
      await load.settled()
      // What the first one's last changes were, before the source told of its new name.
      const late = await staged(destination, first, [["insert", 3, "late", null]])
      await destination.rows.apply({
        ...batchOf("2", late),
        stale: [first],
        swaps: [{ ...second, name: "t" }],
      })
      load.close()
      await assertRows(under, { ...second, name: "t" }, [[2, "renamed", null]])
      await assertRows(under, { ...first, name: "u" }, [
        [1, "first", null],
        [3, "late", null],
      ])
      assert.deepEqual((await destination.inspection.tables()).map(qualifiedName), ["public.t"])
      await loaded(destination, { ...first, name: "u" }, [[1, "anew", null]])
      await assertRows(under, { ...first, name: "u" }, [[1, "anew", null]])
      await assertRows(under, { ...second, name: "t" }, [[2, "renamed", null]])
      return undefined
    }))

  test("changes of a table whose place another one takes in the same batch are not that one's", () =>
    withTable([[1, "first", null]], async (destination, first, under) => {
      const anew = { ...contractTable("t"), id: "another" }
      const load = await destination.copies.begin(anew)
      await load.write(rowsOf(anew, [[7, "new", null]]))
      await load.settled()
      const late = await staged(destination, first, [["insert", 3, "late", null]])
      await destination.rows.apply({ ...batchOf("2", late), stale: [first], swaps: [anew] })
      load.close()
      await assertRows(under, anew, [[7, "new", null]])
      return undefined
    }))

  test("a complete snapshot drops what is gone, and what went under another name", () =>
    withTable([[1, "a", "b"]], async (destination, table, under) => {
      const gone = contractTable("gone")
      await loaded(destination, gone, [[1, "x", null]])
      await destination.copies.completeSnapshot([table, gone], at("2"))
      const renamed = { ...table, name: "renamed" }
      await loaded(destination, renamed, [[1, "a", "b"]])
      await destination.copies.completeSnapshot([renamed], at("3"))
      assert.deepEqual(await destination.inspection.tables(), [renamed])
      await assert.rejects(under.read(database, gone))
      await assert.rejects(under.read(database, table))
      await assertRows(under, renamed, [[1, "a", "b"]])
      return undefined
    }))

  test("a table made anew under a name in another case stays, where case is not told apart", () =>
    withTable([[1, "a", "b"]], async (destination, _, under) => {
      if (destination.capabilities.caseSensitiveNames) return undefined
      const anew = { ...contractTable("T"), id: "another" }
      await loaded(destination, anew, [[2, "new", null]])
      await destination.copies.completeSnapshot([anew], at("2"))
      await assertRows(under, anew, [[2, "new", null]])
      assert.deepEqual(await destination.inspection.tables(), [anew])
      return undefined
    }))

  test("what is to be held as text is noted table by table, and outlasts a crash", () =>
    withOne(async (destination, under) => {
      const noted = [{ column: 'a "b"', sourceType: "numeric(10,2)", reason: "it's NaN" }]
      assert.deepEqual(await destination.notes.textColumns(), new Map())
      await destination.notes.noteTextColumns("1", [])
      await destination.notes.noteTextColumns("1", [...noted, ...noted])
      await destination.notes.noteTextColumns("1", noted)
      await destination.notes.noteTextColumns("2", noted)
      await destination.notes.noteTextColumns("2", [])
      const other = await under.warehouse.open({ database, pipeline: "other", generation: 1 })
      await other.notes.noteTextColumns("1", [])
      const again = await under.crash()
      const reopened = await again.warehouse.open({ database, pipeline, generation: 1 })
      assert.deepEqual(await reopened.notes.textColumns(), new Map([["1", noted]]))
      await reopened.copies.completeSnapshot([], at("1"))
      assert.deepEqual(await reopened.notes.textColumns(), new Map([["1", noted]]))
      await reopened.rows.apply({ ...batchOf("2"), dropped: [{ ...contractTable("gone"), id: "1" }] })
      assert.deepEqual(await reopened.notes.textColumns(), new Map())
      return again
    }))

  test("another pipeline takes a database over", () =>
    withTable([[1, "a", "b"]], async (destination, table, under) => {
      const kept = { ...table, id: "in the other" }
      await destination.notes.noteTextColumns("1", [{ column: "c", sourceType: "t", reason: "r" }])
      const other = await under.warehouse.open({ database, pipeline: "other", generation: 1 })
      assert.equal(await other.notes.position(), undefined)
      await loaded(other, kept, [[2, "x", null]])
      await other.copies.completeSnapshot([kept], at("9"))
      assert.equal(await destination.notes.position(), undefined)
      assert.deepEqual(await destination.inspection.tables(), [])
      assert.deepEqual(await destination.notes.textColumns(), new Map())
      assert.equal(await other.notes.position(), at("9"))
      assert.deepEqual(await other.inspection.tables(), [kept])
      await other.close()
      await assertRows(under, kept, [[2, "x", null]])
      return undefined
    }))
}
