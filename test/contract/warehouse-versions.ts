import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { positionFrom } from "../../src/domain/position.ts"
import { Problem } from "../../src/domain/problems.ts"
import type { TableSchema } from "../../src/domain/table.ts"
import type { Destination } from "../../src/replication/contracts/warehouse.ts"
import { active, type Cell, cases, closed, seedMs, type Transaction, table } from "./version-cases.ts"
import { replayed, transactionOf } from "./version-replay.ts"
import { database, type Harness, type WarehouseUnderTest } from "./warehouse-harness.ts"
import { batchOf, contractTable, loaded, stagedVersions, type Value } from "./warehouse-rows.ts"

async function seeded(destination: Destination, rows: Value[][], one: TableSchema = table): Promise<void> {
  await loaded(destination, one, rows, new Date(seedMs))
  await destination.copies.completeSnapshot([one], positionFrom("1"))
}

const shifted = (transactions: Transaction[]) =>
  transactions.map((one) => ({ ...one, atMs: seedMs + one.atMs }))

/** Tables that keep versions. */
export function casesOfVersions({ withOne, withTable, assertRows }: Harness): void {
  const assertVersions = (under: WarehouseUnderTest, one: TableSchema, rows: Cell[][]) =>
    assertRows({ ...under, read: async (...args) => (await under.read(...args)).map(shown) }, one, rows)

  for (const { name, before, transactions, after } of cases) {
    for (const partRows of [undefined, 1]) {
      test(`versions${partRows === 1 ? ", each change in a part of its own" : ""}: ${name}`, () =>
        withOne(async (destination, under) => {
          await seeded(destination, before)
          const changes = await stagedVersions(destination, table, shifted(transactions), partRows)
          await destination.rows.apply(batchOf("2", changes))
          await assertVersions(under, table, after)
          return undefined
        }))
    }
    test(`versions, each transaction in a batch of its own: ${name}`, () =>
      withOne(async (destination, under) => {
        await seeded(destination, before)
        for (const [index, transaction] of shifted(transactions).entries()) {
          const changes = await stagedVersions(destination, table, [transaction])
          await destination.rows.apply(batchOf(String(index + 2), changes))
        }
        await assertVersions(under, table, after)
        return undefined
      }))
  }

  test("versions: whatever happens at the source, they are what its transactions left", () =>
    fc.assert(
      fc.asyncProperty(fc.array(transactionOf, { maxLength: 12 }), fc.nat(3), (drawn, batches) =>
        withOne(async (destination, under) => {
          await seeded(destination, [
            [1, "a", "b"],
            [2, "c", "d"],
          ])
          const { transactions, versions } = replayed(drawn)
          const size = Math.ceil(transactions.length / (batches + 1))
          for (let from = 0; from < transactions.length; from += size) {
            const part = shifted(transactions.slice(from, from + size))
            const changes = await stagedVersions(destination, table, part, 3)
            await destination.rows.apply(batchOf(String(from + 2), changes))
          }
          await assertVersions(under, table, versions)
          return undefined
        }),
      ),
      { numRuns: 15 },
    ))

  test("a table begins to keep versions, and ends; what it kept goes on under another name", () =>
    withTable(
      [
        [1, "a", "b"],
        [2, "c", "d"],
      ],
      async (destination, live, under) => {
        const ids = async () => [...(await destination.notes.versions()).tables]
        assert.deepEqual(await ids(), [])
        const switched = (keep: boolean, at: number) =>
          destination.notes.switchVersions(
            [
              { id: live.id, keep },
              { id: "another", keep },
            ],
            new Date(seedMs + at),
          )
        await switched(true, 0)
        await switched(true, 1)
        assert.deepEqual(await ids(), [live.id])
        const changes = await stagedVersions(destination, live, [
          { atMs: seedMs + 5, changes: [["update", 1, "x", "y"]] },
        ])
        await destination.rows.apply(batchOf("2", changes))
        const kept = [closed([1, "a", "b"], 0, 5), active([1, "x", "y"], 5), active([2, "c", "d"], 0)]
        await assertVersions(under, live, kept)
        const view = await destination.inspection.view()
        assert.equal(await view.countRows(live), 2, "a view sees the active ones")
        await view.close()
        await switched(false, 9)
        assert.deepEqual(await ids(), [])
        await assertRows(under, live, [
          [1, "x", "y"],
          [2, "c", "d"],
        ])
        await assertVersions(under, { ...live, name: "t_historical_20260101000000009" }, kept)
        return undefined
      },
    ))

  test("a table that keeps versions and is dropped stays, closed, and nothing takes its place before users let it", () =>
    withOne(async (destination, under) => {
      await seeded(destination, [[1, "a", "b"]])
      await destination.rows.apply({ ...batchOf("2"), dropped: [table], at: new Date(seedMs + 7) })
      assert.deepEqual(await destination.inspection.tables(), [])
      assert.deepEqual(await destination.notes.versions(), { tables: new Set(), dropped: [table] })
      await assertVersions(under, table, [closed([1, "a", "b"], 0, 7)])
      const again = { ...table, id: "another" }
      await assert.rejects(
        destination.copies.begin(again, new Date()),
        (error) =>
          error instanceof Problem && error.kind === "tableFailed" && /DROP TABLE/.test(error.message),
      )
      return undefined
    }))

  test("a table that keeps versions and is in no snapshot any more stays, closed", () =>
    withOne(async (destination, under) => {
      await seeded(destination, [[1, "a", "b"]])
      await destination.copies.completeSnapshot([], positionFrom("9"))
      assert.deepEqual((await destination.notes.versions()).dropped, [table])
      const [row] = await under.read(database, table)
      assert.deepEqual(shown(row ?? []).slice(0, 4), [1, "a", "b", "false"])
      return undefined
    }))

  test("two tables that keep versions exchange their names, and keep them", () =>
    withOne(async (destination, under) => {
      const other = contractTable("u")
      for (const one of [table, other])
        await loaded(destination, one, [[1, `of ${one.name}`, null]], new Date(seedMs))
      await destination.copies.completeSnapshot([table, other], positionFrom("1"))
      const [t, u] = [
        { ...other, id: table.id },
        { ...table, id: other.id },
      ]
      const renamed = (from: TableSchema, to: TableSchema) => ({
        ...{ table: to, parts: [], runs: [] },
        alteration: { from, to, origins: [0, 1, 2], fill: undefined },
      })
      await destination.rows.apply(batchOf("2", renamed(table, t), renamed(other, u)))
      await assertVersions(under, t, [active([1, "of t", null], 0)])
      await assertVersions(under, u, [active([1, "of u", null], 0)])
      assert.deepEqual((await destination.notes.versions()).tables, new Set([table.id, other.id]))
      return undefined
    }))

  test("a resync goes on with the versions that were there", () =>
    withOne(async (destination, under) => {
      await seeded(destination, [
        [1, "same", null],
        [2, "old", "d"],
        [3, "gone", "f"],
      ])
      const changes = await stagedVersions(destination, table, [
        { atMs: seedMs + 5, changes: [["delete", 3]] },
      ])
      await destination.rows.apply(batchOf("2", changes))
      const rows: Value[][] = [
        [1, "same", null],
        [2, "new", "d"],
        [4, "came", "h"],
      ]
      await loaded(destination, table, rows, new Date(seedMs + 9))
      await assertVersions(under, table, [
        active([1, "same", null], 0),
        closed([2, "old", "d"], 0, 9),
        active([2, "new", "d"], 9),
        closed([3, "gone", "f"], 0, 5),
        active([4, "came", "h"], 9),
      ])
      return undefined
    }))

  test("a resync without versions leaves those that were there under another name", () =>
    withOne(async (destination, under) => {
      await seeded(destination, [[1, "a", "b"]])
      await loaded(destination, table, [[2, "c", "d"]])
      await assertRows(under, table, [[2, "c", "d"]])
      assert.deepEqual((await destination.notes.versions()).tables, new Set())
      return undefined
    }))

  test("a column that comes is null in the versions that were closed before", () =>
    withOne(async (destination, under) => {
      await seeded(destination, [[1, "a", "b"]])
      const before = await stagedVersions(destination, table, [
        { atMs: seedMs + 5, changes: [["update", 1, "x", "b"]] },
      ])
      await destination.rows.apply(batchOf("2", before))
      const c = { name: "c", type: { kind: "text" } as const, sourceType: "text" }
      const to = { ...table, columns: [...table.columns, c] }
      const { rowsOf } = await import("./warehouse-rows.ts")
      const fill = await destination.rows.stageRows(to, rowsOf(to, [[null, null, null, "filled"]]))
      const after = await stagedVersions(destination, to, [
        { atMs: seedMs + 8, changes: [["insert", 2, "p", "q", "r"]] },
      ])
      const alteration = { from: table, to, origins: [0, 1, 2, undefined], fill }
      await destination.rows.apply(
        batchOf("3", { ...after, table: to, parts: after.parts, runs: after.runs, alteration }),
      )
      await assertVersions(under, to, [
        closed([1, "a", "b", null], 0, 5),
        active([1, "x", "b", "filled"], 5),
        active([2, "p", "q", "r"], 8),
      ])
      return undefined
    }))
}

/** Values after the columns of versions, wherever the warehouse puts them, come last. */
function shown(row: Cell[]): Cell[] {
  return row.map((value) => (typeof value === "boolean" ? String(value) : value))
}
