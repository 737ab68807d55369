/** What a governed view shows is what the evaluator says, for drawn people, policies, rows and queries. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { type Played, playOnDuckDb, playOnPostgres } from "./play-cases.ts"

const cases = 2_000

/** The generator draws cases that show something. */
function hasShown({ answers, withRows }: Played): void {
  assert.ok(answers >= 2 * cases && withRows > answers / 5, `${withRows} of ${answers} answers had rows`)
}

test(`2,000 drawn cases on PostgreSQL (${shownSeed})`, async (t) => {
  const played = await playOnPostgres({ seed: testSeed, cases })
  t.diagnostic(JSON.stringify(played))
  hasShown(played)
})

test(`2,000 drawn cases on DuckDB (${shownSeed})`, async (t) => {
  const played = await playOnDuckDb({ seed: testSeed, cases })
  t.diagnostic(JSON.stringify(played))
  hasShown(played)
})
