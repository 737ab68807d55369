import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { DuckDBInstance } from "@duckdb/node-api"
import { waitUntil } from "../../support/wait-until.ts"
import { refusal, waitingIntegration } from "../waiting-integration.ts"
import { ask, caughtUp, connectSql } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

test("HISTORY_MODE keeps every committed version, by SQL from on to off, with DROP and TRUNCATE on both sides", async (context) => {
  const { place, url, source, api, id, admin, restartAfter } = await waitingIntegration(context)
  const onSource = (statement: string) => onDatabase(url, (client) => client.query(statement))
  await onSource(
    "CREATE TABLE prices (id int PRIMARY KEY, note text); INSERT INTO prices VALUES (1, 'a'), (2, 'b')",
  )
  await onSource("CREATE TABLE plain (id int PRIMARY KEY)")
  await onSource("CREATE TABLE keyless (id int); ALTER TABLE keyless REPLICA IDENTITY FULL")
  await admin.query(`CREATE DATABASE shop FROM INTEGRATION '${id}' DATABASE '${source}'`)
  const state = async (table: string) =>
    (
      await ask(
        place,
        "dev",
        `SELECT table_state, is_history_mode FROM svv_integration_table_state WHERE table_name = '${table}'`,
      )
    )[0]?.join(" ")
  const becomes = (table: string, wanted: string) =>
    waitUntil(async () => (await state(table)) === wanted, { what: `${table} to be ${wanted}` })
  for (const table of ["prices", "plain", "keyless"]) await becomes(table, "Synced f")
  const noKey = await refusal(
    ask(place, "dev", "ALTER DATABASE shop INTEGRATION SET HISTORY_MODE TRUE FOR TABLE public.keyless"),
  )
  assert.match(noKey.message, /no key/)

  await ask(place, "dev", "ALTER DATABASE shop INTEGRATION SET HISTORY_MODE = TRUE FOR TABLE public.prices")
  await becomes("prices", "Synced t")
  assert.equal(await state("plain"), "Synced f")
  const versions = async (table = "prices") =>
    (
      await ask(
        place,
        "shop",
        `SELECT id, note, _record_is_active, _record_delete_time IS NULL FROM "${table}" ORDER BY id, _record_create_time, note`,
      )
    ).map((row) => row.join(" "))
  assert.deepEqual(await versions(), ["1 a t t", "2 b t t"])
  const before = new Date()
  await onSource("UPDATE prices SET note = 'a2' WHERE id = 1")
  await onSource("UPDATE prices SET note = 'a3' WHERE id = 1")
  await onSource("DELETE FROM prices WHERE id = 2")
  await caughtUp(place, url, "shop")
  assert.deepEqual(await versions(), ["1 a f f", "1 a2 f f", "1 a3 t t", "2 b f f"])
  const [[from, to, next] = []] = await ask(
    place,
    "shop",
    `SELECT min(epoch_ms(_record_create_time)), max(epoch_ms(_record_delete_time)), count(DISTINCT _record_delete_time) FROM prices WHERE NOT _record_is_active AND note = 'a2'`,
  )
  assert.ok(
    Number(from) >= before.getTime() - 1_000 &&
      Number(to) >= Number(from) &&
      Number(to) <= Date.now() + 1_000,
  )
  assert.equal(next, "1")
  assert.equal((await place.run("verify", "--integration", "bank")).code, 0, "verify compares what is active")

  // Users take away what has been closed for ten minutes; nothing else.
  const inside = await connectSql(place, "shop")
  const changed = async (statement: string) => (await inside.query(statement)).rowCount
  assert.equal(await changed("DELETE FROM prices"), 0)
  assert.equal(await changed("DELETE FROM public.prices WHERE true OR (id = 1)"), 0)
  for (const statement of [
    "DELETE FROM prices WHERE true) OR (true",
    "DELETE FROM plain",
    "DROP TABLE prices",
    "ALTER TABLE prices RENAME TO other",
    "UPDATE prices SET note = 'x'",
    "INSERT INTO prices VALUES (9, 'x')",
    "DELETE FROM millrace.versions",
    "DELETE FROM prices WHERE id IN (SELECT id FROM read_csv('/etc/passwd'))",
  ])
    assert.match((await refusal(inside.query(statement))).code, /^(25006|42501|42601)$/, statement)
  await inside.end()
  await restartAfter(async () => {
    const instance = await DuckDBInstance.create(join(place.dataDir, "warehouse", "shop.duckdb"))
    const connection = await instance.connect()
    await connection.run(
      "UPDATE public.prices SET _record_delete_time = now()::TIMESTAMP - INTERVAL 1 DAY WHERE note = 'a'",
    )
    connection.closeSync()
    instance.closeSync()
  })
  await becomes("prices", "Synced t")
  await ask(place, "shop", "DELETE FROM prices WHERE id > 0")
  assert.deepEqual(await versions(), ["1 a2 f f", "1 a3 t t", "2 b f f"])

  // A column that comes, a truncation, a resync.
  await onSource("ALTER TABLE prices ADD COLUMN extra int DEFAULT 7")
  await onSource("INSERT INTO prices VALUES (3, 'c')")
  await caughtUp(place, url, "shop")
  const extras = await ask(place, "shop", "SELECT note, extra FROM prices ORDER BY note")
  assert.deepEqual(
    extras.map((row) => row.join(" ")),
    ["a2 ", "a3 7", "b ", "c 7"],
  )
  await onSource("TRUNCATE prices")
  await onSource("INSERT INTO prices VALUES (4, 'd')")
  await caughtUp(place, url, "shop")
  assert.deepEqual(await versions(), ["1 a2 f f", "1 a3 f f", "2 b f f", "3 c f f", "4 d t t"])
  await ask(place, "dev", "ALTER DATABASE shop INTEGRATION REFRESH TABLE public.prices")
  const changes = `SELECT count(*) FROM sys_integration_table_state_change WHERE table_name = 'prices' AND new_state = 'Synced'`
  await waitUntil(async () => Number((await ask(place, "dev", changes))[0]?.[0]) >= 2, {
    what: "the resync",
  })
  await becomes("prices", "Synced t")
  assert.deepEqual(await versions(), ["1 a2 f f", "1 a3 f f", "2 b f f", "3 c f f", "4 d t t"])

  // Off: the versions go on under another name, which users may take away.
  await ask(place, "dev", "ALTER DATABASE shop INTEGRATION SET HISTORY_MODE FALSE FOR TABLE public.prices")
  await becomes("prices", "Synced f")
  assert.deepEqual(await ask(place, "shop", "SELECT id, note, extra FROM prices"), [["4", "d", "7"]])
  const [[historical] = []] = await ask(
    place,
    "shop",
    "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'prices_historical_%'",
  )
  assert.equal((await versions(historical ?? "")).length, 5)
  await ask(place, "shop", `DROP TABLE "${historical}"`)

  // On for all, those to come too; what is dropped at the source stays until users make room.
  await ask(place, "dev", "ALTER DATABASE shop INTEGRATION SET HISTORY_MODE TRUE")
  for (const table of ["prices", "plain"]) await becomes(table, "Synced t")
  assert.equal(await state("keyless"), "Synced f")
  assert.deepEqual(await ask(place, "dev", "SELECT is_history_mode FROM svv_integration"), [["t"]])
  await onSource("DROP TABLE prices")
  await becomes("prices", "DroppedSource t")
  assert.deepEqual(await versions(), ["4 d f f"])
  await onSource("CREATE TABLE prices (id int PRIMARY KEY, note text); INSERT INTO prices VALUES (5, 'e')")
  const failed =
    "SELECT reason FROM svv_integration_table_state WHERE table_name = 'prices' AND table_state = 'Failed'"
  await waitUntil(async () => /make.* room/.test((await ask(place, "dev", failed))[0]?.[0] ?? ""), {
    what: "the refusal",
  })
  await ask(place, "shop", "ALTER TABLE prices RENAME TO old_prices")
  await ask(place, "dev", "ALTER DATABASE shop INTEGRATION REFRESH INERROR TABLES")
  await becomes("prices", "Synced t")
  assert.deepEqual(await versions(), ["5 e t t"])
  assert.deepEqual(await versions("old_prices"), ["4 d f f"])
  await ask(place, "shop", "TRUNCATE prices")
  assert.deepEqual(await versions(), ["5 e f f"])
  await ask(place, "shop", "DROP TABLE old_prices")

  // Left out by the filter: as dropped.
  await onSource("INSERT INTO plain VALUES (1)")
  await waitUntil(async () => (await ask(place, "shop", "SELECT id FROM plain")).join() === "1", {
    what: "the row",
  })
  await api.filter("bank", `include: ${source}.public.*, exclude: ${source}.public.plain`)
  await becomes("plain", "DroppedSource t")
  assert.deepEqual(await ask(place, "shop", "SELECT id, _record_is_active FROM plain"), [["1", "f"]])
})
