/** Partitions that leave their table while Millrace serves: the status tells it at once, and their rows go. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { runSql } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { ask, assertEqualContent } from "../warehouse.ts"

const leaving = [
  "ALTER TABLE r DETACH PARTITION r_1",
  "DROP TABLE r_2",
  "TRUNCATE r_3",
  "ALTER TABLE r DETACH PARTITION r_4; DELETE FROM r_4 WHERE id > 405",
]

/** Until what is looked at by the clock would have been, had that been all. */
const clockMs = 5_000

async function stateOf(place: Place): Promise<string> {
  const [[state] = []] = await ask(
    place,
    "parts",
    "SELECT table_state FROM svv_integration_table_state WHERE table_name = 'r'",
  )
  return state ?? ""
}

async function prepared(context: TestContext) {
  const source = await testDatabase()
  atEnd(context, () => source.drop())
  await runSql(
    source.url,
    "CREATE TABLE r (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part)",
    ...[1, 2, 3, 4, 5].map((part) => `CREATE TABLE r_${part} PARTITION OF r FOR VALUES IN (${part})`),
    "INSERT INTO r SELECT 100 * part + i, part FROM generate_series(1, 5) part, generate_series(1, 10) i",
  )
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.start()
  const api = apiOf(place)
  await api.create("parts", `include: ${source.name}.public.r`)
  await api.becomes("parts", "active")
  return { source, place }
}

test("a partition that leaves its table is told at once, not at the next look by the clock, and its rows go", async (context) => {
  const { source, place } = await prepared(context)
  const toldMs: number[] = []
  for (const statements of leaving) {
    await runSql(source.url, ...statements.split("; "))
    const atMs = performance.now()
    await waitUntil(async () => (await stateOf(place)) !== "Synced", {
      what: `the status to tell of ${statements}`,
      intervalMs: 10,
      timeoutMs: 30_000,
    })
    toldMs.push(performance.now() - atMs)
    const isEqual = () => assertEqualContent(place, source.url, "parts", ["r"]).then(() => true)
    await waitUntil(isEqual, { what: `equal rows after ${statements}`, timeoutMs: 60_000 })
    context.diagnostic(
      `told after ${Math.round(toldMs.at(-1) ?? 0)} ms, gone after ${Math.round(performance.now() - atMs)} ms: ${statements}`,
    )
    await waitUntil(async () => (await stateOf(place)) === "Synced", { what: "it to be fine again" })
  }
  // Each but the first directly follows a look, so that the next by the clock is all of its interval away.
  const soonestMs = Math.min(...toldMs.slice(1))
  assert.ok(soonestMs < clockMs / 2, `told after ${toldMs} ms`)
})
