/** What a role's or a database's own settings say of its sessions must not change what ours do. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import type { Snapshot, Source } from "../../../src/replication/contracts/source.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { runSql, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"

const settings = [
  "default_transaction_read_only = on",
  "default_transaction_isolation = 'serializable'",
  "default_transaction_deferrable = on",
  "standard_conforming_strings = off",
  "quote_all_identifiers = on",
  "lock_timeout = 1",
  // Not less: they hold until a session's first statement, for which a busy machine may take a while.
  "idle_session_timeout = 3000",
  "transaction_timeout = 3000",
]

/** Longer than these limits. */
const copyTakesMs = 3_500

/** Each table's copy, and with it the snapshot's transaction, takes that long. */
function slowlyRead(real: Source): Source {
  const around = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    read: async (...args) => {
      await delay(copyTakesMs)
      return await snapshot.read(...args)
    },
  })
  return { ...real, openSnapshot: async (...args) => around(await real.openSnapshot(...args)) }
}

describe("settings of the role", { concurrency: 4 }, () => {
  for (const setting of settings) {
    test(`${setting}: rows are copied, streamed and equal, and check finds nothing to mend`, async () => {
      const { url, name } = await testDatabase()
      const role = `app_of_${name}`
      await runSql(
        url,
        `CREATE ROLE "${role}" LOGIN SUPERUSER PASSWORD 'of-the-app'`,
        `ALTER ROLE "${role}" SET ${setting}`,
        "CREATE TYPE mood AS ENUM ('so', 'la')",
        "CREATE TABLE t (id int PRIMARY KEY, v text, m mood)",
        "INSERT INTO t SELECT i, E'a\\\\b', 'so' FROM generate_series(1, 100) i",
      )
      const asApp = new URL(url)
      asApp.username = role
      asApp.password = "of-the-app"
      const source = openPostgresSource({ url: asApp.href, database: name })
      const findings = await source.preflight(() => true)
      assert.deepEqual(
        findings.filter(({ severity }) => severity === "error"),
        [],
      )
      const pipeline = await testPipeline({
        url,
        around: {
          source: () => (setting.includes("_timeout = 3000") ? slowlyRead(source) : source),
          warehouse: (real) => real,
        },
      })
      await runSql(
        url,
        "UPDATE t SET v = 'changed' WHERE id < 10",
        "CREATE TABLE later (id int PRIMARY KEY, v text)",
        "INSERT INTO later VALUES (1, 'x')",
      )
      await waitUntil(() => pipeline.reports.copied.includes("public.later"), { what: "the new table" })
      await runSql(url, "INSERT INTO t VALUES (1000, 'streamed', 'la')")
      assert.deepEqual(await pipeline.differences(), [])
      assert.deepEqual(pipeline.reports.problems, [])
      await pipeline.stop()
    })
  }
})
