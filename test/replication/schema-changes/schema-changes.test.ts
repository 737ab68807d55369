import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, type TestPipeline, testPipeline } from "../../support/pipeline.ts"
import { serverVersion, testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { cases, created } from "./schema-change-cases.ts"

async function assertEqualSoon(pipeline: TestPipeline, message: string): Promise<void> {
  let last: string[] = []
  await waitUntil(
    async () => {
      last = await pipeline.differences()
      return last.length === 0
    },
    { what: "source and copy to be equal", timeoutMs: 60_000, intervalMs: 100 },
  ).catch((error) => {
    throw new Error(`${message}: ${last.join("\n")}`, { cause: error })
  })
}

/** Each case has a schema of its own, so that one pipeline carries them all. */
const schemaOf = (index: number) => `case${index}`

async function prepare(url: string): Promise<void> {
  // All rows come as text because of it: a stream that changes over to text later may copy what was truncated just then.
  await runSql(url, "CREATE TABLE spans (id int PRIMARY KEY, span interval)")
  for (const [index, { before = [] }] of cases.entries())
    await runSql(
      url,
      `CREATE SCHEMA ${schemaOf(index)}`,
      `SET search_path = ${schemaOf(index)}`,
      ...created,
      ...before,
    )
}

/** The step of every case that has so many. */
async function step(url: string, number: number): Promise<void> {
  for (const [index, { steps }] of cases.entries()) {
    const statement = steps[number]
    if (statement !== undefined) await runSql(url, `SET search_path = ${schemaOf(index)}`, statement)
  }
}

const mostSteps = Math.max(...cases.map(({ steps }) => steps.length))

test("every kind of change, while the stream runs", async (t) => {
  const { url } = await testDatabase()
  await prepare(url)
  const pipeline = await testPipeline({ url })
  await pipeline.settle()
  pipeline.reports.copied.length = 0
  for (let number = 0; number < mostSteps; number++) {
    await step(url, number)
    await assertEqualSoon(pipeline, `after step ${number + 1}`)
  }
  assert.deepEqual(pipeline.reports.problems, [])
  const version = await serverVersion(url)
  for (const [index, { name, how, since = 0 }] of cases.entries())
    await t.test(`${name}: ${how}`, () => {
      if (version < since) return
      const copied = pipeline.reports.copied.filter((table) => table.startsWith(`${schemaOf(index)}.`))
      const reasons = [...pipeline.reports.failed].filter(([table]) =>
        table.startsWith(`${schemaOf(index)}.`),
      )
      if (how === "in place") assert.deepEqual(copied, [], `was resynced: ${reasons.join("; ")}`)
      else assert.notDeepEqual(copied, [])
    })
})

test("every kind of change, while nobody streams", async () => {
  const { url } = await testDatabase()
  await prepare(url)
  const first = await testPipeline({ url })
  await first.settle()
  await first.stop()
  for (let number = 0; number < mostSteps; number++) await step(url, number)
  const { home, database, handle } = first
  const pipeline = await testPipeline({ url, home, database, handle })
  await assertEqualSoon(pipeline, "after all")
  assert.deepEqual(pipeline.reports.problems, [])
})
