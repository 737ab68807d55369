/** A database whose file or log cannot be read keeps only itself out. */
import assert from "node:assert/strict"
import { mkdir, open, rename, stat } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type pg from "pg"
import type { StatusReport } from "../../../src/control-plane/pipelines/status.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { type Api, apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask, becomesEqual, caughtUp } from "../warehouse.ts"

interface Scene {
  place: Place
  api: Api
  url: string
  fileOf(database: string): string
}

/** Two integrations, of two servers as far as Millrace knows, that are caught up; nothing runs. */
async function stopped(context: TestContext): Promise<Scene> {
  const { url, name } = await bank(context)
  const other = await bank(context)
  const place = await newPlace(context, {
    sources: [
      { arn: sourceArn, url },
      { arn: `${sourceArn}-2`, url: other.url },
    ],
  })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await api.create("other", `include: ${other.name}.public.*`, `${sourceArn}-2`)
  await api.becomes("bank", "active")
  await api.becomes("other", "active")
  await ask(place, "dev", "CREATE TABLE mine AS SELECT 1 AS id")
  await caughtUp(place, url, "bank")
  await running.kill9()
  return { place, api, url, fileOf: (database) => join(place.dataDir, "warehouse", `${database}.duckdb`) }
}

/** Zeros over the file's headers. */
async function ruin(file: string): Promise<void> {
  const handle = await open(file, "r+")
  await handle.write(Buffer.alloc(12_288), 0, 12_288, 0)
  await handle.close()
}

async function moveAway(file: string): Promise<void> {
  await mkdir(`${file}-away`, { recursive: true })
  for (const one of [file, `${file}.wal`]) {
    const isThere = await stat(one).then(
      () => true,
      () => false,
    )
    if (isThere) await rename(one, join(`${file}-away`, one.split("/").at(-1) ?? ""))
  }
}

async function refusal(place: Place, database: string): Promise<pg.DatabaseError> {
  try {
    await ask(place, database, "SELECT 1")
  } catch (error) {
    return error as pg.DatabaseError
  }
  return assert.fail(`${database} can be used`)
}

async function statusOf(place: Place): Promise<StatusReport> {
  return JSON.parse((await place.run("status", "--json")).output) as StatusReport
}

test("the users' own database cannot be opened: the integrations run, everything says so, and it comes back", async (context) => {
  const { place, api, url, fileOf } = await stopped(context)
  await ruin(fileOf("dev"))
  await place.start()
  await api.becomes("bank", "active")
  await caughtUp(place, url, "bank")
  const error = await refusal(place, "dev")
  assert.equal(error.code, "58030")
  assert.match(error.message, /database "dev" cannot be opened/)
  assert.match(error.hint ?? "", /dev\.duckdb/)
  const { unopenedDatabases } = await statusOf(place)
  assert.deepEqual(
    unopenedDatabases.map(({ name }) => name),
    ["dev"],
  )
  assert.match(unopenedDatabases[0]?.remedy ?? "", /from a backup/)
  assert.match((await place.run("status")).output, /database dev cannot be opened/)
  const checked = await place.run("check")
  assert.match(checked.output, /database dev cannot be opened/)
  assert.equal(checked.code, 1)
  assert.match(place.output(), /a warehouse database cannot be opened/)
  await moveAway(fileOf("dev"))
  await waitUntil(
    () =>
      ask(place, "dev", "SELECT 1").then(
        () => true,
        () => false,
      ),
    { what: "dev to be open, empty" },
  )
  assert.deepEqual((await statusOf(place)).unopenedDatabases, [])
})

test("an integration's database cannot be opened: that integration says so, the others run", async (context) => {
  const { place, api, url, fileOf } = await stopped(context)
  await ruin(fileOf("bank"))
  await place.start()
  await api.becomes("other", "active")
  const message = await api.reports("bank", "WAREHOUSE_UNAVAILABLE")
  assert.match(message, /database bank cannot be opened.*bank\.duckdb.*move both away/)
  assert.deepEqual(await ask(place, "dev", "SELECT id FROM mine"), [["1"]])
  assert.match((await refusal(place, "bank")).message, /database "bank" cannot be opened/)
  await moveAway(fileOf("bank"))
  await waitUntil(() => ask(place, "bank", "SELECT count(*) FROM journal").catch(() => undefined), {
    what: "the tables to be back",
    timeoutMs: 60_000,
  })
  await becomesEqual(place, url, "bank")
})
