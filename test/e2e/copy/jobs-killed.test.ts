import { type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { randomFrom } from "../../replication/random.ts"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { connectSql } from "../warehouse.ts"
import { copyPlace, gives, role, type WarehouseKind } from "./place.ts"

for (const warehouse of ["duckdb", "postgres"] as const)
  test(`${warehouse}: killed at random moments, each file is loaded once and none is left out`, (context) =>
    killedAtRandom(context, warehouse))

async function killedAtRandom(context: TestContext, warehouse: WarehouseKind): Promise<void> {
  context.diagnostic(shownSeed)
  const random = randomFrom(testSeed)
  const { place, bucket, integrate, post, there } = await copyPlace(context, "100ms", warehouse)
  let millrace = await place.start()
  await integrate()
  const first = await connectSql(place, "dev")
  await (await there()).query("CREATE TABLE t (file INTEGER, line INTEGER)")
  await first.query(`COPY t FROM 's3://landing/in/' ${role} CSV JOB CREATE loads`)
  await first.end()
  let files = 0
  let rows = 0
  const putSome = async () => {
    for (let i = 0; i < 20; i++) {
      const file = files++
      // Some are of several parts, and last longer than a kill waits.
      const lines = file % 10 === 9 ? 100_000 : 1 + random.below(50)
      rows += lines
      const key = `in/${file}.csv`
      await bucket.put(key, Array.from({ length: lines }, (_, line) => `${file},${line}\n`).join(""))
      // Events may be lost with the process they were told to.
      if (random.chance(0.5)) await post([{ key }]).catch(() => undefined)
    }
  }
  for (let round = 0; round < 4; round++) {
    const putting = putSome()
    await sleep(random.below(1_500))
    await millrace.kill9()
    await putting
    millrace = await place.start()
  }
  const admin = await connectSql(place, "dev")
  context.after(() => admin.end())
  const tables = await there()
  await gives(tables, "SELECT count(DISTINCT file) FROM t", String(files), 60_000)
  await gives(tables, "SELECT count(*), count(DISTINCT (file, line)) FROM t", `${rows}|${rows}`)
  await gives(
    admin,
    "SELECT count(*), count(DISTINCT file_name), min(status), max(status) FROM sys_copy_job_detail",
    `${files}|${files}|I|I`,
  )
}
