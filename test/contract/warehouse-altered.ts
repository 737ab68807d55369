import assert from "node:assert/strict"
import { test } from "node:test"
import type { TableSchema } from "../../src/domain/table.ts"
import { tableKey } from "../../src/domain/table.ts"
import type { Destination } from "../../src/replication/contracts/warehouse.ts"
import { database, type Harness, pipeline } from "./warehouse-harness.ts"
import { batchOf, contractTable, loaded, staged, stagedVersions } from "./warehouse-rows.ts"

const alterations = [
  { what: "dropped", statement: (live: string) => `DROP TABLE ${live}` },
  { what: "took a column from", statement: (live: string) => `ALTER TABLE ${live} DROP COLUMN b` },
]

const since = new Date(Date.UTC(2026, 0, 1))

async function changesOf(destination: Destination, table: TableSchema, kept: "rows" | "versions") {
  return kept === "versions"
    ? await stagedVersions(destination, table, [
        { atMs: since.getTime() + 1, changes: [["update", 1, "x", "y"]] },
      ])
    : await staged(destination, table, [["update", 1, "x", "y"]])
}

/** Live tables that users of the warehouse drop or alter. */
export function casesOfAlteredTables({ withTable, assertRows }: Harness): void {
  for (const { what, statement } of alterations)
    for (const keeps of [false, true])
      test(`users ${what} a table${keeps ? " of versions" : ""}: it alone is refused, and a copy brings it back`, () =>
        withTable([[1, "a", "b"]], async (destination, other, under) => {
          if (under.asUser === undefined) return undefined
          const table = contractTable("altered")
          await loaded(destination, table, [[1, "c", "d"]], keeps ? since : undefined)
          await under.asUser(database, table, statement)
          const both = [
            await changesOf(destination, table, keeps ? "versions" : "rows"),
            await staged(destination, other, [["insert", 2, "n", null]]),
          ]
          const refused = { name: "OversizedTable", kind: "tableFailed", table, message: /in the warehouse/ }
          await assert.rejects(destination.rows.apply(batchOf("2", ...both)), refused)
          assert.equal(await destination.notes.position(), "1")
          await assertRows(under, other, [[1, "a", "b"]])
          await destination.rows.apply({ ...batchOf("2"), stale: [table], position: undefined })
          await destination.rows.apply(
            batchOf("2", await staged(destination, other, [["insert", 2, "n", null]])),
          )
          await assertRows(under, other, [
            [1, "a", "b"],
            [2, "n", null],
          ])
          await loaded(destination, table, [[1, "x", "y"]], keeps ? new Date(since.getTime() + 1) : undefined)
          const counts = await under.warehouse.countRows(database, pipeline)
          assert.equal(counts.get(tableKey(table)), 1)
          await destination.rows.apply(
            batchOf("3", await changesOf(destination, table, keeps ? "versions" : "rows")),
          )
          return undefined
        }))

  for (const keeps of [false, true])
    test(`a table${keeps ? " of versions" : ""} that users dropped goes at the source as well`, () =>
      withTable([[1, "a", "b"]], async (destination, other, under) => {
        if (under.asUser === undefined) return undefined
        const table = contractTable("altered")
        await loaded(destination, table, [[1, "c", "d"]], keeps ? since : undefined)
        await under.asUser(database, table, (live) => `DROP TABLE ${live}`)
        const counts = await under.warehouse.countRows(database, pipeline)
        assert.deepEqual([...counts.keys()], [tableKey(other)], "what is not there has no rows")
        await destination.rows.apply({ ...batchOf("2"), dropped: [table] })
        assert.equal(await destination.notes.position(), "2")
        assert.deepEqual(await destination.inspection.tables(), [other])
        return undefined
      }))
}
