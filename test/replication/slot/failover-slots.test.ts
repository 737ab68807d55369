import assert from "node:assert/strict"
import { test } from "node:test"
import pg from "pg"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { debianServer, testServer } from "../../support/postgres.ts"

async function slotMadeOn(
  url: string,
  failoverSlots: boolean,
): Promise<{ isFailover: unknown; version: number }> {
  const source = openPostgresSource({ url, database: "postgres", failoverSlots })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await (await source.openSnapshot("millrace_failover", () => true, new Map())).close()
    const { rows } = await client.query(
      "SELECT to_jsonb(s) -> 'failover' AS failover, current_setting('server_version_num')::int AS version FROM pg_replication_slots s WHERE slot_name = 'millrace_failover'",
    )
    return { isFailover: rows[0]?.failover, version: rows[0]?.version }
  } finally {
    await source.remove("millrace_failover")
    await client.end()
  }
}

test("a slot that a standby takes along, when that is wanted", async () => {
  const server = await testServer()
  assert.equal((await slotMadeOn(server.url(), true)).isFailover, true)
  assert.equal((await slotMadeOn(server.url(), false)).isFailover, false)
})

test("a server that cannot do that makes an ordinary slot", async (context) => {
  const { server, skip } = await debianServer()
  if (server === undefined) return context.skip(skip)
  const { isFailover, version } = await slotMadeOn(server.url(), true)
  assert.equal(isFailover, version >= 170_000 ? true : null)
})
