import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, sourceArn } from "../place.ts"

/** The files of the program that a start needs are some hundred. */
const fewest = 300

test("a start has the program compiled for the next one, which a kill does not undo", async (context) => {
  const database = await testDatabase()
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: database.url }] })
  const folder = join(place.folder, "compiled")
  await mkdir(folder)
  const started = await place.start({ NODE_COMPILE_CACHE: folder })
  const marks = async () =>
    (await readdir(folder, { recursive: true })).filter((path) => path.includes("whole-"))
  await waitUntil(async () => (await marks()).length === 1, {
    what: "the program to be compiled beside the one that runs",
    timeoutMs: 60_000,
  })
  await started.kill9()
  const [mark = ""] = await marks()
  const kept = await readdir(join(folder, mark, ".."))
  assert.ok(existsSync(join(folder, mark)) && kept.length > fewest, `${kept.length} files`)
  await database.drop()
})
