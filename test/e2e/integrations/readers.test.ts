import assert from "node:assert/strict"
import { test } from "node:test"
import type pg from "pg"
import { runSql } from "../../support/pipeline.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { ask, connectSql } from "../warehouse.ts"

const whole = "20000"

/**
 * Between two writes of a transaction that moves money from `a` to `b`, so that the sum of both never changes. `c` and
 * `d` hold the same, and are resynced.
 */
const changes = [
  "ALTER TABLE a DROP COLUMN IF EXISTS d, ADD c int DEFAULT 7",
  "ALTER TABLE a DROP c; ALTER TABLE b ADD c date",
  "ALTER TABLE a RENAME TO x; ALTER TABLE b RENAME TO a; ALTER TABLE x RENAME TO b",
  "ALTER TABLE c ALTER n TYPE bigint",
  "ALTER TABLE c RENAME TO x; ALTER TABLE d RENAME TO c; ALTER TABLE x RENAME TO d; ALTER TABLE d ALTER n TYPE int; UPDATE c SET n = n WHERE id < 4",
  "ALTER TABLE a RENAME v TO w; UPDATE a SET w = 'w'; ALTER TABLE a RENAME w TO v",
  "ALTER TABLE a DROP c; ALTER TABLE b ADD d varchar(10)",
  "ALTER TABLE a ADD c text; ALTER TABLE a RENAME TO x; ALTER TABLE b RENAME TO a; ALTER TABLE x RENAME TO b; ALTER TABLE b DROP c; ALTER TABLE a ALTER d TYPE varchar(40)",
  "ALTER TABLE c RENAME TO x; ALTER TABLE d RENAME TO c; ALTER TABLE c ALTER n TYPE bigint; ALTER TABLE x RENAME TO d; ALTER TABLE d ALTER n TYPE bigint",
  "DELETE FROM a WHERE n = 0; UPDATE a SET d = 'd'; ALTER TABLE a ALTER d TYPE text; UPDATE a SET d = id",
]
const rounds = 3

type Row = (string | null)[]
type Look = (client: pg.Client) => Promise<unknown>

async function rowOf(client: pg.Client, text: string): Promise<Row> {
  const { rows } = await client.query<Row>({ text, rowMode: "array" })
  return rows[0] ?? []
}

const looks: Record<string, Look> = {
  async "both tables in one statement"(client) {
    const [sum] = await rowOf(client, "SELECT (SELECT sum(n) FROM a) + (SELECT sum(n) FROM b)")
    assert.equal(sum, whole)
  },
  async "one table after the other in one transaction"(client) {
    await client.query("BEGIN")
    const [a] = await rowOf(client, "SELECT sum(n) FROM a")
    const [b] = await rowOf(client, "SELECT sum(n) FROM b")
    await client.query("COMMIT")
    assert.equal(String(Number(a) + Number(b)), whole)
  },
  async "all columns of one"(client) {
    assert.ok((await rowOf(client, "SELECT * FROM a ORDER BY id LIMIT 1")).length > 2)
  },
  async "tables that are resynced"(client) {
    for (const table of ["c", "d"])
      assert.deepEqual(await rowOf(client, `SELECT count(*), sum(n) FROM ${table}`), ["100", "5050"])
  },
}

test("readers never find a table missing nor half a transaction while definitions change", async (context) => {
  const source = await testDatabase()
  atEnd(context, () => source.drop())
  await runSql(
    source.url,
    ...["a", "b"].map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY, n int, v text)`),
    ...["a", "b"].map((name) => `INSERT INTO ${name} SELECT i, 100, 'v' FROM generate_series(1, 100) i`),
    ...["c", "d"].map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY, n int)`),
    ...["c", "d"].map((name) => `INSERT INTO ${name} SELECT i, i FROM generate_series(1, 100) i`),
    "CREATE TABLE mark (n int PRIMARY KEY)",
  )
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.start()
  const api = apiOf(place)
  await api.create("money", `include: ${source.name}.public.*`)
  await api.becomes("money", "active")

  const reading = new AbortController()
  const counts = new Map<string, number>()
  let number = 0
  const readers = Object.entries(looks).map(async ([name, look]) => {
    const client = await connectSql(place, "money")
    try {
      while (!reading.signal.aborted) {
        await look(client).catch((error: unknown) => {
          throw new Error(`${name}, at ${changes[number % changes.length]}`, { cause: error })
        })
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
    } finally {
      await client.end()
    }
  })
  const read = Promise.all(readers)
  const write = async () => {
    for (; number < rounds * changes.length; number++) {
      const amount = (number % 7) + 1
      const takeAndGive = (table: string, sign: string) =>
        `UPDATE ${table} SET n = n ${sign} ${amount} WHERE id = ${(number % 100) + 1}`
      await runSql(
        source.url,
        [
          takeAndGive("a", "-"),
          changes[number % changes.length],
          takeAndGive("b", "+"),
          // So that the stream tells of the change before there is another.
          "UPDATE a SET v = 'seen' WHERE id = 1; UPDATE b SET v = 'seen' WHERE id = 1",
          `INSERT INTO mark VALUES (${number})`,
        ].join("; "),
      )
      // One after another: together they would be one batch.
      const isVisible = async () =>
        (await ask(place, "money", `SELECT n FROM mark WHERE n = ${number}`)).length === 1
      await waitUntil(isVisible, { what: `transaction ${number} to be visible` })
    }
  }
  try {
    await Promise.race([write(), read])
  } finally {
    reading.abort()
  }
  await read
  for (const name of Object.keys(looks))
    assert.ok((counts.get(name) ?? 0) >= rounds * changes.length, `${name}: only ${counts.get(name)} looks`)
})
