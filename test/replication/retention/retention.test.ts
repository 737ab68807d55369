import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { testDatabase } from "../../support/postgres.ts"

test("a server without a limit for slots lets go of nothing: no limit is told, not one of 0 bytes", async () => {
  const { url, name, drop } = await testDatabase()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const handle = `kept_${name}`
  try {
    await client.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [handle])
    const kept = await openPostgresSource({ url, database: name }).retention([handle])
    assert.equal(kept.get(handle)?.safeBytes, undefined)
    assert.match(kept.get(handle)?.status ?? "", /^(reserved|extended)$/)
  } finally {
    await client.query("SELECT pg_drop_replication_slot($1)", [handle])
    await client.end()
    await drop()
  }
})
