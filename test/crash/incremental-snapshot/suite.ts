/** A table that comes while the stream runs is copied beside it: the same faults there, while its own rows change, too. */
import assert from "node:assert/strict"
import { describe, type TestContext, test } from "node:test"
import type { WritePoint } from "../../../src/replication/write-order.ts"
import type { Workload } from "../../e2e/writing.ts"
import { runSql, type TestPipeline, testPipeline, testWarehouse } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { becomesEqual } from "../becomes-equal.ts"
import { type FaultKind, scriptedFault } from "../scripted-faults/scripted-faults.ts"
import { startTransfers } from "../transfers.ts"

export type LateCell = readonly [WritePoint, FaultKind]

const home = testWarehouse()

export function describeIncrementalSnapshots(cells: readonly LateCell[]): void {
  describe("scripted faults in a copy beside the stream", { concurrency: 4 }, () => {
    for (const [point, kind] of cells) test(`${point}: ${kind}`, (context) => survives(context, point, kind))
  })
}

async function survives(context: TestContext, point: WritePoint, kind: FaultKind): Promise<void> {
  const { url } = await testDatabase()
  const load = await startTransfers(context, url)
  const fault = scriptedFault(point, kind, "late")
  try {
    const pipeline = await testPipeline({ url, home: await home, around: fault })
    fault.arm()
    await runSql(
      url,
      "CREATE TABLE late (id int PRIMARY KEY, v text)",
      "INSERT INTO late SELECT i, repeat('v', i % 100) FROM generate_series(1, 20000) i",
    )
    const writing = writeLate(url, load)
    await fault.struck
    await goesOn(load)
    if (kind === "hang" || kind === "late") assert.ok(!pipeline.reports.copied.includes("public.late"))
    fault.release()
    await arrives(pipeline)
    await writing
    await load.stop()
    await becomesEqual(pipeline)
    await pipeline.stop()
  } finally {
    fault.release()
    await load.stop()
  }
}

/** A copy that failed is tried again after 15 seconds; one that went live without our knowing is not copied again. */
async function arrives({ home, database }: TestPipeline): Promise<void> {
  const query = `SELECT table_name FROM "${database}".millrace.tables WHERE table_name = 'late'`
  await waitUntil(async () => (await home.read(query)).length > 0, {
    what: "the late table to be copied",
    timeoutMs: 120_000,
  })
}

/** Changes of the table itself, before, while and after it is copied. */
async function writeLate(url: string, load: Workload): Promise<void> {
  for (let round = 1; round <= 60; round++) {
    const before = load.done
    await runSql(
      url,
      `BEGIN; UPDATE late SET id = id + 100000 WHERE id = ${round}; DELETE FROM late WHERE id = ${1_000 + round};
       INSERT INTO late VALUES (${-round}, 'new'); UPDATE late SET v = 'changed' WHERE id % 1000 = ${round}; COMMIT`,
    )
    await waitUntil(() => load.done > before + 3, { what: "the others to be written to", timeoutMs: 60_000 })
  }
}

async function goesOn(load: Workload): Promise<void> {
  const before = load.done
  await waitUntil(() => load.done > before + 10, { what: "more to be written", timeoutMs: 60_000 })
}
