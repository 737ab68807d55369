import assert from "node:assert/strict"
import { test } from "node:test"
import { temporaryFolder } from "../support/temporary-folder.ts"
import { fuzz, startFuzzServer } from "./fuzz-run.ts"

/** Statements; another seed: `MILLRACE_FUZZ_SEED`. */
const wanted = 2000
const atMostMs = 20_000

test("generated statements: the process lives, and an administrator is answered", async (t) => {
  const seed = Number(process.env.MILLRACE_FUZZ_SEED ?? 20_261_129)
  const { target, stop } = await startFuzzServer(await temporaryFolder("fuzz"))
  try {
    const { statements, answers, slowestAdminMs } = await fuzz(target, seed, wanted, atMostMs)
    const shown = [...answers].map(([code, count]) => `${code} ${count}`).join(", ")
    t.diagnostic(
      `seed ${seed}: ${statements} statements, SELECT 1 at most ${Math.round(slowestAdminMs)} ms; ${shown}`,
    )
    assert.ok((answers.get("ok") ?? 0) > 0)
    assert.ok(statements > 20, `${statements} statements`)
  } finally {
    await stop()
  }
})
