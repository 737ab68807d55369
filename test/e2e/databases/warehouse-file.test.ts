/** What people do to a destination database's file. */
import assert from "node:assert/strict"
import { copyFile, mkdtemp, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { type Api, apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask, becomesEqual, caughtUp } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

interface Scene {
  url: string
  place: Place
  api: Api
  running: MillraceProcess
  file: string
}

async function scene(context: TestContext): Promise<Scene> {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  await caughtUp(place, url, "bank")
  return { url, place, api, running, file: join(place.dataDir, "warehouse", "bank.duckdb") }
}

/** The file as it was while nothing had it open, and changes since. */
async function earlierFile({
  url,
  place,
  running,
  file,
}: Scene): Promise<{ copy: string; running: MillraceProcess }> {
  await running.terminate()
  const copy = join(await mkdtemp(join(place.folder, "copy-")), "bank.duckdb")
  await copyFile(file, copy)
  const next = await place.start()
  await write(url, "since the copy")
  await caughtUp(place, url, "bank")
  return { copy, running: next }
}

async function write(url: string, note: string): Promise<void> {
  await onDatabase(url, (client) => client.query("UPDATE accounts SET owner = $1 WHERE id < 50", [note]))
}

async function assertMended({ url, place, api }: Scene): Promise<void> {
  await waitUntil(() => ask(place, "bank", "SELECT count(*) FROM journal"), { what: "the tables to be back" })
  await api.becomes("bank", "active")
  await becomesEqual(place, url, "bank")
}

test("the file deleted while it is open: a new one is filled, and the rows are in a file again", async (context) => {
  const at = await scene(context)
  await rm(at.file)
  await write(at.url, "since it was deleted")
  await waitUntil(() => stat(at.file), { what: "a new file" })
  await assertMended(at)
})

test("an earlier file put in its place while it is open: everything is resynced", async (context) => {
  const at = await scene(context)
  const { copy } = await earlierFile(at)
  const before = (await stat(at.file)).ino
  await rename(copy, at.file)
  await write(at.url, "since it was replaced")
  await waitUntil(() => at.place.output().includes("another was put in its place"), {
    what: "the other file to be noticed",
  })
  await assertMended(at)
  assert.notEqual((await stat(at.file)).ino, before)
})

test("an earlier file beside the log of a later one: refused with what to do, not joined", async (context) => {
  const at = await scene(context)
  const { copy, running } = await earlierFile(at)
  // Its end moves what is in the log into the file: from here on the copy is another state.
  await running.terminate()
  const last = await at.place.start()
  await write(at.url, "only in the log")
  await caughtUp(at.place, at.url, "bank")
  await last.kill9()
  assert.ok((await stat(`${at.file}.wal`)).size > 0, "there is a log")
  await rename(copy, at.file)
  await at.place.start()
  const message = await at.api.reports("bank", "WAREHOUSE_UNAVAILABLE")
  assert.match(message, /belongs to another state of it.*remove the log/)
  await rm(`${at.file}.wal`)
  await assertMended(at)
})

test("the file and its log deleted while nothing runs: everything is resynced", async (context) => {
  const at = await scene(context)
  await at.running.kill9()
  await rm(at.file)
  await rm(`${at.file}.wal`, { force: true })
  await at.place.start()
  await assertMended(at)
})
