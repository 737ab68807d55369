import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, testPipeline, testWarehouse } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { largeValues } from "./large-values.ts"

test("values of 12 MB", () => largeValues(12, 2))

test("rows that the engine's memory cannot hold together keep their table out, with what to do, and no other", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE small (id int PRIMARY KEY)",
    "INSERT INTO small VALUES (1)",
    "CREATE TABLE large (id int PRIMARY KEY, t text)",
    "ALTER TABLE large ALTER t SET STORAGE EXTERNAL",
    "INSERT INTO large SELECT i, repeat('abcdefgh', 3000000) FROM generate_series(1, 6) i",
  )
  const home = await testWarehouse(undefined, 128 * 2 ** 20)
  const pipeline = await testPipeline({ url, home })
  assert.match(
    pipeline.reports.failed.get("public.large") ?? "",
    /too large .* 96 MB in 4 of them.* 134 MB .*more memory, or leave the table out/,
  )
  await runSql(url, "INSERT INTO small VALUES (2)")
  assert.deepEqual(await pipeline.differences(["small"]), [])
  // Before the rows are known to be too many they may meet the limit; then the copy begins again.
  for (const { message } of pipeline.reports.problems)
    assert.match(message, /The engine has too little memory for these rows/)
})

const ways = [
  ["all at once", ["INSERT INTO large SELECT i, repeat('abcdefgh', 3000000) FROM generate_series(1, 6) i"]],
  [
    "one after the other",
    [1, 2, 3, 4, 5, 6].map((id) => `INSERT INTO large VALUES (${id}, repeat('abcdefgh', 3000000))`),
  ],
] as const

for (const [way, statements] of ways)
  test(`rows in the stream that the engine's memory cannot hold together, ${way}: their table stays out, the others go on`, async () => {
    const { url } = await testDatabase()
    await runSql(
      url,
      "CREATE TABLE small (id int PRIMARY KEY)",
      "CREATE TABLE large (id int PRIMARY KEY, t text)",
      "ALTER TABLE large ALTER t SET STORAGE EXTERNAL",
      "INSERT INTO large VALUES (0, 'before')",
    )
    const pipeline = await testPipeline({ url, home: await testWarehouse(undefined, 128 * 2 ** 20) })
    const { failed } = pipeline.reports
    const count = `SELECT count(*)::VARCHAR FROM "${pipeline.database}".public.large`
    for (const [index, statement] of statements.entries()) {
      await runSql(url, statement)
      const hasCome = async () => Number((await pipeline.home.read(count))[0]?.[0]) === index + 2
      await waitUntil(async () => failed.has("public.large") || (await hasCome()), { what: "one more row" })
    }
    await runSql(url, "INSERT INTO small VALUES (1)")
    const reason = await waitUntil(() => failed.get("public.large"), {
      what: "the table to be left behind",
    })
    assert.match(reason, /too large .*more memory, or leave the table out/)
    await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the others to stream" })
    assert.deepEqual(await pipeline.differences(["public.small"]), [])
    const [row] = await pipeline.home.read(`SELECT t FROM "${pipeline.database}".public.large WHERE id = 0`)
    assert.deepEqual(row, ["before"])
    await pipeline.stop()
  })

test("large rows that are updated again and again are not many", async () => {
  const { url } = await testDatabase()
  await runSql(
    url,
    "CREATE TABLE large (id int PRIMARY KEY, t text)",
    "ALTER TABLE large ALTER t SET STORAGE EXTERNAL",
    "INSERT INTO large VALUES (0, ''), (1, '')",
  )
  const pipeline = await testPipeline({ url, home: await testWarehouse(undefined, 128 * 2 ** 20) })
  for (let round = 0; round < 8; round++) {
    await runSql(url, `UPDATE large SET t = repeat('abcdef${round}', 2000000) WHERE id = ${round % 2}`)
    await pipeline.settle()
  }
  assert.deepEqual([...pipeline.reports.failed], [])
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
})
