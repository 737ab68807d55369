import assert from "node:assert/strict"
import { test } from "node:test"
import { temporaryFolder } from "../support/temporary-folder.ts"
import { fuzz, shown, startFuzzServer } from "./fuzz-run.ts"

/** Statements; another seed: `MILLRACE_FUZZ_SEED`. */
const wanted = 2000
const atMostMs = 20_000

test("generated statements: the process lives, an administrator is answered, nothing fails inside", async (t) => {
  const seed = Number(process.env.MILLRACE_FUZZ_SEED ?? 20_261_129)
  const { target, stop } = await startFuzzServer(await temporaryFolder("fuzz"))
  try {
    const result = await fuzz(target, seed, wanted, atMostMs)
    t.diagnostic(shown(seed, target, result))
    assert.ok((result.answers.get("ok") ?? 0) > 0)
    assert.ok(result.statements > 20, `${result.statements} statements`)
    assert.deepEqual(result.internal, [])
  } finally {
    await stop()
  }
})
