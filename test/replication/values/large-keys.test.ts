import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { defaultDatabaseOptions } from "../../../src/domain/database-options.ts"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { type Random, randomFrom } from "../random.ts"

/**
 * Keys and values so large that PostgreSQL stores them aside: an update that leaves them as they are does not send them.
 * Both kinds of change meet: one that leaves the value unsent, and one that gives the row another key.
 */
const identities = [
  { name: "a primary key", table: "k text PRIMARY KEY, hits int, body text", also: "" },
  {
    name: "a key of two columns",
    table: "k text, part int DEFAULT 1, hits int, body text, PRIMARY KEY (part, k)",
    also: "",
  },
  {
    name: "an index as replica identity",
    table: "id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, k text NOT NULL, hits int, body text",
    also: "CREATE UNIQUE INDEX t_k ON t (k); ALTER TABLE t REPLICA IDENTITY USING INDEX t_k",
  },
  {
    name: "all columns as replica identity",
    table: "k text PRIMARY KEY, hits int, body text",
    also: "ALTER TABLE t REPLICA IDENTITY FULL",
  },
] as const

const largeText = (characters: number, seed: string) =>
  `(SELECT string_agg(md5(i::text || ${seed}), '') FROM generate_series(1, ${characters / 32}) i)`

/** Keys of 2,300 characters that do not compress; they are named by their last one. */
const key = (name: string) => `${largeText(2_304, "'k'")} || '${name}'`
const at = (name: string) => `k = ${key(name)}`
const move = (from: string, to: string) => `UPDATE t SET k = ${key(to)} WHERE ${at(from)}`
const touch = (name: string) => `UPDATE t SET hits = hits + 10 WHERE ${at(name)}`

const scenes: { name: string; statements: string[] }[] = [
  { name: "a row moves after a change", statements: [touch("a"), touch("b"), move("a", "z")] },
  {
    name: "a row moves, having a change before and after",
    statements: [touch("a"), move("a", "z"), touch("z")],
  },
  {
    name: "several hops",
    statements: [touch("a"), move("a", "x"), touch("x"), move("x", "y"), move("y", "a")],
  },
  {
    name: "two rows exchange their keys",
    statements: [touch("a"), move("a", "x"), move("b", "a"), move("x", "b"), touch("b")],
  },
  {
    name: "a row moves to a key that was deleted",
    statements: [touch("a"), touch("b"), `DELETE FROM t WHERE ${at("b")}`, move("a", "b")],
  },
  {
    name: "a row moves and is deleted",
    statements: [touch("a"), move("a", "z"), touch("z"), `DELETE FROM t WHERE ${at("z")}`],
  },
  {
    name: "a row moves and another is inserted at its key",
    statements: [
      touch("a"),
      move("a", "z"),
      `INSERT INTO t (k, hits, body) VALUES (${key("a")}, 7, 'new')`,
      touch("a"),
    ],
  },
  {
    name: "a row moves with a new large value",
    statements: [
      touch("a"),
      `UPDATE t SET body = ${largeText(6_016, "'c'")} WHERE ${at("a")}`,
      move("a", "z"),
      touch("z"),
    ],
  },
]

async function tableOf(identity: (typeof identities)[number], keepsVersions: boolean) {
  const { url } = await testDatabase()
  await runSql(
    url,
    `CREATE TABLE t (${identity.table})`,
    "ALTER TABLE t ALTER body SET STORAGE EXTERNAL, ALTER k SET STORAGE EXTERNAL",
    ...(identity.also === "" ? [] : identity.also.split("; ")),
  )
  const pipeline = await testPipeline({
    url,
    options: () => ({ ...defaultDatabaseOptions, historyMode: keepsVersions }),
  })
  return { url, pipeline }
}

async function filledAnew(url: string): Promise<void> {
  const rows = ["a", "b", "c"].map(
    (name, hits) => `(${key(name)}, ${hits + 1}, ${largeText(6_016, `'${name}'`)})`,
  )
  await runSql(url, "DELETE FROM t", `INSERT INTO t (k, hits, body) VALUES ${rows.join(", ")}`)
}

/** Both sides digest their own values. */
async function rowsOf(url: string, pipeline: TestPipeline, where: string): Promise<[unknown, unknown]> {
  await pipeline.settle()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const columns = (text: string) => `SELECT right(k, 1), hits::${text}, md5(k), md5(body)`
  const source = await client.query({ text: `${columns("text")} FROM t ORDER BY 1, 2`, rowMode: "array" })
  await client.end()
  const copied = await pipeline.home.read(
    `${columns("VARCHAR")} FROM "${pipeline.database}".public.t${where} ORDER BY 1, 2`,
  )
  return [copied, source.rows]
}

async function playScenes(identity: (typeof identities)[number], keepsVersions: boolean): Promise<void> {
  const { url, pipeline } = await tableOf(identity, keepsVersions)
  const active = keepsVersions ? " WHERE _record_is_active" : ""
  for (const { name, statements } of scenes)
    for (const isOne of [true, false]) {
      await filledAnew(url)
      await pipeline.settle()
      await runSql(url, ...(isOne ? [statements.join("; ")] : statements))
      const [copied, source] = await rowsOf(url, pipeline, active)
      assert.deepEqual(copied, source, `${name}, ${isOne ? "in one transaction" : "in several"}`)
    }
  assert.deepEqual(pipeline.reports.problems, [])
  assert.deepEqual([...pipeline.reports.failed], [])
  await pipeline.stop()
}

for (const identity of identities)
  test(`rows of large keys that move after a change which left values unsent: ${identity.name}`, () =>
    playScenes(identity, false))

test("rows of large keys that move after a change which left values unsent: with versions", () =>
  playScenes(identities[1], true))

const names = ["a", "b", "c", "d", "e"]

function randomStatement(random: Random): string {
  const [one, other] = [random.pick(names), random.pick(names)]
  const free = (name: string) => `NOT EXISTS (SELECT FROM t WHERE ${at(name)})`
  const drawn = random.below(10)
  if (drawn < 4) return touch(one)
  if (drawn < 8) return `${move(one, other)} AND ${free(other)}`
  if (drawn === 8) return `DELETE FROM t WHERE ${at(one)}`
  return `INSERT INTO t (k, hits, body) SELECT ${key(one)}, 1, ${largeText(6_016, `'${one}'`)} WHERE ${free(one)}`
}

test("changes and moves of rows with large keys in random order, in transactions of random length", async () => {
  const { url, pipeline } = await tableOf(identities[1], false)
  await filledAnew(url)
  const random = randomFrom(23)
  for (let round = 0; round < 12; round++) {
    const transactions = Array.from({ length: 1 + random.below(4) }, () =>
      Array.from({ length: 1 + random.below(6) }, () => randomStatement(random)).join("; "),
    )
    await runSql(url, ...transactions)
    const [copied, source] = await rowsOf(url, pipeline, "")
    assert.deepEqual(copied, source, transactions.join("\n").replaceAll(largeText(2_304, "'k'"), "…"))
  }
  await pipeline.stop()
})
