/** What integrations and installations that are gone have left at a source. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql } from "../../support/pipeline.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"

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
