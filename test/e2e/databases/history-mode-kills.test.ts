import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as pause } from "node:timers/promises"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { waitingIntegration } from "../waiting-integration.ts"
import { ask } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

/** The source notes each change of `ledger` itself: what a transaction did last to a key is what it left. */
const noting = `
  CREATE TABLE ledger (id int PRIMARY KEY, v int NOT NULL, big text);
  ALTER TABLE ledger ALTER big SET STORAGE EXTERNAL;
  CREATE TABLE notes (n bigserial PRIMARY KEY, tx bigint NOT NULL, id int NOT NULL, v int, op text NOT NULL);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP <> 'INSERT' THEN
      INSERT INTO notes (tx, id, op) VALUES (txid_current(), OLD.id, 'gone');
    END IF;
    IF TG_OP <> 'DELETE' THEN
      INSERT INTO notes (tx, id, v, op) VALUES (txid_current(), NEW.id, NEW.v, 'there');
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION note();
  INSERT INTO ledger SELECT n, -n, repeat(md5(n::text), 200) FROM generate_series(1, 20) n;
  DELETE FROM notes`

/** Every value is used once, so that it names its version. The large text is unchanged by most updates, and then not sent. */
const step = (seed: number) => `
  DO $$
  DECLARE c int;
  BEGIN
    PERFORM setseed(${seed});
    FOR i IN 1 .. 1 + floor(random() * 4) LOOP
      c := nextval('counter');
      CASE floor(random() * 6)
        WHEN 0 THEN DELETE FROM ledger WHERE id = 1 + floor(random() * 20);
        WHEN 1 THEN UPDATE ledger SET v = c, id = id + 100 WHERE id = (SELECT id FROM ledger WHERE id < 100 AND NOT EXISTS (SELECT FROM ledger l WHERE l.id = ledger.id + 100) ORDER BY id LIMIT 1);
        WHEN 2 THEN INSERT INTO ledger VALUES (1 + floor(random() * 20), c, repeat(md5(c::text), 200)) ON CONFLICT (id) DO UPDATE SET v = c, big = excluded.big;
        ELSE UPDATE ledger SET v = c WHERE id = (SELECT id FROM ledger ORDER BY random() LIMIT 1);
      END CASE;
    END LOOP;
  END $$`

/** What the transactions left, and which of it is there now. */
const expectedQuery = `
  WITH last AS (SELECT DISTINCT ON (tx, id) tx, id, v, n FROM notes ORDER BY tx, id, n DESC)
  SELECT id, v, EXISTS (SELECT FROM ledger l WHERE l.id = x.id AND l.v = x.v) FROM (
    SELECT id, v FROM last WHERE v IS NOT NULL
    UNION ALL SELECT n, -n FROM generate_series(1, 20) n) x ORDER BY id, v`

test("whenever the process is killed, each committed version is there once, with what was unsent", async (context) => {
  const { place, url, source, id, admin, restartAfter } = await waitingIntegration(context)
  const onSource = (statement: string) => onDatabase(url, (client) => client.query(statement))
  await onSource(`CREATE SEQUENCE counter; ${noting}`)
  await admin.query(`CREATE DATABASE shop FROM INTEGRATION '${id}' DATABASE '${source}' HISTORY_MODE TRUE`)
  const state =
    "SELECT table_state, is_history_mode FROM svv_integration_table_state WHERE table_name = 'ledger'"
  const streams = () =>
    waitUntil(async () => (await ask(place, "dev", state))[0]?.join() === "Synced,t", { what: "the stream" })
  await streams()
  context.diagnostic(shownSeed)
  let steps = 0
  const run = (count: number) =>
    onDatabase(url, async (client) => {
      for (let n = 0; n < count; n++) await client.query(step(((testSeed + steps++) * 0.6180339) % 1))
    })
  for (let kill = 0; kill < 3; kill++) {
    const working = run(120)
    await pause(50 + ((testSeed * (kill + 1)) % 400))
    await restartAfter(async () => undefined, "kill9")
    await working
  }
  await streams()
  await run(50)
  const latest = "SELECT DISTINCT n FROM sentinel WHERE _record_is_active"
  await onSource("UPDATE sentinel SET n = 424242")
  await waitUntil(async () => (await ask(place, "shop", latest)).join() === "424242", {
    what: "the last change",
  })
  const expected = await onDatabase(url, async (client) => {
    const { rows } = await client.query<[number, number, boolean]>({ text: expectedQuery, rowMode: "array" })
    return rows.map(([key, v, isThere]) => `${key} ${v} ${isThere ? "t" : "f"}`)
  })
  const found = await ask(place, "shop", "SELECT id, v, _record_is_active FROM ledger ORDER BY id, v")
  assert.deepEqual(
    found.map((row) => row.join(" ")),
    expected,
  )
  assert.ok(found.length > 300, `${found.length} versions`)
  const wrong = `SELECT count(*) FROM (SELECT *, lead(_record_create_time) OVER (PARTITION BY id ORDER BY v) AS next FROM ledger WHERE v > 0)
    WHERE big IS NULL OR _record_delete_time < _record_create_time OR next < _record_delete_time`
  assert.deepEqual(await ask(place, "shop", wrong), [["0"]])
  assert.equal((await place.run("verify", "--integration", "bank")).code, 0)
})
