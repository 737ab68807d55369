/** One word for one thing: words that were given up, by what is said in their place. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { filesOf } from "../source-files.ts"

/** In comments, texts, names and documents alike. */
const givenUp: Record<string, RegExp> = {
  "catalog-poll-backoff": /\b(?:brakes?|look-?brake)\b/i,
  "database-reattach": /\bhealing\b/i,
  "retention action": /relief-?worker/i,
  "incremental snapshot": /\blate-?cop(?:y|ies)|LateCopies/i,
  "row-buffer-pool": /\bspare-?rows\b/i,
  "batch interval": /\bPaceOptions|\bnewPace\b/,
  "unauthenticated connections": /\bwaiting[- ]?room/i,
  "engine semaphore": /\b(?:native-?gate|GateUser)\b/i,
  "listener warnings": /\bexposures?\b/i,
  "unrepresentable value": /\bunfit(?:Value|Column|Note)/i,
  "snapshot invalidated": /\bcopyOvertaken\b/i,
  batcher: /\bcollector\b(?<!garbage collector)/i,
  "timeline check": /\blineage\b/i,
  "streamed tables": /\bcarried-?tables\b/i,
  // What publications say of themselves was written at sources long ago.
  resync: /(?<!altered by hand, tables are )\bcop(?:y|ies|ied)[- ]?anew\b/i,
}

function foundIn(line: string): string[] {
  return Object.entries(givenUp).flatMap(([instead, word]) => {
    const [found] = word.exec(line) ?? []
    return found === undefined ? [] : [`"${found}": say ${instead}`]
  })
}

test("words that were given up do not come back", async () => {
  const files = await filesOf("{*.md,docs/**/*.md,{src,test,scripts,bench}/**/*.{ts,md,mjs}}")
  assert.ok(files.length > 500)
  const wrong = files
    .filter(({ path }) => path !== "test/structure/documents/words.test.ts")
    .flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, at) => foundIn(line).map((one) => `${path}:${at + 1}: ${one}`)),
    )
  assert.deepEqual(wrong, [])
})

test("a word that was given up is found, in names and in sentences", () => {
  assert.equal(foundIn("export function newReliefWorker(").length, 1)
  assert.equal(foundIn("const worker: ReliefWorker").length, 1)
  assert.equal(foundIn("keeps the garbage collector busy").length, 0)
  assert.equal(foundIn("the collector gathers").length, 1)
  assert.equal(foundIn("its tables are copied anew").length, 1)
})
