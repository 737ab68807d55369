import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { Problem } from "../../../src/domain/problems.ts"
import { newKeyRing } from "../../../src/encryption/key-ring.ts"
import type { Destination, Warehouse } from "../../../src/replication/contracts/warehouse.ts"
import type { AtRest } from "../../../src/replication/spool/sealing.ts"
import type { WritePoint } from "../../../src/replication/write-order.ts"
import {
  beginTestPipeline,
  runSql,
  type TestPipeline,
  testPipeline,
  testWarehouse,
} from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type Random, randomFrom } from "../random.ts"

/**
 * Rows that are inserted and never changed, into tables with and without a key: whatever is applied twice shows. Some are deleted
 * from a table whose rows are alike: what is taken away twice shows, too.
 */
const tables = [
  "CREATE TABLE keyed (id bigint PRIMARY KEY)",
  "CREATE TABLE keyless (n int, part int)",
  "CREATE TABLE alike (v int)",
  ...["keyless", "alike"].map((table) => `ALTER TABLE ${table} REPLICA IDENTITY FULL`),
  "INSERT INTO alike SELECT 0 FROM generate_series(1, 100000)",
]

const points: readonly WritePoint[] = [
  "staged",
  "applied",
  "acknowledged",
  "spooled",
  "spoolAcknowledged",
  "spoolReleased",
]

/** What can be wrong now, and what was done so far. */
interface Trouble {
  isAway: boolean
  isKeyAway: boolean
  /** The next pass of a point fails. */
  strikes: WritePoint | undefined
  /** The next batch that is applied says that it was not. */
  isSilent: boolean
  counts: Record<string, number>
}

interface Scene {
  url: string
  handle: string
  random: Random
  trouble: Trouble
  begin(): Promise<TestPipeline>
  running: TestPipeline
}

/** For `ms`, everything around the spool goes wrong at random; then all rows are compared. Gives what was done, counted. */
export async function spoolInterleavings(
  context: TestContext,
  { seed, ms }: { seed: number; ms: number },
): Promise<Record<string, number>> {
  const database = await testDatabase()
  context.after(() => database.drop())
  await runSql(database.url, ...tables)
  const trouble: Trouble = {
    isAway: false,
    isKeyAway: false,
    strikes: undefined,
    isSilent: false,
    counts: {},
  }
  const home = await testWarehouse()
  const first = await testPipeline({ url: database.url, home })
  await first.settle()
  await first.stop()
  const begin = () =>
    beginTestPipeline({
      url: database.url,
      home,
      handle: first.handle,
      database: first.database,
      relief: "spool",
      waits: { lookEveryMs: 500, firstRetryMs: 20, longestRetryMs: 200, longestReconnectMs: 200 },
      atRest: keysOf(trouble),
      around: { source: (source) => source, warehouse: (warehouse) => troubled(warehouse, trouble) },
      observe(point) {
        if (trouble.strikes !== point) return
        trouble.strikes = undefined
        count(trouble, `struck at ${point}`)
        throw new Error(`struck at ${point}`)
      },
    })
  const random = randomFrom(seed)
  const { url } = database
  const scene: Scene = { url, handle: first.handle, random, trouble, begin, running: await begin() }
  const until = performance.now() + ms
  await Promise.all([writeUntil(scene, until), disturbUntil(scene, until)])
  await scene.running.stop()
  Object.assign(trouble, { isAway: false, isKeyAway: false, strikes: undefined, isSilent: false })
  const last = await begin()
  await waitUntil(() => last.reports.phases.at(-1) === "streaming" && last.relief() === undefined, {
    what: "the spool to be used up",
    timeoutMs: 120_000,
  })
  assert.deepEqual(await last.differences(), [], `with seed ${seed}, after ${JSON.stringify(trouble.counts)}`)
  await last.stop()
  return trouble.counts
}

function count({ counts }: Trouble, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1
}

async function writeUntil({ url, random }: Scene, until: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (let n = 1; performance.now() < until; n++) {
      const rows = 1 + random.below(random.chance(0.1) ? 5_000 : 20)
      await client.query("BEGIN")
      await client.query(
        `INSERT INTO keyed SELECT ${n} * 100000::bigint + i FROM generate_series(1, ${rows}) i`,
      )
      await client.query(`INSERT INTO keyless SELECT ${n}, i % 3 FROM generate_series(1, ${rows}) i`)
      if (random.chance(0.2))
        await client.query("DELETE FROM alike WHERE ctid IN (SELECT ctid FROM alike LIMIT $1)", [
          1 + random.below(5),
        ])
      await client.query("COMMIT")
      await sleep(random.chance(0.3) ? random.below(400) : random.below(20))
    }
  } finally {
    await client.end()
  }
}

async function disturbUntil(scene: Scene, until: number): Promise<void> {
  const { random, trouble } = scene
  const acts: readonly (() => unknown)[] = [
    () => {
      trouble.isAway = !trouble.isAway
    },
    () => {
      trouble.isAway = !trouble.isAway
    },
    () => {
      trouble.isKeyAway = random.chance(0.3)
    },
    () => scene.running.relieve(),
    () => scene.running.relieve(),
    () => {
      trouble.strikes = random.pick(points)
    },
    () => {
      trouble.strikes = random.pick(["spooled", "spoolAcknowledged"])
    },
    () => {
      trouble.isSilent = true
    },
    () => cutStreams(scene),
    () => startAnew(scene),
  ]
  while (performance.now() < until) {
    await random.pick(acts)()
    await sleep(random.below(250))
  }
}

async function cutStreams({ url, handle, trouble }: Scene): Promise<void> {
  count(trouble, "cut")
  await runSql(
    url,
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${handle}' AND active_pid IS NOT NULL`,
  )
}

/** As after the end of a process: what was in memory is gone, and the spool is opened anew. */
async function startAnew(scene: Scene): Promise<void> {
  count(scene.trouble, "started anew")
  await scene.running.stop()
  scene.running = await scene.begin()
}

function keysOf(trouble: Trouble): AtRest {
  const arn = "arn:aws:kms:us-east-1:123456789012:key/orders"
  const ring = keyRing(arn)
  const refuse = () => {
    if (trouble.isKeyAway) throw new Problem("keyNotAccessible", "The key is away (as scripted).")
  }
  return {
    async newDataKey() {
      refuse()
      return await ring.newDataKey(arn, {})
    },
    async openDataKey(wrapped) {
      refuse()
      return await ring.openDataKey(arn, {}, wrapped)
    },
  }
}

const key = randomBytes(32)
const keyRing = (arn: string) => newKeyRing([{ arn, aliases: [], enabled: true, key, previous: [] }])

function troubled(warehouse: Warehouse, trouble: Trouble): Warehouse {
  const refuse = () => {
    if (trouble.isAway) throw new Problem("warehouseUnavailable", "It is away (as scripted).")
  }
  const destination = (real: Destination): Destination => ({
    ...real,
    rows: {
      ...real.rows,
      async apply(batch) {
        refuse()
        await real.rows.apply(batch)
        count(trouble, "batches")
        if (!trouble.isSilent) return
        trouble.isSilent = false
        count(trouble, "done and not said")
        throw new Problem("warehouseUnavailable", "It was applied, but is said not to be (as scripted).")
      },
    },
  })
  return {
    ...warehouse,
    async open(options) {
      refuse()
      return destination(await warehouse.open(options))
    },
  }
}
