import assert from "node:assert/strict"
import pg from "pg"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"

/** Both sides digest their own values: nothing of this size passes through the test. */
async function assertEqual(url: string, pipeline: TestPipeline, message: string): Promise<void> {
  await pipeline.settle()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const source = await client.query<(string | null)[]>({
    text: "SELECT id::text, n::text, md5(t), md5(b), md5(j::text), length(t)::text FROM large ORDER BY large.id",
    rowMode: "array",
  })
  await client.end()
  const copied = await pipeline.home.read(
    `SELECT id::VARCHAR, n::VARCHAR, md5(t), md5(b), md5(j::VARCHAR), length(t)::VARCHAR FROM "${pipeline.database}".public.large AS large ORDER BY large.id`,
  )
  assert.deepEqual(copied, source.rows, message)
}

/** Values of `megabytes` each, three in a row: through the copy, the stream, and updates that leave them unsent. */
export async function largeValues(megabytes: number, rows: number): Promise<void> {
  const { url } = await testDatabase()
  const bytes = megabytes * 1_000_000
  await runSql(
    url,
    "CREATE TABLE large (id int PRIMARY KEY, n int, t text, b bytea, j jsonb)",
    "ALTER TABLE large ALTER t SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL",
    `INSERT INTO large SELECT i, i, repeat('äx' || i, ${bytes / 4}), decode(repeat('00ff07', ${Math.floor(bytes / 3)}), 'hex'), jsonb_build_object('a', repeat('y', ${bytes})) FROM generate_series(1, ${rows}) i`,
  )
  const pipeline = await testPipeline({ url })
  await assertEqual(url, pipeline, "by the copy")
  await runSql(url, "INSERT INTO large SELECT id + 100, n, b::text, t::bytea, j FROM large WHERE id = 1")
  await assertEqual(url, pipeline, "inserted")
  await runSql(url, "UPDATE large SET n = n + 1")
  await assertEqual(url, pipeline, "all of them unsent")
  await runSql(
    url,
    "UPDATE large SET t = t || 'z' WHERE id = 1; UPDATE large SET b = NULL WHERE id = 1; UPDATE large SET n = 7 WHERE id = 1",
  )
  await assertEqual(url, pipeline, "sent by turns")
  await runSql(url, "UPDATE large SET id = id + 1000, j = '{}' WHERE id < 3")
  await assertEqual(url, pipeline, "moved")
  assert.deepEqual(pipeline.reports.problems, [])
}
