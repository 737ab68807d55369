import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { waitUntil } from "../../support/wait-until.ts"
import { sqlPassword } from "../place.ts"
import { refusal, waitingIntegration } from "../waiting-integration.ts"
import { ask, assertEqualContent, caughtUp, connectSql } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

async function slots(url: string): Promise<string[]> {
  return onDatabase(url, async (client) => {
    const { rows } = await client.query<{ slot_name: string }>(
      "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()",
    )
    return rows.map((row) => row.slot_name)
  })
}

test("an active integration moves nothing until CREATE DATABASE; then its rows come; DROP DATABASE ends it and cleans up", async (context) => {
  const { place, url, source, api, id, admin } = await waitingIntegration(context)
  assert.deepEqual(await slots(url), [])
  assert.deepEqual((await refusal(connectSql(place, "shop"))).code, "3D000")
  assert.deepEqual(
    await ask(place, "dev", "SELECT integration_id, target_database, state FROM svv_integration"),
    [[id, null, "PendingDbConnectState"]],
  )
  const shown = (await place.run("status")).stdout
  const statement = `FROM INTEGRATION '${id}' DATABASE '${source}'`
  assert.ok(shown.includes(`moves nothing until, on the SQL port: CREATE DATABASE … ${statement}`), shown)
  await admin.query(`CREATE DATABASE shop ${statement}`)
  await waitUntil(async () => (await slots(url)).length === 1, { what: "the slot" })
  await waitUntil(
    async () =>
      (await ask(place, "shop", "SELECT 1 FROM information_schema.tables WHERE table_name = 'sentinel'"))
        .length === 1,
    { what: "the tables" },
  )
  await caughtUp(place, url, "shop")
  await assertEqualContent(place, url, "shop")
  await api.becomes("bank", "active")

  const inside = await connectSql(place, "shop")
  assert.deepEqual(await refusal(inside.query("DROP DATABASE shop")), {
    code: "55006",
    message: "cannot drop the currently open database",
  })
  assert.equal((await refusal(admin.query("DROP DATABASE shop"))).code, "55006")
  await inside.end()
  await waitUntil(() => admin.query("DROP DATABASE shop").then(() => true), {
    what: "the session to have ended",
  })
  assert.equal((await refusal(connectSql(place, "shop"))).code, "3D000")
  assert.deepEqual(await slots(url), [])
  await api.becomes("bank", "active")

  await admin.query(
    `CREATE DATABASE "Shop 2" FROM INTEGRATION '${id}' DATABASE "${source}" SET REFRESH_INTERVAL 0`,
  )
  await waitUntil(async () => (await slots(url)).length === 1, { what: "the slot" })
  await waitUntil(
    async () =>
      (await ask(place, "Shop 2", "SELECT 1 FROM information_schema.tables WHERE table_name = 'sentinel'"))
        .length === 1,
    { what: "the tables" },
  )
  await caughtUp(place, url, "Shop 2")
})

test("of two CREATE DATABASE at once one wins, and bad ones say why", async (context) => {
  const { place, source, id, admin } = await waitingIntegration(context)
  const create = (name: string, more = "") =>
    admin.query(`CREATE DATABASE ${name} FROM INTEGRATION '${id}' DATABASE '${source}' ${more}`)
  const reader = await connectSql(place, "dev", { user: "reader", password: "reader-pw" })
  context.after(() => reader.end())
  const create1 = `CREATE DATABASE a FROM INTEGRATION '${id}' DATABASE '${source}'`
  assert.equal((await refusal(reader.query(create1))).code, "42501")
  await admin.query("BEGIN")
  assert.deepEqual(await refusal(create("a")), {
    code: "25001",
    message: "CREATE DATABASE cannot run inside a transaction block",
  })
  await admin.query("ROLLBACK")
  for (const [statement, code, message] of [
    [`CREATE DATABASE a FROM INTEGRATION '${id}'`, "22023", new RegExp(`DATABASE, then one of '${source}'`)],
    [`CREATE DATABASE a FROM INTEGRATION '${id}' DATABASE other`, "22023", /not the database 'other'/],
    [`CREATE DATABASE a FROM INTEGRATION 'nothing' DATABASE x`, "42704", /no integration nothing/],
    [`CREATE DATABASE dev FROM INTEGRATION '${id}' DATABASE '${source}'`, "22023", /reserved/],
    [`CREATE DATABASE AWSCC FROM INTEGRATION '${id}' DATABASE '${source}'`, "22023", /reserved/],
    [
      `CREATE DATABASE ${"x".repeat(128)} FROM INTEGRATION '${id}' DATABASE '${source}'`,
      "22023",
      /127 bytes/,
    ],
    [`${create1} REFRESH_INTERVAL 432001`, "22023", /0 to 432000 seconds/],
    ["DROP DATABASE nothing", "3D000", /does not exist/],
    ["DROP DATABASE dev", "55006", /currently open/],
    ["ALTER DATABASE dev INTEGRATION REFRESH ALL TABLES", "22023", /not created from an integration/],
  ] as const) {
    const refused = await refusal(admin.query(statement))
    assert.equal(refused.code, code, statement)
    assert.match(refused.message, message, statement)
  }
  await admin.query("DROP DATABASE IF EXISTS nothing")

  const second = await connectSql(place, "dev")
  context.after(() => second.end())
  const outcomes = await Promise.allSettled([
    create("one"),
    second.query(`CREATE DATABASE two FROM INTEGRATION '${id}' DATABASE '${source}'`),
  ])
  const lost = outcomes.filter((one) => one.status === "rejected")
  assert.deepEqual(
    lost.map((one) => (one.reason as { code: string }).code),
    ["42P04"],
  )
  const made = (await ask(place, "dev", "SELECT datname FROM pg_database ORDER BY 1")).flat()
  assert.equal(made.length, 2)
  assert.equal((await refusal(create(made.find((name) => name !== "dev") ?? ""))).code, "42P04")
})

test("REFRESH resyncs tables, REFRESH_INTERVAL spaces batches out and can be changed at once", async (context) => {
  const { place, url, source, id, admin } = await waitingIntegration(context)
  await admin.query(
    `CREATE DATABASE shop FROM INTEGRATION '${id}' DATABASE ${source} SET REFRESH_INTERVAL 3600`,
  )
  const isThere = async () =>
    (await ask(place, "shop", "SELECT 1 FROM information_schema.tables WHERE table_name = 'sentinel'"))
      .length === 1
  await waitUntil(isThere, { what: "the tables" })
  const sentinel = async () => (await ask(place, "shop", "SELECT n FROM sentinel"))[0]?.[0]
  const write = (n: number) => onDatabase(url, (client) => client.query("UPDATE sentinel SET n = $1", [n]))
  // The first batch begins the rest; the second has to wait.
  await write(1001)
  await waitUntil(async () => (await sentinel()) === "1001", { what: "the first batch" })
  await write(1002)
  const status = async () => JSON.parse((await place.run("status", "--json")).stdout)
  await waitUntil(async () => (await status()).integrations[0].pipelines[0].lagMs > 500, {
    what: "the change to have come and wait",
  })
  assert.equal(await sentinel(), "1001")
  await admin.query("ALTER DATABASE shop INTEGRATION SET REFRESH_INTERVAL = 0")
  await waitUntil(async () => (await sentinel()) === "1002", { what: "the second batch" })
  await caughtUp(place, url, "shop")

  for (const scope of [
    "TABLE public.sentinel",
    "TABLES sentinel",
    "ALL TABLES",
    "ALL TABLES IN SCHEMA public",
    "INERROR TABLES",
    "REMEDIABLE TABLES",
  ])
    await admin.query(`ALTER DATABASE shop INTEGRATION REFRESH ${scope}`)
  for (const scope of ["TABLE public.nothing", 'TABLE "Sentinel"', "ALL TABLES IN SCHEMA nothing"])
    assert.equal(
      (await refusal(admin.query(`ALTER DATABASE shop INTEGRATION REFRESH ${scope}`))).code,
      "22023",
    )
  await caughtUp(place, url, "shop")
  await assertEqualContent(place, url, "shop")
})

test("the system views show integrations, tables, activities and state changes as they are, to administrators", async (context) => {
  const { place, url, source, id, admin } = await waitingIntegration(context)
  await admin.query(`CREATE DATABASE shop FROM INTEGRATION '${id}' DATABASE '${source}' REFRESH_INTERVAL 0`)
  const states = "SELECT table_name, table_state FROM SVV_INTEGRATION_TABLE_STATE ORDER BY 1"
  await waitUntil(
    async () => {
      const rows = await ask(place, "dev", states)
      return rows.length > 0 && rows.every(([, state]) => state === "Synced")
    },
    { what: "all tables to be Synced" },
  )
  await caughtUp(place, url, "shop")
  const joined = `
    SELECT i.integration_id, i.target_database, i.source, i.source_database, i.state, i.refresh_interval,
      min(i.total_tables_replicated) = count(*), i.total_tables_failed, bool_and(t.table_rows IS NOT NULL), i.is_history_mode
    FROM pg_catalog.SVV_INTEGRATION AS i JOIN "svv_integration_table_state" t USING (integration_id)
    WHERE t.schema_name = 'public' GROUP BY ALL`
  for (const database of ["dev", "shop"])
    assert.deepEqual(await ask(place, database, joined), [
      [id, "shop", "PostgreSQL", source, "CdcRefreshState", "0", "t", "0", "t", "f"],
    ])
  const { fields, rows } = await admin.query("SELECT * FROM svv_integration")
  assert.deepEqual(
    fields.map(({ name, dataTypeID, dataTypeModifier }) => [name, dataTypeID, dataTypeModifier]),
    [
      ...["integration_id", "target_database", "source", "state"].map((name) => [name, 1042, 132]),
      ["current_lag", 20, -1],
      ["last_replicated_checkpoint", 1042, 132],
      ["total_tables_replicated", 23, -1],
      ["total_tables_failed", 23, -1],
      ["creation_time", 1114, -1],
      ["refresh_interval", 23, -1],
      ["source_database", 1042, 132],
      ["is_history_mode", 16, -1],
      ["latest_detected_change_time", 1114, -1],
      ["latest_applied_change_time", 1114, -1],
      ["auto_remediation", 16, -1],
      ["latest_shipped_source_commit_time", 1114, -1],
    ],
  )
  assert.match(rows[0].last_replicated_checkpoint, /^\{"position":"[0-9A-F]+\/[0-9A-F]+"\}$/)
  assert.ok(rows[0].latest_applied_change_time)

  const history = () =>
    ask(
      place,
      "dev",
      `SELECT new_state FROM sys_integration_table_state_change
      WHERE table_name = 'sentinel' AND database_name = 'shop' ORDER BY record_time`,
    )
  await waitUntil(async () => (await history()).flat().join() === "ResyncInitiated,Synced", {
    what: "the first copy to be recorded",
  })

  const psql = spawnSync("psql", ["-XAt", "-c", "SELECT integration_id, state FROM SVV_INTEGRATION"], {
    encoding: "utf8",
    env: {
      ...process.env,
      PGHOST: "127.0.0.1",
      PGPORT: String(place.sqlPort),
      PGDATABASE: "shop",
      PGUSER: "admin",
      PGPASSWORD: sqlPassword,
    },
  })
  // psql need not be on the machine; where it is, it sees the same.
  if (psql.error === undefined) assert.equal(psql.stdout, `${id}|CdcRefreshState\n`, psql.stderr)

  // Asked for in one transaction, they are there as well.
  await admin.query("BEGIN")
  assert.equal((await admin.query("SELECT 1 FROM sys_integration_table_state_change LIMIT 1")).rows.length, 1)
  await admin.query("COMMIT")
  const count = {
    text: "SELECT count(*)::int AS n FROM sys_integration_table_state_change WHERE table_name = $1",
    values: ["sentinel"],
    name: "changes",
  }
  const before = (await admin.query<{ n: string }>(count)).rows[0]?.n
  await admin.query("ALTER DATABASE shop INTEGRATION REFRESH TABLE public.sentinel")
  await waitUntil(
    async () =>
      (await history()).flat().join() === "ResyncInitiated,Synced,ResyncRequired,ResyncInitiated,Synced",
    { what: "the table to have been resynced" },
  )
  const after = (await admin.query<{ n: string }>(count)).rows[0]?.n
  assert.equal(Number(after) - Number(before), 3, "a prepared statement shows what is now")
  await caughtUp(place, url, "shop")
  const activity =
    "SELECT checkpoint_type, count(*) > 0, bool_and(modified_tables > 0), bool_and(integration_end_time >= integration_start_time), bool_or(checkpoint_bytes > 0), bool_or(last_commit_timestamp IS NOT NULL) FROM SYS_INTEGRATION_ACTIVITY GROUP BY 1 ORDER BY 1"
  await waitUntil(
    async () =>
      JSON.stringify(await ask(place, "dev", activity)) ===
      JSON.stringify([
        ["cdc", "t", "t", "t", "t", "t"],
        ["snapshot", "t", "t", "t", null, "f"],
      ]),
    { what: "both kinds of activity" },
  )

  const reader = await connectSql(place, "dev", { user: "reader", password: "reader-pw" })
  context.after(() => reader.end())
  for (const name of [
    "svv_integration",
    "pg_catalog.svv_integration_table_state",
    "SYS_INTEGRATION_ACTIVITY",
    "sys_integration_table_state_change",
    "memory.pgsys.svv_integration",
  ])
    assert.equal((await refusal(reader.query(`SELECT * FROM ${name}`))).code, "42501", name)
})

test("a database can be dropped when its integration was deleted, and when its source is gone; the audit trail has it all", async (context) => {
  const { place, url, source, api, id, admin, restartAfter } = await waitingIntegration(context)
  await admin.query(`CREATE DATABASE shop FROM INTEGRATION '${id}' DATABASE '${source}'`)
  await waitUntil(
    async () => (await ask(place, "dev", "SELECT state FROM svv_integration"))[0]?.[0] === "CdcRefreshState",
    {
      what: "the stream",
    },
  )
  await api.delete("bank")
  await api.gone("bank")
  assert.deepEqual(await ask(place, "dev", "SELECT count(*) FROM svv_integration"), [["0"]])
  assert.equal((await ask(place, "shop", "SELECT count(*) FROM shop.public.sentinel")).length, 1)
  await waitUntil(
    () =>
      admin.query("DROP DATABASE shop").then(
        () => true,
        () => false,
      ),
    { what: "the drop" },
  )
  assert.equal((await refusal(connectSql(place, "shop"))).code, "3D000")

  const arn = await api.create("again", `include: ${source}.public.*`)
  await api.becomes("again", "active")
  await admin.query(`CREATE DATABASE shop FROM INTEGRATION '${arn.split(":").at(-1)}' DATABASE '${source}'`)
  await waitUntil(async () => (await slots(url)).length === 1, { what: "the slot" })
  await restartAfter(() =>
    place.configure((configuration) => {
      const [only] = configuration.sources as { url: string }[]
      if (only !== undefined) only.url = "postgres://nobody@127.0.0.1:1/none"
    }),
  )
  await ask(place, "dev", "DROP DATABASE shop")
  assert.equal((await refusal(connectSql(place, "shop"))).code, "3D000")
  const again = `CREATE DATABASE shop FROM INTEGRATION '${arn.split(":").at(-1)}' DATABASE '${source}'`
  const refused = await refusal(ask(place, "dev", again))
  assert.deepEqual([refused.code, /is being dropped/.test(refused.message)], ["55006", true])
  const { stdout } = await place.run("audit", "--json")
  const trail = JSON.parse(stdout).entries as { door: string; operation: string; outcome: string }[]
  assert.deepEqual(
    trail.filter(({ door }) => door === "sql").map(({ operation, outcome }) => `${operation} ${outcome}`),
    [
      "CREATE DATABASE ok",
      "DROP DATABASE ok",
      "CREATE DATABASE ok",
      "DROP DATABASE ok",
      "CREATE DATABASE 55006",
    ],
  )
})
