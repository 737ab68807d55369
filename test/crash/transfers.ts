import type { TestContext } from "node:test"
import pg from "pg"
import { startWriting } from "../e2e/writing.ts"
import { runSql } from "../support/pipeline.ts"

/** A table with a key, and one without, that are written to: transfers that keep the sum of all balances. */
export async function startTransfers(context: TestContext, url: string) {
  await runSql(
    url,
    "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
    "INSERT INTO accounts SELECT i, 100 FROM generate_series(1, 200) i",
    "CREATE TABLE journal (n int, note text); ALTER TABLE journal REPLICA IDENTITY FULL",
    "INSERT INTO journal SELECT i, repeat('x', i) FROM generate_series(1, 500) i",
  )
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  let done = 0
  const step = async () => {
    const [from, to] = [(done % 200) + 1, ((done * 7) % 200) + 1]
    await client.query(
      `BEGIN; UPDATE accounts SET balance = balance - 1 WHERE id = ${from}; UPDATE accounts SET balance = balance + 1 WHERE id = ${to};
       INSERT INTO journal VALUES (${done}, 'moved'); DELETE FROM journal WHERE n = ${done - 20}; COMMIT`,
    )
    done++
    return true
  }
  return startWriting(context, step, 3, () => client.end())
}
