import assert from "node:assert/strict"
import { test } from "node:test"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { temporaryFolder } from "../../support/temporary-folder.ts"
import { fuzz, shown, startFuzzServer } from "./fuzz-run.ts"

/** How many statements; the time that the suite gives a file may be over before. */
const wanted = Number(process.env.MILLRACE_FUZZ_STATEMENTS ?? 1_000_000)
const atMostMs = Number(process.env.MILLRACE_FUZZ_MINUTES ?? 110) * 60_000

test("a million generated statements: the process lives, an administrator is answered within a second", async (t) => {
  t.diagnostic(shownSeed)
  const { target, stop } = await startFuzzServer(await temporaryFolder("fuzz"))
  try {
    const result = await fuzz(target, testSeed, wanted, atMostMs)
    t.diagnostic(shown(testSeed, target, result))
    assert.deepEqual(result.internal, [])
    const { slowestAdminMs } = result
    assert.ok(slowestAdminMs < 1000, `an administrator waited ${Math.round(slowestAdminMs)} ms`)
  } finally {
    await stop()
  }
})
