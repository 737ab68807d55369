/** A source that does not let Millrace take a table out of its publication: the integration says so, for its statements fail. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql } from "../../support/pipeline.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { becomesEqual } from "../warehouse.ts"

test("an event trigger that refuses to alter our publication: an error of the integration, until it lets us", async (context) => {
  const source = await bank(context)
  await runSql(source.url, "CREATE TABLE k (id int PRIMARY KEY, n int)", "INSERT INTO k VALUES (1, 0)")
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  await runSql(
    source.url,
    "CREATE FUNCTION no_publications() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not here'; END $$",
    "CREATE EVENT TRIGGER deny ON ddl_command_start WHEN TAG IN ('ALTER PUBLICATION', 'DROP PUBLICATION') EXECUTE FUNCTION no_publications()",
    "ALTER TABLE k DROP CONSTRAINT k_pkey",
  )
  const message = await api.reports("bank", "SOURCE_SETTINGS_WRONG", 60_000)
  assert.match(message, /not here.*no_publications.*refuses to update and delete rows of public\.k/)
  assert.equal((await api.describe("bank"))?.Status, "needs_attention")
  await assert.rejects(runSql(source.url, "UPDATE k SET n = 1"), /replica identity/)
  await runSql(source.url, "ALTER EVENT TRIGGER deny DISABLE")
  await api.reports("bank", "TABLE_FAILED", 60_000)
  await runSql(source.url, "UPDATE k SET n = 1", "ALTER TABLE k ADD PRIMARY KEY (id)")
  assert.deepEqual(await api.becomes("bank", "active", 60_000), [])
  await becomesEqual(place, source.url, "bank")
})
