import assert from "node:assert/strict"
import { test } from "node:test"
import { testSeed } from "../../support/seed.ts"
import { temporaryFolder } from "../../support/temporary-folder.ts"
import { fuzz, shown, startFuzzServer } from "./fuzz-run.ts"

/** Statements; another seed: `MILLRACE_TEST_SEED`. */
const wanted = 2000
const atMostMs = 20_000

test("generated statements: the process lives, an administrator is answered, nothing fails inside", async (t) => {
  const { target, stop } = await startFuzzServer(await temporaryFolder("fuzz"))
  try {
    const result = await fuzz(target, testSeed, wanted, atMostMs)
    t.diagnostic(shown(testSeed, target, result))
    assert.ok((result.answers.get("ok") ?? 0) > 0)
    assert.ok(result.statements > 20, `${result.statements} statements`)
    assert.deepEqual(result.internal, [])
  } finally {
    await stop()
  }
})
