/** What integrations and installations that are gone have left at a source. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql } from "../../support/pipeline.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { onDatabase } from "../workload.ts"

const slot = "millrace_0123456789abcdef0123456789abcdef_0a1b2c3d"
const publication = "millrace_fedcba9876543210fedcba9876543210_0a1b2c3d"

test("check names slots and publications that no integration here owns, with what the server keeps for them and the statements that remove them", async (context) => {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.start()
  const api = apiOf(place)
  // Others on the server have slots, too.
  const ofThisDatabase = new RegExp(`\\(database ${source.name}\\) belongs to no integration`, "g")
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  assert.doesNotMatch((await place.run("check")).output, ofThisDatabase)
  await runSql(
    source.url,
    `SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`,
    `CREATE PUBLICATION ${publication} FOR TABLE accounts`,
    "SELECT pg_logical_emit_message(false, 'large', repeat('x', 3 * 1024 * 1024))",
  )
  const { output, code } = await place.run("check")
  assert.equal(code, 0, output)
  assert.equal(output.match(ofThisDatabase)?.length, 2)
  assert.match(
    output,
    new RegExp(
      `Replication slot ${slot} \\(database ${source.name}\\) belongs to no integration here[^\\n]*keeps [3-9]\\d* MB[^\\n]*\\n[^\\n]*SELECT pg_drop_replication_slot\\('${slot}'\\)`,
    ),
  )
  assert.match(
    output,
    new RegExp(`Publication ${publication}[^\\n]*\\n[^\\n]*DROP PUBLICATION IF EXISTS "${publication}"`),
  )
  await runSql(source.url, `SELECT pg_drop_replication_slot('${slot}')`, `DROP PUBLICATION ${publication}`)
  assert.doesNotMatch((await place.run("check")).output, ofThisDatabase)
})

/** Names of the slots and publications of the database. */
async function slotsOf(url: string): Promise<string[]> {
  return await onDatabase(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT slot_name::text AS name FROM pg_replication_slots WHERE database = current_database() UNION SELECT pubname::text FROM pg_publication",
    )
    return rows.map(({ name }) => name)
  })
}

test("uninstall removes what a stopped Millrace has at its source, says what it would remove and what stays, and leaves others' alone", async (context) => {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  const refused = await place.run("uninstall", "--yes")
  assert.equal(refused.code, 1, refused.output)
  assert.match(refused.output, /process \d+|already|another/i)
  await running.terminate()
  await runSql(source.url, `CREATE PUBLICATION ${publication} FOR TABLE accounts`)
  const before = await slotsOf(source.url)
  assert.equal(before.length, 2, before.join(" "))

  const unasked = await place.run("uninstall")
  assert.equal(unasked.code, 2, unasked.output)
  const tried = await place.run("uninstall", "--dry-run")
  assert.equal(tried.code, 0, tried.output)
  const own = before.find((name) => name !== publication)
  assert.match(
    tried.output,
    new RegExp(
      `database ${source.name}: slot and publication ${own} of integration bank; the source keeps \\d+ bytes`,
    ),
  )
  assert.match(tried.output, new RegExp(`Publication ${publication}[^\\n]*\\n[^\\n]*DROP PUBLICATION`))
  assert.match(tried.output, /stays[\s\S]*destination database bank[\s\S]*the data folder/)
  assert.deepEqual(await slotsOf(source.url), before)

  const done = await place.run("uninstall", "--yes")
  assert.equal(done.code, 0, done.output)
  assert.match(done.output, new RegExp(`removed ${own} from `))
  assert.deepEqual(await slotsOf(source.url), [publication])
  assert.equal((await place.run("uninstall", "--yes")).code, 0)
})
