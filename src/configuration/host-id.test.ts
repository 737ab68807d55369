import assert from "node:assert/strict"
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { hostId } from "./host-id.ts"

test("a host keeps its id, two hosts have two, and what a crash left is replaced", async (t) => {
  const folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), "millrace-host-"))))
  t.after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))
  const [first = "", second = ""] = folders
  const id = await hostId(first)
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal(await hostId(first), id)
  assert.notEqual(await hostId(second), id)
  assert.deepEqual(await readdir(first), ["host"])
  assert.equal((await stat(join(first, "host"))).mode & 0o777, 0o600)
  await writeFile(join(first, "host"), "")
  const again = await hostId(first)
  assert.notEqual(again, id)
  assert.equal(await hostId(first), again)
})
