import assert from "node:assert/strict"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { openStatementFile, statementsIn, takeStatements } from "./running-statements.ts"

async function pathFor(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "statements-"))
  context.after(() => rm(folder, { recursive: true }))
  return join(folder, "running")
}

const names = (path: string) => statementsIn(path).map(({ user, fingerprint }) => `${user} ${fingerprint}`)

test("the file has the statement of each session that runs one", async (context) => {
  const path = await pathFor(context)
  assert.deepEqual(statementsIn(path), [])
  const file = openStatementFile(path)
  const [first, second, third] = [file.slot(), file.slot(), file.slot()]
  third.begin("cy", "3")
  assert.deepEqual(names(path), ["cy 3"])
  second.begin("a".repeat(127), "2")
  first.begin('odd "\u0001 ü', "1")
  first.begin("ann", "4")
  assert.deepEqual(names(path), ["ann 4", `${"a".repeat(127)} 2`, "cy 3"])
  third.end()
  second.close()
  second.close()
  assert.deepEqual(names(path), ["ann 4"])
  file.slot().begin("dee", "5")
  file.slot().begin("eve", "6")
  assert.deepEqual(names(path), ["ann 4", "dee 5", "eve 6"])
  openStatementFile(path).close()
  assert.deepEqual(names(path), [])
})

test("statements that were taken are told once", async (context) => {
  const path = await pathFor(context)
  openStatementFile(path).slot().begin("ann", "1")
  assert.deepEqual(
    takeStatements(path).map(({ user }) => user),
    ["ann"],
  )
  assert.deepEqual(takeStatements(path), [])
})

test("a slot that was cut off while it was written is none", async (context) => {
  const path = await pathFor(context)
  await writeFile(path, '{"user":"ann","finger')
  assert.deepEqual(statementsIn(path), [])
})
