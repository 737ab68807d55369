import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { positionFrom } from "../../src/domain/position.ts"
import { Problem } from "../../src/domain/problems.ts"
import { tableKey } from "../../src/domain/table.ts"
import { casesOfAlterations } from "./warehouse-alterations.ts"
import { casesOfAlteredTables } from "./warehouse-altered.ts"
import { changesWithKey, changesWithoutKey } from "./warehouse-changes.ts"
import { database, newHarness, pipeline, type WarehouseUnderTest } from "./warehouse-harness.ts"
import { casesOfOccupiedPlaces } from "./warehouse-occupied.ts"
import { casesOfKnownPipelines, casesOfOwners } from "./warehouse-owners.ts"
import { casesOfPositions } from "./warehouse-positions.ts"
import { batchOf, type Change, contractTable, loaded, rowsOf, staged } from "./warehouse-rows.ts"
import { casesOfTables } from "./warehouse-tables.ts"
import { casesOfVersions } from "./warehouse-versions.ts"

const at = positionFrom

const publicT = tableKey({ schema: "public", name: "t" })

/** The contract of src/replication/contracts/warehouse.ts; every adapter runs these same cases. */
export function describeWarehouse(name: string, open: () => Promise<WarehouseUnderTest>): void {
  const harness = newHarness(open)
  const { withOne, withTable, assertRows } = harness

  describe(`warehouse ${name}`, () => {
    test("a new database has neither position nor tables", () =>
      withOne(async (destination, { warehouse }) => {
        assert.equal(await destination.notes.position(), undefined)
        assert.deepEqual(await destination.inspection.tables(), [])
        assert.deepEqual(await warehouse.countRows(database, pipeline), new Map())
        return undefined
      }))

    test("a table is live after its copy, and its position after the snapshot", () =>
      withOne(async (destination, under) => {
        const table = contractTable("t")
        await loaded(destination, table, [
          [1, "x", null],
          [2, "", "ä🚰'\"\\"],
        ])
        assert.equal(await destination.notes.position(), undefined, "no position before the end")
        await destination.copies.completeSnapshot([table], at("1"))
        assert.equal(await destination.notes.position(), "1")
        assert.deepEqual(await destination.inspection.tables(), [table])
        await assertRows(under, table, [
          [1, "x", null],
          [2, "", "ä🚰'\"\\"],
        ])
        assert.deepEqual(await under.warehouse.countRows(database, pipeline), new Map([[publicT, 2]]))
        return undefined
      }))

    test("an empty table is a table", () =>
      withTable([], async (destination, table, under) => {
        await assertRows(under, table, [])
        assert.deepEqual(await destination.inspection.tables(), [table])
        return undefined
      }))

    test("a copy begun again starts anew", () =>
      withOne(async (destination, under) => {
        const table = contractTable("t")
        const first = await destination.copies.begin(table)
        await first.write(rowsOf(table, [[1, "first", null]]))
        await first.settled()
        await first.abort()
        await first.abort()
        await loaded(destination, table, [[2, "second", null]])
        await assertRows(under, table, [[2, "second", null]])
        return undefined
      }))

    test("a copy left by a crash does not show in the next", () =>
      withTable([[1, "live", null]], async (destination, table, under) => {
        const load = await destination.copies.begin(table)
        await load.write(rowsOf(table, [[2, "lost", null]]))
        await load.settled()
        const again = await under.crash()
        const reopened = await again.warehouse.open({ database, pipeline, generation: 1 })
        await assertRows(again, table, [[1, "live", null]])
        await loaded(reopened, table, [[3, "new", null]])
        await assertRows(again, table, [[3, "new", null]])
        return again
      }))

    test("a copy takes the live table's place in one step: readers never find it missing", () =>
      withTable([[1, "old", null]], async (destination, table, under) => {
        const seen = new Set<string>()
        let isOver = false
        const reading = (async () => {
          while (!isOver) seen.add(JSON.stringify(await under.read(database, table)))
        })()
        for (let n = 0; n < 5; n++) await loaded(destination, table, [[1, "old", null]])
        await loaded(destination, table, [[2, "new", null]])
        isOver = true
        await reading
        const allowed = ['[[1,"old",null]]', '[[2,"new",null]]']
        assert.deepEqual(
          [...seen].filter((rows) => !allowed.includes(rows)),
          [],
        )
        return undefined
      }))

    for (const { name: what, before, changes, after } of changesWithKey) {
      test(`applied: ${what}`, () =>
        withTable(before, async (destination, table, under) => {
          await destination.rows.apply(batchOf("2", await staged(destination, table, changes)))
          await assertRows(under, table, after)
          assert.equal(await destination.notes.position(), "2")
          return undefined
        }))

      test(`applied, each change in a part of its own: ${what}`, () =>
        withTable(before, async (destination, table, under) => {
          await destination.rows.apply(batchOf("2", await staged(destination, table, changes, 1)))
          await assertRows(under, table, after)
          return undefined
        }))
    }

    for (const { name: what, before, changes, after } of changesWithoutKey) {
      test(`applied without a key: ${what}`, () =>
        withTable(
          before,
          async (destination, table, under) => {
            await destination.rows.apply(batchOf("2", await staged(destination, table, changes)))
            await assertRows(under, table, after)
            return undefined
          },
          true,
        ))
    }

    test("rows and position land together, over all tables, or not at all", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        const other = contractTable("other")
        await loaded(destination, other, [])
        const good = await staged(destination, table, [["insert", 2, "x", "y"]])
        const bad = await staged(destination, other, [["insert", 1, "x", "y"]])
        const lost = { ...bad, parts: bad.parts.map((part) => ({ ...part, token: `${part.token}.lost` })) }
        await assert.rejects(destination.rows.apply(batchOf("2", good, lost)), Problem)
        await assertRows(under, table, [[1, "a", "b"]])
        assert.equal(await destination.notes.position(), "1")
        // It can be applied again, whole.
        await destination.rows.apply(batchOf("2", good, bad))
        await assertRows(under, table, [
          [1, "a", "b"],
          [2, "x", "y"],
        ])
        await assertRows(under, other, [[1, "x", "y"]])
        return undefined
      }))

    test("what was applied is still there after a crash, what was only staged is not", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        await destination.rows.apply(
          batchOf("2", await staged(destination, table, [["insert", 2, "x", "y"]])),
        )
        await staged(destination, table, [["insert", 3, "x", "y"]])
        const again = await under.crash()
        const reopened = await again.warehouse.open({ database, pipeline, generation: 1 })
        assert.equal(await reopened.notes.position(), "2")
        assert.deepEqual(await reopened.inspection.tables(), [table])
        await assertRows(again, table, [
          [1, "a", "b"],
          [2, "x", "y"],
        ])
        await reopened.rows.apply(batchOf("3", await staged(reopened, table, [["delete", 1]])))
        await assertRows(again, table, [[2, "x", "y"]])
        return again
      }))

    test("a large batch is seen whole or not at all", () =>
      withTable([[0, "old", null]], async (destination, table, under) => {
        const rows = 200_000
        const changes: Change[] = Array.from({ length: rows }, (_, id) => ["update", id, "new", null])
        const whole = await staged(destination, table, changes, 60_000)
        const seen = new Set<number>()
        let isOver = false
        const reading = (async () => {
          while (!isOver) seen.add((await under.warehouse.countRows(database, pipeline)).get(publicT) ?? -1)
        })()
        await destination.rows.apply(batchOf("2", whole))
        isOver = true
        await reading
        assert.deepEqual(
          [...seen].filter((count) => count !== 1 && count !== rows),
          [],
        )
        return undefined
      }))

    test("a position can be advanced, and forgotten without taking the tables away", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        await destination.notes.advance(at("5"))
        assert.equal(await destination.notes.position(), "5")
        await destination.notes.forget()
        await destination.notes.forget()
        assert.equal(await destination.notes.position(), undefined)
        await assertRows(under, table, [[1, "a", "b"]])
        return undefined
      }))

    casesOfPositions(harness)
    casesOfTables(harness)
    casesOfOccupiedPlaces(harness)
    casesOfAlteredTables(harness)
    casesOfAlterations(harness)
    casesOfVersions(harness)
    casesOfOwners(harness)
    casesOfKnownPipelines(harness)

    test("many parts of a copy, more than wait at once, all arrive", () =>
      withOne(async (destination, under) => {
        const table = contractTable("t")
        const load = await destination.copies.begin(table)
        for (let part = 0; part < 20; part++) {
          await load.write(
            rowsOf(
              table,
              Array.from({ length: 100 }, (_, row) => [part * 100 + row, "x", null]),
            ),
          )
        }
        await load.finish()
        assert.equal((await under.warehouse.countRows(database, pipeline)).get(publicT), 2000)
        return undefined
      }))

    test("several calls at once do not mix", () =>
      withTable([], async (destination, table, under) => {
        const other = contractTable("other")
        const changes = await staged(destination, table, [["insert", 1, "x", null]])
        await Promise.all([
          destination.rows.apply(batchOf("2", changes)),
          loaded(destination, other, [[1, "o", null]]),
          destination.notes.position(),
          destination.inspection.tables(),
          destination.notes.advance(at("3")),
        ])
        await assertRows(under, table, [[1, "x", null]])
        await assertRows(under, other, [[1, "o", null]])
        assert.match(String(await destination.notes.position()), /^[23]$/)
        return undefined
      }))
  })
}
