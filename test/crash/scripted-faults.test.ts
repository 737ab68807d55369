/**
 * Every point of the write order meets every kind of fault, while the source is written to: nothing may be lost or
 * doubled, and nothing may need a hand.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import pg from "pg"
import { type WritePoint, writePoints } from "../../src/replication/write-order.ts"
import { beginTestPipeline, runSql, type TestPipeline, testWarehouse } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"
import { type FaultKind, faultKinds, type ScriptedFault, scriptedFault } from "./scripted-faults.ts"

/** The process is killed there, and its disk filled, elsewhere: these pipelines have no spool. */
const ofSpool = Object.fromEntries(faultKinds.map((kind) => [kind, "not a point of the warehouse's way"]))

/** Cells that make no sense, or are not tried here, and why. */
const leftOut: Partial<Record<WritePoint, Partial<Record<FaultKind, string>>>> = {
  spooled: ofSpool,
  spoolAcknowledged: ofSpool,
  spoolReleased: ofSpool,
  acknowledged: {
    doneUnsaid: "an acknowledgement has no answer",
    late: "an acknowledgement has no answer",
  },
}

const pointsOfCopy: readonly WritePoint[] = [
  "sourcePrepared",
  "copyBegun",
  "chunkLoaded",
  "tableSwapped",
  "positionRecorded",
]

const cells = writePoints.flatMap((point) =>
  faultKinds.map((kind) => ({ point, kind, why: leftOut[point]?.[kind] })),
)
const home = testWarehouse()

describe("scripted faults", { concurrency: 4 }, () => {
  for (const { point, kind, why } of cells) {
    if (why === undefined) test(`${point}: ${kind}`, () => survives(point, kind))
  }
})

async function survives(point: WritePoint, kind: FaultKind): Promise<void> {
  const database = await testDatabase()
  await runSql(
    database.url,
    "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)",
    "INSERT INTO accounts SELECT i, 100 FROM generate_series(1, 200) i",
    "CREATE TABLE journal (n int, note text); ALTER TABLE journal REPLICA IDENTITY FULL",
    "INSERT INTO journal SELECT i, repeat('x', i) FROM generate_series(1, 500) i",
  )
  const fault = scriptedFault(point, kind)
  if (pointsOfCopy.includes(point)) fault.arm()
  const load = startLoad(database.url)
  try {
    const pipeline = await beginTestPipeline({ url: database.url, home: await home, around: fault })
    if (!pointsOfCopy.includes(point)) await streams(pipeline)
    fault.arm()
    await meets(pipeline, fault, load, point)
    await load.goesOn()
    await streams(pipeline)
    await load.stop()
    assert.deepEqual(await pipeline.differences(), [])
    await positionsAreSane(pipeline, database.url)
    const troubled = pipeline.reports.phases.includes("waiting")
    assert.equal(troubled, point !== "acknowledged" && (kind === "refuse" || kind === "doneUnsaid"))
    await pipeline.stop()
  } finally {
    fault.release()
    await load.stop()
  }
}

async function streams(pipeline: TestPipeline): Promise<void> {
  await waitUntil(() => pipeline.reports.phases.at(-1) === "streaming", { what: "the pipeline to stream" })
}

/** A fault that holds something up lasts while the source is written to further; what waits for it stands still. */
async function meets(
  pipeline: TestPipeline,
  fault: ScriptedFault,
  load: Load,
  point: WritePoint,
): Promise<void> {
  await fault.struck
  const { batches } = pipeline.reports
  await load.goesOn()
  const applied = pipeline.reports.batches - batches
  if (point === "staged" || point === "applied") assert.ok(applied <= 1, `${applied} batches went past it`)
  fault.release()
}

interface Load {
  goesOn(): Promise<void>
  stop(): Promise<void>
}

/** Transfers that keep the sum, and a table without key; until stopped. */
function startLoad(url: string): Load {
  const state = { done: 0, stopped: false }
  const running = (async () => {
    const client = new pg.Client({ connectionString: url })
    client.on("error", () => undefined)
    await client.connect()
    for (; !state.stopped; state.done++) {
      const [from, to] = [(state.done % 200) + 1, ((state.done * 7) % 200) + 1]
      await client.query(
        `BEGIN; UPDATE accounts SET balance = balance - 1 WHERE id = ${from}; UPDATE accounts SET balance = balance + 1 WHERE id = ${to};
         INSERT INTO journal VALUES (${state.done}, 'moved'); DELETE FROM journal WHERE n = ${state.done - 20}; COMMIT`,
      )
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
    await client.end()
  })()
  running.catch(() => undefined)
  return {
    async goesOn() {
      const before = state.done
      await waitUntil(() => state.done > before + 10, { what: "more to be written" })
    },
    async stop() {
      state.stopped = true
      await running
    },
  }
}

/** The source has been told of nothing that the warehouse does not have, and the warehouse of nothing that it has not sent. */
async function positionsAreSane(pipeline: TestPipeline, url: string): Promise<void> {
  const [row] = await pipeline.home.read(`SELECT position FROM "${pipeline.database}".millrace.positions`)
  const position = row?.[0]?.split("@")[0]
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(
      "SELECT confirmed_flush_lsn <= $2::pg_lsn AND $2::pg_lsn <= pg_current_wal_insert_lsn() AS sane FROM pg_replication_slots WHERE slot_name = $1",
      [pipeline.handle, position],
    )
    assert.deepEqual(rows, [{ sane: true }], "slot ≤ warehouse ≤ source")
  } finally {
    await client.end()
  }
}
