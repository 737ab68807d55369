/** Definitions on a full disk: what follows their commit writes too, and may not find room. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import type pg from "pg"
import { killable } from "../../crash/kill-at.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place } from "../place.ts"
import { noSmallDisk, smallDisk } from "../small-disk.ts"
import { ask, connectSql } from "../warehouse.ts"

const options = noSmallDisk === undefined ? {} : { skip: noSmallDisk }
const megabyte = 2 ** 20

/** Each kind that is moved into the file when it is committed, with rows. */
const definitions = (name: string) => [
  `CREATE SCHEMA ${name}`,
  `CREATE TYPE ${name}.mood AS ENUM ('sad', 'ok')`,
  `CREATE TABLE ${name}.t (id int, m ${name}.mood, v text)`,
  `INSERT INTO ${name}.t SELECT i, 'ok', md5(i::text) FROM generate_series(1, 3000) AS g(i)`,
  `CREATE VIEW ${name}.v AS SELECT id FROM ${name}.t`,
]

/** Runs each list to its first error; gives how many statements of each were told to be done, and the errors' codes. */
async function defineUntilFull(place: Place): Promise<{ done: Map<string, number>; codes: Set<string> }> {
  const done = new Map<string, number>()
  const codes = new Set<string>()
  for (let number = 0; number < 60 && codes.size === 0; number++) {
    let session: pg.Client | undefined
    try {
      session = await connectSql(place, "dev")
      for (const statement of definitions(`s${number}`)) {
        await session.query(statement)
        done.set(`s${number}`, (done.get(`s${number}`) ?? 0) + 1)
      }
    } catch (error) {
      codes.add((error as { code?: string }).code ?? String(error))
    } finally {
      await session?.end()
    }
  }
  return { done, codes }
}

async function assertThere(place: Place, done: ReadonlyMap<string, number>): Promise<void> {
  for (const [name, statements] of done) {
    if (statements < 5) continue
    const [row] = await ask(place, "dev", `SELECT count(*), sum(id) FROM ${name}.t WHERE m = 'ok'`)
    assert.deepEqual(row, ["3000", "4501500"], name)
    assert.deepEqual(await ask(place, "dev", `SELECT count(*) FROM ${name}.v`), [["3000"]])
  }
}

for (const leftKilobytes of [600, 3_000])
  test(
    `definitions with ${leftKilobytes} kB of disk left: an error that says so, and nothing committed is lost`,
    options,
    async (context) => {
      const disk = await smallDisk(context, 64 * megabyte)
      const place = await newPlace(context, { sources: [], warehousePath: join(disk.folder, "warehouse") })
      const running = await place.start(killable)
      await ask(
        place,
        "dev",
        "CREATE TABLE base AS SELECT i, md5(i::text) AS v FROM generate_series(1, 50000) AS g(i)",
      )
      await disk.fill(leftKilobytes * 1024)
      const { done, codes } = await defineUntilFull(place)
      context.diagnostic(`${done.size} schemas, errors ${[...codes]}`)
      assert.deepEqual([...codes], ["53100"])
      await disk.free()
      await waitUntil(
        () =>
          ask(place, "dev", "CREATE TABLE IF NOT EXISTS afterwards AS SELECT 1 AS one").then(
            () => true,
            () => false,
          ),
        { what: "the database to be written again", timeoutMs: 60_000 },
      )
      await assertThere(place, done)
      await running.kill9()
      await place.start(killable)
      await assertThere(place, done)
      assert.deepEqual(await ask(place, "dev", "SELECT count(*) FROM base"), [["50000"]])
      assert.deepEqual(await ask(place, "dev", "SELECT one FROM afterwards"), [["1"]])
    },
  )
