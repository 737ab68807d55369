/** The same as conformance.test.ts, more of it, with another seed each time. */
import { test } from "node:test"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { playOnDuckDb, playOnPostgres } from "./play-cases.ts"

const cases = 50_000

test(`50,000 drawn cases on PostgreSQL (${shownSeed})`, async (t) => {
  t.diagnostic(JSON.stringify(await playOnPostgres({ seed: testSeed, cases })))
})

test(`50,000 drawn cases on DuckDB (${shownSeed})`, async (t) => {
  t.diagnostic(JSON.stringify(await playOnDuckDb({ seed: testSeed, cases })))
})
