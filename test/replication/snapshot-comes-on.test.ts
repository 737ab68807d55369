import assert from "node:assert/strict"
import { test } from "node:test"
import { Problem } from "../../src/domain/problems.ts"
import type { Source } from "../../src/replication/contracts/source.ts"
import { beginTestPipeline, runSql } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"

/** The first time a table that begins with `late` is read, the source is gone; the second time it waits. */
function leavingOnce(source: Source, goOn: Promise<void>): Source {
  let attempts = 0
  return {
    ...source,
    async openSnapshot(...args) {
      const snapshot = await source.openSnapshot(...args)
      attempts++
      return {
        ...snapshot,
        async read(table, ...rest) {
          if (table.name.startsWith("late")) {
            if (attempts === 1) throw new Problem("sourceUnreachable", "The line was cut.")
            if (table.name === "later") await goOn
          }
          return await snapshot.read(table, ...rest)
        },
      }
    },
  }
}

test("what a snapshot failed with is shown until the next one has come further, and no longer", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE early AS SELECT i AS id FROM generate_series(1, 10) i; ALTER TABLE early ADD PRIMARY KEY (id)",
    "CREATE TABLE late AS SELECT i AS id FROM generate_series(1, 2000) i; ALTER TABLE late ADD PRIMARY KEY (id)",
    "CREATE TABLE later AS SELECT i AS id FROM generate_series(1, 90000) i; ALTER TABLE later ADD PRIMARY KEY (id)",
    "ANALYZE",
  )
  const gate = Promise.withResolvers<void>()
  const pipeline = await beginTestPipeline({
    url,
    around: { source: (source) => leavingOnce(source, gate.promise), warehouse: (warehouse) => warehouse },
  })
  const { reports } = pipeline
  await waitUntil(() => reports.problem?.kind === "sourceUnreachable", { what: "the failure" })
  await waitUntil(() => reports.problem === undefined, { what: "the next attempt to come further" })
  assert.equal(reports.phases.at(-1), "copying")
  gate.resolve()
  assert.deepEqual(await pipeline.differences(["early", "late", "later"].map((name) => `public.${name}`)), [])
})
