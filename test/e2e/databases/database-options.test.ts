import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { DuckDBInstance } from "@duckdb/node-api"
import { waitUntil } from "../../support/wait-until.ts"
import { refusal, waitingIntegration } from "../waiting-integration.ts"
import { ask, connectSql } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

test("TRUNCATECOLUMNS and QUERY_ALL_STATES do what they say, from the moment they are set", async (context) => {
  const { place, url, source, id, admin } = await waitingIntegration(context)
  const onSource = (statement: string) => onDatabase(url, (client) => client.query(statement))
  await onSource(
    "CREATE TABLE notes (id int PRIMARY KEY, note text); INSERT INTO notes VALUES (1, repeat('é', 40000))",
  )
  await onSource("CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY)")
  await admin.query(`CREATE DATABASE shop FROM INTEGRATION '${id}' DATABASE '${source}'
    TRUNCATECOLUMNS TRUE QUERY_ALL_STATES = FALSE`)
  const isSynced = "SELECT table_state FROM svv_integration_table_state WHERE table_name = 'notes'"
  await waitUntil(async () => (await ask(place, "dev", isSynced))[0]?.[0] === "Synced", { what: "the copy" })
  const lengths = async () => (await ask(place, "shop", "SELECT strlen(note) FROM notes ORDER BY id")).flat()
  assert.deepEqual(await lengths(), ["65534"])
  const cut = /notes .*Texts longer than 65535 bytes are cut: note\./
  assert.match((await place.run("status")).output, cut)
  await onSource("INSERT INTO notes VALUES (2, repeat('x', 70000))")
  await waitUntil(async () => (await lengths()).length === 2, { what: "the second row" })
  await admin.query("ALTER DATABASE shop INTEGRATION SET TRUNCATECOLUMNS = FALSE")
  await onSource("INSERT INTO notes VALUES (3, repeat('x', 70000))")
  await waitUntil(async () => (await lengths()).length === 3, { what: "the third row" })
  assert.deepEqual(await lengths(), ["65534", "65535", "70000"])
  const isWhole = async () => !cut.test((await place.run("status")).output)
  await waitUntil(isWhole, { what: "the status to say that texts stay whole", intervalMs: 250 })

  const failed = await refusal(admin.query("SELECT * FROM shop.public.scratch"))
  assert.equal(failed.code, "55000")
  assert.match(failed.message, /public\.scratch cannot be read while it is Failed: .*unlogged/i)
  const inside = await connectSql(place, "shop")
  context.after(() => inside.end())
  // A transaction that is open at the source keeps a resync from beginning.
  await onDatabase(url, async (blocker) => {
    await blocker.query("BEGIN")
    await blocker.query("UPDATE accounts SET owner = owner")
    await admin.query("ALTER DATABASE shop INTEGRATION REFRESH TABLE public.notes")
    await waitUntil(async () => (await ask(place, "dev", isSynced))[0]?.[0] !== "Synced", {
      what: "the refresh",
    })
    for (const [session, statement] of [
      [inside, "SELECT count(*) FROM notes"],
      [inside, 'SELECT count(*) FROM accounts JOIN public."NOTES" USING (id)'],
      [admin, "WITH n AS (SELECT * FROM shop.public.notes) SELECT count(*) FROM n"],
      [admin, "CREATE TABLE dev.main.taken AS SELECT * FROM shop.public.notes"],
      [admin, "EXPLAIN SELECT * FROM shop.public.notes"],
    ] as const)
      assert.equal((await refusal(session.query(statement))).code, "55000", statement)
    await inside.query("SELECT count(*) FROM accounts")
    await admin.query("ALTER DATABASE shop INTEGRATION SET QUERY_ALL_STATES TRUE")
    await waitUntil(
      () =>
        inside.query("SELECT count(*) FROM notes").then(
          () => true,
          () => false,
        ),
      {
        what: "the table to be readable while it is resynced",
      },
    )
    assert.notEqual((await ask(place, "dev", isSynced))[0]?.[0], "Synced")
    await blocker.query("ROLLBACK")
  })
  await waitUntil(async () => (await lengths()).join() === "80000,70000,70000", {
    what: "the resync, with whole values",
    timeoutMs: 60_000,
  })
})

test("ACCEPTINVCHARS lets tables of a SQL_ASCII database in, with question marks for what is not UTF-8", async (context) => {
  const { place, url, source, id, admin } = await waitingIntegration(context, "SQL_ASCII")
  const onSource = (statement: string) => onDatabase(url, (client) => client.query(statement))
  await onSource("CREATE TABLE guests (id int PRIMARY KEY, name text)")
  await onSource("INSERT INTO guests VALUES (1, 'Ren' || convert_from('\\xe9', 'SQL_ASCII')), (2, 'Zoé')")
  await admin.query(`CREATE DATABASE shop FROM INTEGRATION '${id}' DATABASE '${source}'`)
  const stateOf = (table: string) =>
    ask(
      place,
      "dev",
      `SELECT table_state FROM svv_integration_table_state WHERE table_name = '${table}'`,
    ).then((rows) => rows[0]?.[0])
  await waitUntil(async () => (await stateOf("guests")) === "Failed", { what: "the refusal" })
  await waitUntil(async () => (await stateOf("sentinel")) === "Synced", { what: "the other table" })
  await admin.query("ALTER DATABASE shop INTEGRATION SET ACCEPTINVCHARS TRUE")
  await waitUntil(async () => (await stateOf("guests")) === "Synced", { what: "the copy" })
  const names = async () => (await ask(place, "shop", "SELECT name FROM guests ORDER BY id")).flat()
  assert.deepEqual(await names(), ["Ren?", "Zoé"])
  await onSource("INSERT INTO guests VALUES (3, convert_from('\\x4dfc6c6c6572', 'SQL_ASCII'))")
  await waitUntil(async () => (await names()).length === 3, { what: "the change" })
  assert.deepEqual(await names(), ["Ren?", "Zoé", "M?ller"])
})

test("AUTO_REMEDIATION resyncs a table that a comparison finds to differ; without it REFRESH REMEDIABLE does", async (context) => {
  const { place, source, id, admin, restartAfter } = await waitingIntegration(context)
  await admin.query(`CREATE DATABASE shop FROM INTEGRATION '${id}' DATABASE '${source}'`)
  const states = () =>
    ask(
      place,
      "dev",
      `SELECT new_state FROM sys_integration_table_state_change
      WHERE table_name = 'sentinel' ORDER BY record_time`,
    ).then((rows) => rows.flat().join())
  await waitUntil(async () => (await states()) === "ResyncInitiated,Synced", { what: "the first copy" })
  const tamper = () =>
    restartAfter(async () => {
      const instance = await DuckDBInstance.create(join(place.dataDir, "warehouse", "shop.duckdb"))
      const connection = await instance.connect()
      await connection.run("INSERT INTO public.sentinel SELECT * FROM public.sentinel")
      connection.closeSync()
      instance.closeSync()
    })
  const metric = async (name: string) => {
    const text = await (await fetch(`http://127.0.0.1:${place.httpPort}/metrics`)).text()
    return new RegExp(`^millrace_integration_${name}\\{.*\\} (\\d+)$`, "m").exec(text)?.[1]
  }
  const rows = () => ask(place, "shop", "SELECT count(*) FROM sentinel").then((found) => found[0]?.[0])
  const streams = async () =>
    (await ask(place, "dev", "SELECT state FROM svv_integration"))[0]?.[0] === "CdcRefreshState"
  const right = await rows()
  for (const isAutomatic of [false, true]) {
    await tamper()
    await waitUntil(streams, { what: "the stream" })
    assert.notEqual(await rows(), right)
    await ask(place, "dev", `ALTER DATABASE shop INTEGRATION SET AUTO_REMEDIATION = ${isAutomatic}`)
    assert.equal(
      (await ask(place, "dev", "SELECT auto_remediation FROM svv_integration"))[0]?.[0],
      isAutomatic ? "t" : "f",
    )
    const { code } = await place.run("verify", "--integration", "bank")
    assert.equal(code, 1, "the comparison finds the rows")
    if (!isAutomatic) {
      assert.equal(await metric("duplicate_rows_detected"), "1")
      await ask(place, "dev", "ALTER DATABASE shop INTEGRATION REFRESH REMEDIABLE TABLES")
    }
    await waitUntil(async () => (await rows()) === right, { what: "the resync" })
    assert.equal(await metric("auto_remediation_triggered"), isAutomatic ? "1" : "0")
    assert.equal(await metric("duplicate_rows_detected"), "0")
  }
})
