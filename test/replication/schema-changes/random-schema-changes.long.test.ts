import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { runSql, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type Random, randomFrom } from "../random.ts"

const sessions = 3
const transactionsEach = 30

const names = ["a", "b", "c", "d"]
const columns = ["u", "v", "w", "x"]
const types = [
  "int DEFAULT 7",
  "text",
  "text DEFAULT 'old'",
  "numeric(8,2)",
  "float8 DEFAULT random()",
  "date",
]
const newTypes = ["text", "varchar(30)", "numeric(12,2) USING NULL", "bigint USING 5", "text USING 'anew'"]

function change(random: Random): string {
  const t = random.pick(names)
  const c = random.pick(columns)
  switch (random.below(16)) {
    case 0:
    case 1:
      return `ALTER TABLE ${t} ADD ${c} ${random.pick(types)}`
    case 2:
      return `ALTER TABLE ${t} DROP ${c}`
    case 3:
      return `ALTER TABLE ${t} RENAME ${c} TO ${random.pick(columns)}`
    case 4:
      return `ALTER TABLE ${t} ALTER ${c} TYPE ${random.pick(newTypes)}`
    case 5:
      return `ALTER TABLE ${t} DROP ${c}, ADD ${c} ${random.pick(types)}`
    case 6:
      return `ALTER TABLE ${t} RENAME TO ${random.pick(names)}`
    case 7:
      return `ALTER TABLE ${t} RENAME TO z; ALTER TABLE ${random.pick(names)} RENAME TO ${t}`
    case 8:
      return random.chance(0.3) ? `TRUNCATE ${t}` : `DELETE FROM ${t} WHERE id % 3 = 0`
    case 9:
      return random.chance(0.3)
        ? `DROP TABLE ${t}; CREATE TABLE ${t} (id int PRIMARY KEY, v text)`
        : `UPDATE ${t} SET id = id + 1000 WHERE id = (SELECT min(id) FROM ${t})`
    case 10:
      return `ALTER TABLE ${t} REPLICA IDENTITY ${random.pick(["FULL", "DEFAULT"])}`
    case 11:
      return `UPDATE ${t} SET ${c} = NULL WHERE id % 2 = 0`
    default:
      return `INSERT INTO ${t} (id) SELECT coalesce(max(id), 0) + i FROM ${t}, generate_series(1, 3) i GROUP BY i`
  }
}

/** Statements that cannot be done (another session has renamed the table, say) are taken back and no harm. */
async function session(url: string, random: Random): Promise<number> {
  const client = new pg.Client({ connectionString: url, options: "-c lock_timeout=2s" })
  await client.connect()
  let done = 0
  for (let n = 0; n < transactionsEach; n++) {
    const list = Array.from({ length: 1 + random.below(5) }, () => change(random))
    await client.query("BEGIN")
    for (const statement of list) {
      await client.query("SAVEPOINT s")
      try {
        await client.query(statement)
        done++
      } catch (error) {
        assert.ok(error instanceof pg.DatabaseError, String(error))
        await client.query("ROLLBACK TO s")
      }
    }
    await client.query(random.chance(0.1) ? "ROLLBACK" : "COMMIT")
  }
  await client.end()
  return done
}

test(`random schema changes between random rows, by several sessions`, async () => {
  const { url } = await testDatabase()
  const random = randomFrom(testSeed)
  await runSql(
    url,
    ...names.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY, v text, w int)`),
    ...names.map((name) => `INSERT INTO ${name} SELECT i, '${name}' || i, i FROM generate_series(1, 20) i`),
  )
  const pipeline = await testPipeline({ url })
  for (let round = 0; round < 2; round++) {
    const seeds = Array.from({ length: sessions }, () => random.below(1_000_000))
    const done = await Promise.all(seeds.map((one) => session(url, randomFrom(one))))
    assert.ok(
      done.every((count) => count > 10),
      `only ${done} statements`,
    )
    let last: string[] = []
    const isEqual = async () => {
      last = await pipeline.differences()
      return last.length === 0
    }
    const waiting = { what: "source and copy to be equal", timeoutMs: 120_000, intervalMs: 200 }
    await waitUntil(isEqual, waiting).catch((error) => {
      throw new Error(`${shownSeed}, round ${round}: ${last.join("\n")}`, { cause: error })
    })
  }
  // A copy beside the stream may find its table renamed meanwhile, and is made again; the stream itself never breaks.
  assert.ok(!pipeline.reports.phases.includes("waiting"), String(pipeline.reports.problems))
})
