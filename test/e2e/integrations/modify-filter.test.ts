import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { type Api, apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask, assertEqualContent, caughtUp } from "../warehouse.ts"
import { onDatabase, startWorkload } from "../workload.ts"

async function column(url: string, query: string): Promise<(string | number)[]> {
  const { rows } = await onDatabase(url, (client) => client.query({ text: query, rowMode: "array" }))
  return (rows as (string | number)[][]).map(([value]) => value as string | number)
}

const published = (url: string) => column(url, "SELECT tablename FROM pg_publication_tables ORDER BY 1")
const slots = (url: string) =>
  column(url, "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()")
const readers = (url: string) =>
  column(
    url,
    "SELECT active_pid FROM pg_replication_slots WHERE database = current_database() AND NOT temporary",
  )

const tablesIn = async (place: Place, database: string) =>
  (
    await ask(
      place,
      database,
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
    )
  ).map(([name]) => name)

async function streaming(
  context: TestContext,
  filter: (name: string) => string,
): Promise<{ place: Place; api: Api; source: { url: string; name: string }; kill: () => Promise<void> }> {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  const server = await place.start()
  const api = apiOf(place)
  await api.create("bank", filter(source.name))
  await api.becomes("bank", "active")
  return { place, api, source, kill: () => server.kill9().then(() => undefined) }
}

test("another filter: what it takes is copied while the rest streams on, what it does not goes; and back", async (context) => {
  const { place, api, source } = await streaming(
    context,
    (name) => `include: ${name}.*.*, exclude: ${name}.*.journal`,
  )
  const { url, name } = source
  context.diagnostic(shownSeed)
  const workload = startWorkload(context, url, testSeed)
  const [reader] = await readers(url)
  assert.equal(await api.filter("bank", `include: ${name}.*.*, exclude: ${name}.public./ent.*/`), "modifying")
  assert.deepEqual(await api.becomes("bank", "active"), [])
  assert.deepEqual(await tablesIn(place, "bank"), ["accounts", "journal", "sentinel"])
  await workload.pause()
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank", ["accounts", "journal", "sentinel"])
  assert.deepEqual(await readers(url), [reader], "the stream went on")
  await waitUntil(async () => (await published(url)).join() === "accounts,journal,sentinel", {
    what: "the publication to be narrowed",
  })
  const states = await ask(
    place,
    "dev",
    "SELECT table_name, table_state FROM svv_integration_table_state WHERE table_name = 'entries'",
  )
  assert.deepEqual(states, [["entries", "Deleted"]])
  workload.resume()
  await api.filter("bank", `include: ${name}.public.*`)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await workload.stop()
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank")
  assert.deepEqual(await readers(url), [reader])
})

test("killed while modifying: it goes on by itself; what is done meanwhile is refused", async (context) => {
  const { place, api, source, kill } = await streaming(context, (name) => `include: ${name}.public.accounts`)
  const { url, name } = source
  const filter = `include: ${name}.public.*, exclude: ${name}.public.accounts`
  assert.equal(await api.filter("bank", filter), "modifying")
  await kill()
  await onDatabase(url, (client) => client.query("UPDATE entries SET note = note || ' later'"))
  await place.start()
  await api.becomes("bank", "active")
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank", ["entries", "journal", "sentinel"])
  assert.deepEqual(await tablesIn(place, "bank"), ["entries", "journal", "sentinel"])
})

test("a table whose copy was refused is no error any more once the filter leaves it out", async (context) => {
  const { place, api, source } = await streaming(context, (name) => `include: ${name}.public.*`)
  await onDatabase(source.url, (client) => client.query('CREATE TABLE "ACCOUNTS" (id int PRIMARY KEY)'))
  await api.becomes("bank", "needs_attention")
  await api.filter("bank", `include: ${source.name}.public.*, exclude: ${source.name}.public.ACCOUNTS`)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  await assertEqualContent(place, source.url, "bank")
})

test("a source database comes and another goes: each with its pipeline, slot and warehouse database", async (context) => {
  const { place, api, source: one } = await streaming(context, (name) => `include: ${name}.public.*`)
  const two = await bank(context)
  const [reader] = await readers(one.url)
  await api.filter("bank", `include: ${one.name}.public.*, include: ${two.name}.public.accounts`)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  assert.deepEqual(await readers(one.url), [reader], "the first streamed on")
  await assertEqualContent(place, two.url, `bank_${two.name}`, ["accounts"])
  await api.filter("bank", `include: ${two.name}.public.*`)
  assert.deepEqual(await api.becomes("bank", "active"), [])
  assert.deepEqual(await slots(one.url), [])
  assert.deepEqual(await published(one.url), [])
  await assert.rejects(ask(place, "bank", "SELECT 1"), { code: "3D000" })
  await caughtUp(place, two.url, `bank_${two.name}`)
  await assertEqualContent(place, two.url, `bank_${two.name}`)
  await api.delete("bank")
  await api.gone("bank")
  assert.deepEqual(await slots(two.url), [])
})
