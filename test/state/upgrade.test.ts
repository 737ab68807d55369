/** A state database of an earlier Millrace, with rows, under this one. */
import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { pino } from "pino"
import { defaultConfiguration } from "../../src/configuration/load.ts"
import { engines } from "../../src/server/registries.ts"
import { openStateStore } from "../../src/server/state-database.ts"
import { connectState } from "../../src/state/connection.ts"
import { migrate } from "../../src/state/migrate.ts"
import { migrations } from "../../src/state/migrations/all.ts"
import { openStore } from "../../src/state/store.ts"
import { testDatabase } from "../support/postgres.ts"
import { anIntegration } from "./integration-fixture.ts"

/** As the state database was after that many migrations. */
async function earlierState(url: string, count: number): Promise<void> {
  const db = connectState(url, { onIdleError: () => undefined, answerTimeoutMs: 20_000 })
  try {
    await migrate(db, migrations.slice(0, count))
  } finally {
    await db.destroy()
  }
}

/** An integration that streams one table, by the columns that there were from the first version on. */
async function putIntegration(url: string): Promise<ReturnType<typeof anIntegration>> {
  const one = { ...anIntegration(), status: "active" as const }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(
      `INSERT INTO millrace.integrations (id, arn, service, name, source_arn, target_arn, data_filter,
         additional_encryption_context, tags, status, errors, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, '{}', '[]', 'active', '[]', $8)`,
      [one.id, one.arn, one.service, one.name, one.sourceArn, one.targetArn, one.dataFilter, one.createdAt],
    )
  } finally {
    await client.end()
  }
  return one
}

test("a state database that a newer Millrace has worked on is refused in words that fit", async () => {
  const database = await testDatabase()
  await (await openStore(database.url)).close()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query("INSERT INTO millrace.migrations VALUES (999, 'of the future')")
  await client.end()
  const configuration = defaultConfiguration("/nowhere", engines)
  const log = pino({ level: "silent" })
  await assert.rejects(openStateStore(database.url, configuration, log), {
    message: `The state database is at version 999, this Millrace knows ${migrations.length}: start the newer Millrace, or go back to a copy of the database from before it.`,
  })
  await database.drop()
})

for (const count of [2, 12, 24, migrations.length - 1])
  test(`a state database at version ${count} is brought up to date with its rows, twice the same`, async () => {
    const database = await testDatabase()
    await earlierState(database.url, count)
    const put = await putIntegration(database.url)
    for (const _time of ["first", "second"]) {
      const store = await openStore(database.url)
      const [kept, ...others] = await store.integrations.all()
      assert.deepEqual(others, [])
      const { id, arn, name, sourceArn, targetArn, dataFilter, status, createdAt } = put
      const expected = { id, arn, name, sourceArn, targetArn, dataFilter, status, createdAt }
      assert.deepEqual({ ...kept, ...expected }, kept)
      await store.close()
    }
    await database.drop()
  })
