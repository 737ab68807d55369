import assert from "node:assert/strict"
import { test } from "node:test"
import { contractSettings, inDatabaseOf } from "../contract/sources/postgres-under-test.ts"
import { describeSource } from "../contract/sources/source.ts"
import { cases } from "../replication/change-cases.ts"
import { runSql, testPipeline } from "../support/pipeline.ts"
import { SHARED_SERVER_VARIABLE } from "../support/postgres/postgres-variable.ts"
import type { PostgresVersion } from "../support/postgres/postgres-versions.ts"
import { serverOfVersion, type TestServer, testDatabase } from "../support/postgres.ts"

/** Test files whose databases are of the shared server: they run on the version's server as they are. */
const files = ["schema-changes", "partitions-that-go", "unencoded"]

/** What every version must do in each run: the contract of sources, and changes of every kind. */
export async function describeVersion(version: PostgresVersion): Promise<void> {
  const server = await sharedServerOf(version)
  if (server === undefined) return
  describeSource(`PostgreSQL ${version}`, () => inDatabaseOf(server))
  test("changes of every kind, one pipeline for all", changesOfEveryKind)
}

/** The rest, for the long suite: what differs between versions in their catalogs, partitions and encodings. */
export async function describeVersionWhole(version: PostgresVersion): Promise<void> {
  if ((await sharedServerOf(version)) === undefined) return
  for (const file of files) await import(`../replication/${file}.test.ts`)
}

/** One server of it, which the test databases of this file are on. undefined: there is none, and a test says so. */
async function sharedServerOf(version: PostgresVersion): Promise<TestServer | undefined> {
  // Its library is not fetched: it is larger than all the rest.
  const { server, skip } = await serverOfVersion(version, { ...contractSettings, jit: false })
  if (server === undefined) test(`PostgreSQL ${version}`, { skip })
  else process.env[SHARED_SERVER_VARIABLE] = server.url()
  return server
}

/** Each case has a schema of its own. */
async function changesOfEveryKind(): Promise<void> {
  const { url } = await testDatabase()
  const run = async (index: number, ...statements: string[]) =>
    runSql(url, `SET search_path = case${index}`, ...statements)
  for (const [index, { before }] of cases.entries()) {
    await runSql(url, `CREATE SCHEMA case${index}`)
    await run(index, ...before)
  }
  const pipeline = await testPipeline({ url })
  assert.deepEqual(await pipeline.differences(), [], "after the copy")
  const mostSteps = Math.max(...cases.map(({ steps }) => steps.length))
  for (let number = 0; number < mostSteps; number++) {
    for (const [index, { steps }] of cases.entries()) await run(index, ...steps.slice(number, number + 1))
    assert.deepEqual(await pipeline.differences(), [], `after step ${number + 1}`)
  }
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
}
