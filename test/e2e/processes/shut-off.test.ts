import assert from "node:assert/strict"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { type DuckDbInstance, openDuckDb } from "../../../src/warehouses/duckdb/files/instance.ts"
import { atEnd } from "../clean-up.ts"
import { noSmallDisk, type SmallDisk, smallDisk } from "../small-disk.ts"

const options = noSmallDisk === undefined ? {} : { skip: noSmallDisk }
const megabyte = 2 ** 20

interface Scene {
  instance: DuckDbInstance
  disk: SmallDisk
  /** Rows that were committed. */
  rows: number
}

/**
 * An engine with a database that it has shut off: its disk was full when it moved changes from its log.
 */
async function shutOff(context: TestContext): Promise<Scene> {
  const disk = await smallDisk(context, 64 * megabyte)
  const [path, stagingPath] = [join(disk.folder, "warehouse"), join(disk.folder, "staging")]
  await mkdir(path)
  await mkdir(stagingPath)
  const instance = await openDuckDb({ path, stagingPath, threads: 2, memoryLimitBytes: 512 * megabyte })
  atEnd(context, () => instance.close())
  await instance.ensureDatabase("full")
  const connection = await instance.connect()
  await connection.run(`CREATE TABLE "full".t (i INTEGER, s VARCHAR)`)
  await disk.fill(43 * megabyte)
  for (let rows = 0; rows < 50_000 * 100; rows += 50_000) {
    const insert = `INSERT INTO "full".t SELECT i, md5(i::VARCHAR) || md5((i * 7)::VARCHAR) FROM range(50000) t(i)`
    const error = await connection.run(insert).then(() => undefined, String)
    if (error === undefined) continue
    assert.match(error, /has been invalidated/, "the disk was full at another moment than this test needs")
    connection.closeSync()
    return { instance, disk, rows }
  }
  return assert.fail("the disk is too large")
}

async function countOf(instance: DuckDbInstance): Promise<unknown> {
  const connection = await instance.connect()
  try {
    return Number((await connection.runAndReadAll(`SELECT count(*) FROM "full".t`)).getRows()[0]?.[0])
  } finally {
    connection.closeSync()
  }
}

test(
  "a database that the engine shut off is opened anew with all that was committed",
  options,
  async (context) => {
    const { instance, disk, rows } = await shutOff(context)
    await assert.rejects(countOf(instance), /invalidated/)
    await instance.heal()
    await disk.free()
    assert.deepEqual(await instance.heal(), { kind: "well" })
    assert.equal(await countOf(instance), rows)
    await instance.ensureDatabase("full")
  },
)
