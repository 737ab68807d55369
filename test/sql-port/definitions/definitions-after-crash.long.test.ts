/** As definitions-after-crash.test.ts, for 800 lists of statements. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { afterCrash } from "./definitions.ts"
import { randomDefinitions } from "./random-definitions.ts"

for (let run = 0; run < 20; run++) {
  test(`definitions in random order and a crash, run ${run}`, async () => {
    const lists = Array.from({ length: 40 }, (_, at) => randomDefinitions(run * 40 + at + 1_000, 40))
    for (const { statements, outcome, unopened, reopened } of await afterCrash(lists, run % 3 > 0)) {
      const told = statements.map((one, at) => `${outcome.codes[at] ?? "ok"}: ${one}`).join("\n")
      assert.equal(unopened, undefined, told)
      assert.deepEqual(reopened, outcome.committed, told)
    }
  })
}
