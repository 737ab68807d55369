import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { daysOfDate } from "../../src/replication/values/days.ts"
import { testDatabase } from "../support/postgres.ts"

test("days of dates are PostgreSQL's own, over the whole range", async () => {
  const { url } = await testDatabase()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  // Every 997th day from 4713 BC to the end (997 is prime: every month, day and kind of year comes up), and every day of our times.
  const { rows } = await client.query<{ days: number; year: number; month: number; day: number }>(`
    SELECT d::int AS days, extract(year FROM at)::int AS year, extract(month FROM at)::int AS month, extract(day FROM at)::int AS day
    FROM (SELECT d, date '1970-01-01' + d::int AS at FROM (
      SELECT generate_series(-2440588, 2145031948, 99991) UNION SELECT generate_series(-2440588, 3000000, 997)
      UNION SELECT generate_series(-800, 40000) UNION SELECT 2145031948) AS all_days(d)) AS dates`)
  await client.end()
  assert.ok(rows.length > 60_000)
  for (const { days, year, month, day } of rows) {
    // The year before 1 is -1 there, 0 here.
    assert.equal(daysOfDate(year < 0 ? year + 1 : year, month, day), days, `${year}-${month}-${day}`)
  }
})
