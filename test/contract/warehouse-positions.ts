import assert from "node:assert/strict"
import { test } from "node:test"
import { positionFrom } from "../../src/domain/position.ts"
import { Problem } from "../../src/domain/problems.ts"
import type { Batch, Destination } from "../../src/replication/contracts/warehouse.ts"
import { database, type Harness, pipeline } from "./warehouse-harness.ts"
import { batchOf, type Change, staged } from "./warehouse-rows.ts"

const at = positionFrom
const inserted: Change[] = [
  ["insert", 2, "x", "y"],
  ["insert", 2, "x", "y"],
]
const afterOne = [
  [1, "a", "b"],
  [2, "x", "y"],
  [2, "x", "y"],
]

/**
 * A batch follows on what its opening of the database has applied before, or is refused and changes nothing. Tables without a key
 * and batches of inserts alone show each row that comes twice.
 */
export function casesOfPositions({ withTable, assertRows }: Harness): void {
  const isRefused = (work: Promise<unknown>) => assert.rejects(work, Problem)
  const keyless = (work: Parameters<typeof withTable>[1]) => withTable([[1, "a", "b"]], work, true)

  test("of two openings that both bring the same batch the later one is refused, whatever it brings", () =>
    keyless(async (first, table, under) => {
      const second = await under.warehouse.open({ database, pipeline, generation: 1 })
      assert.equal(await second.notes.position(), "1")
      const twice = [await staged(first, table, inserted), await staged(second, table, inserted)] as const
      await first.rows.apply(batchOf("2", twice[0]))
      await isRefused(second.rows.apply(batchOf("2", twice[1])))
      await isRefused(second.rows.apply(batchOf("3", await staged(second, table, inserted))))
      await isRefused(second.notes.advance(at("3")))
      await assertRows(under, table, afterOne)
      // What it sees of the other's work does not make its own batches follow on that.
      assert.equal(await second.notes.position(), "2")
      await isRefused(second.rows.apply(batchOf("3", await staged(second, table, inserted))))
      await isRefused(second.rows.apply({ ...batchOf("3"), stale: [table] }))
      await first.rows.apply(batchOf("3", await staged(first, table, [["delete", 1, "a", "b"]])))
      await assertRows(under, table, afterOne.slice(1))
      assert.equal((await first.inspection.tables()).length, 1)
      // Opened anew, it goes on where the other was.
      const third = await under.warehouse.open({ database, pipeline, generation: 1 })
      assert.equal(await third.notes.position(), "3")
      await third.rows.apply(batchOf("4", await staged(third, table, [["insert", 9, "x", "y"]])))
      await isRefused(first.notes.advance(at("4")))
      return undefined
    }))

  test("of many openings that bring the same batch at the same moment one is taken", () =>
    keyless(async (_, table, under) => {
      for (let round = 2; round < 8; round++) {
        const many: Destination[] = []
        for (let n = 0; n < 8; n++)
          many.push(await under.warehouse.open({ database, pipeline, generation: 1 }))
        const batches: Batch[] = []
        for (const one of many) {
          assert.equal(await one.notes.position(), String(round - 1))
          batches.push(batchOf(String(round), await staged(one, table, [["insert", round, "x", "y"]])))
        }
        const ends = await Promise.allSettled(
          many.map((one, n) => one.rows.apply(batches[n] ?? batchOf(String(round)))),
        )
        for (const end of ends)
          if (end.status === "rejected") assert.ok(end.reason instanceof Problem, String(end.reason))
        assert.equal(ends.filter(({ status }) => status === "fulfilled").length, 1)
        for (const one of many) await one.close()
      }
      await assertRows(under, table, [[1, "a", "b"], ...[2, 3, 4, 5, 6, 7].map((n) => [n, "x", "y"])])
      return undefined
    }))

  test("a batch that ends where the one before ended, or whose beginning is not known, is refused", () =>
    keyless(async (destination, table, under) => {
      await isRefused(destination.rows.apply(batchOf("1", await staged(destination, table, inserted))))
      await destination.notes.advance(at("2"))
      await isRefused(destination.rows.apply(batchOf("2", await staged(destination, table, inserted))))
      const unread = await under.warehouse.open({ database, pipeline, generation: 1 })
      await isRefused(unread.rows.apply(batchOf("3", await staged(unread, table, inserted))))
      await isRefused(unread.notes.advance(at("3")))
      await destination.notes.forget()
      await isRefused(destination.rows.apply(batchOf("3", await staged(destination, table, inserted))))
      await assertRows(under, table, [[1, "a", "b"]])
      assert.equal(await destination.notes.position(), undefined)
      return undefined
    }))
}
