import { describe, type TestContext, test } from "node:test"
import type { WritePoint } from "../../src/replication/write-order.ts"
import { newPlace, sourceArn } from "../e2e/place.ts"
import { apiOf } from "../e2e/rds.ts"
import { bank } from "../e2e/source.ts"
import { assertEqualContent, caughtUp } from "../e2e/warehouse.ts"
import { runSql } from "../support/pipeline.ts"
import { assertKilled, killAt, killable } from "./kill-at.ts"

interface Round {
  name: string
  /** One transaction of the source, so one batch. */
  transaction: string
  /** What happens while nothing runs: what the stream then tells is behind the catalog. */
  meanwhile: string[]
  /** Beside the sentinel. */
  tables: string[]
}

const created = [
  "CREATE TABLE t (id int PRIMARY KEY, v varchar(20), n int)",
  "INSERT INTO t SELECT i, 'v' || i, i FROM generate_series(1, 500) i",
  "CREATE TABLE u (id int PRIMARY KEY, v text)",
  "INSERT INTO u SELECT i, 'u' || i FROM generate_series(1, 50) i",
]

const rounds: Round[] = [
  {
    name: "columns come, between rows before and after",
    transaction:
      "UPDATE t SET v = 'before' WHERE id < 100; ALTER TABLE t ADD c int DEFAULT 7; UPDATE t SET c = 8 WHERE id < 50; DELETE FROM u WHERE id < 9; ALTER TABLE u ADD d date; INSERT INTO u VALUES (60, 'd', '2026-01-01')",
    meanwhile: ["UPDATE t SET c = 9 WHERE id = 3"],
    tables: ["t", "u"],
  },
  {
    name: "a column goes and another is renamed, and more of it while nothing runs",
    transaction:
      "ALTER TABLE t DROP n; ALTER TABLE t RENAME v TO w; UPDATE t SET w = 'after' WHERE id > 400; INSERT INTO t VALUES (1000, 'w', 1)",
    meanwhile: [
      "ALTER TABLE t RENAME w TO x; UPDATE t SET x = 'x' WHERE id < 5",
      "DELETE FROM t WHERE id = 9",
    ],
    tables: ["t", "u"],
  },
  {
    name: "tables exchange their names",
    transaction:
      "UPDATE t SET c = 10 WHERE id < 5; ALTER TABLE t RENAME TO y; ALTER TABLE u RENAME TO t; ALTER TABLE y RENAME TO u; UPDATE u SET c = 11 WHERE id > 490; INSERT INTO t VALUES (61, 'u', NULL)",
    meanwhile: ["INSERT INTO t VALUES (62, 'u', NULL)"],
    tables: ["t", "u"],
  },
  {
    name: "a table is emptied between changes of another, whose key becomes another",
    transaction:
      "TRUNCATE t; INSERT INTO t VALUES (1, 'first', NULL); UPDATE u SET c = id; ALTER TABLE u DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, c); UPDATE u SET c = c + 1 WHERE id < 9",
    meanwhile: ["UPDATE u SET id = id + 5000 WHERE id < 20"],
    tables: ["t", "u"],
  },
  {
    name: "a type widens, and a table moves to another schema and back",
    transaction:
      "ALTER TABLE u ALTER x TYPE text; UPDATE u SET x = repeat('long', 20) WHERE id < 100; CREATE SCHEMA IF NOT EXISTS away; ALTER TABLE t SET SCHEMA away; INSERT INTO away.t VALUES (2, 'away', NULL)",
    meanwhile: ["ALTER TABLE away.t SET SCHEMA public; INSERT INTO t VALUES (3, 'home', NULL)"],
    tables: ["t", "u"],
  },
]

/** The process that went on after one round is the one that dies in the next. */
async function killAllAt(context: TestContext, point: WritePoint): Promise<void> {
  const source = await bank(context, 10)
  await runSql(source.url, ...created)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  let running = await place.start(killable)
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.*.*`)
  await api.becomes("bank", "active")
  for (const { name, transaction, meanwhile, tables } of rounds)
    await context.test(name, async () => {
      await caughtUp(place, source.url, "bank")
      await killAt(running, point, 1)
      await runSql(source.url, transaction)
      await assertKilled(running)
      await runSql(source.url, ...meanwhile)
      running = await place.start(killable)
      await caughtUp(place, source.url, "bank")
      await assertEqualContent(place, source.url, "bank", [...tables, "sentinel"])
    })
}

describe("the end of the process with changes of definitions in the batch", { concurrency: 2 }, () => {
  for (const point of ["staged", "applied"] as const)
    test(`at ${point}`, (context) => killAllAt(context, point))
})
