import assert from "node:assert/strict"
import { test } from "node:test"
import { database, type Harness } from "./warehouse-harness.ts"
import { batchOf, contractTable, loaded, staged } from "./warehouse-rows.ts"

/** What users have made where a table is to come. */
export function casesOfOccupiedPlaces({ withTable, assertRows }: Harness): void {
  for (const way of ["renamed", "swapped in"] as const)
    test(`a table that is ${way} where a user's own table stands fails, and the user's stays`, () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        if (under.makeOwn === undefined) return undefined
        const renamed = { ...table, name: "taken" }
        const other = contractTable("other")
        await loaded(destination, other, [])
        const load = way === "swapped in" ? await destination.copies.begin(renamed) : undefined
        await load?.settled()
        const dropOwn = await under.makeOwn(database, renamed)
        const changes = async () => {
          const { parts, runs } = await staged(destination, renamed, [["insert", 2, "x", "y"]])
          const alteration = { from: table, to: renamed, origins: [0, 1, 2], fill: undefined }
          return { table: renamed, alteration, parts, runs }
        }
        const arriving = async () =>
          load === undefined ? batchOf("2", await changes()) : { ...batchOf("2"), swaps: [renamed] }
        const refused = {
          name: "OversizedTable",
          kind: "tableFailed",
          table,
          message: /Millrace did not make/,
        }
        await assert.rejects(destination.rows.apply(await arriving()), refused)
        await assertRows(under, renamed, [[9, "own", null]])
        await assertRows(under, table, [[1, "a", "b"]])
        assert.equal(await destination.notes.position(), "1")
        // The others go on without it, as the next attempt does.
        await destination.rows.apply({ ...batchOf("2"), stale: [table], position: undefined })
        const neighbour = await staged(destination, other, [["insert", 3, "n", null]])
        await destination.rows.apply(batchOf("2", neighbour))
        await assertRows(under, other, [[3, "n", null]])
        load?.close()
        await assert.rejects(destination.copies.begin(renamed), /Millrace did not make/)
        await dropOwn()
        await loaded(destination, renamed, [[1, "anew", null]])
        await assertRows(under, renamed, [[1, "anew", null]])
        await assert.rejects(under.read(database, table), "its old name is free")
        return undefined
      }))
}
