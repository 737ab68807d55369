import assert from "node:assert/strict"
import { test } from "node:test"
import type pg from "pg"
import { UnrepresentableValue } from "../../src/replication/contracts/unrepresentable-value.ts"
import { type ColumnBuffer, newRowBuffer } from "../../src/replication/values/columns.ts"
import { connect } from "../../src/sources/postgres/client.ts"
import type { Decoder } from "../../src/sources/postgres/types/decode-binary.ts"
import { mapType } from "../../src/sources/postgres/types/types.ts"
import { randomFrom } from "../replication/random.ts"
import { plainTypes } from "../replication/values/plain-types.ts"
import type { RandomType } from "../replication/values/random-values.ts"
import { testDatabase } from "../support/postgres.ts"
import { testSeed } from "../support/seed.ts"

const valuesOfEach = 300

function packed(decoder: Decoder, column: ColumnBuffer, value: Buffer): string {
  // Something before and behind, so that a decoder that strays is caught.
  const around = Buffer.concat([Buffer.from("9"), value, Buffer.from("9")])
  decoder(column, around, 1, around.length - 1)
  return column.bytes.toString("hex", 0, column.usedBytes)
}

async function column(client: pg.Client, type: RandomType) {
  const { rows } = await client.query<{ oid: number; modifier: number; send: string }>(
    `SELECT a.atttypid::int8::int AS oid, a.atttypmod AS modifier, t.typsend::regproc::text AS send
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE attrelid = 'one'::regclass AND attname = 'v'`,
  )
  const [facts] = rows
  if (facts === undefined) throw new Error(`no such column: ${type.sql}`)
  return {
    mapping: mapType({ oid: facts.oid, modifier: facts.modifier, element: undefined }),
    send: facts.send,
  }
}

test(`text and binary forms of a value decode to the same`, async () => {
  const random = randomFrom(testSeed)
  const database = await testDatabase()
  const client = await connect({ url: database.url, database: database.name })
  // Ours look in pg_catalog alone.
  await client.query("SET search_path = public")
  let compared = 0
  for (const type of plainTypes.filter((one) => /^[a-z]/.test(one.sql) && one.isXml !== true)) {
    await client.query(`DROP TABLE IF EXISTS one; CREATE TABLE one (v ${type.sql})`)
    const { mapping, send } = await column(client, type)
    const { fromBinary, fromText } = mapping
    if (fromBinary === undefined) continue
    const make = type.random
    const texts = [...type.edges, ...(make ? Array.from({ length: valuesOfEach }, () => make(random)) : [])]
    await client.query(`INSERT INTO one SELECT v::${type.sql} FROM unnest($1::text[]) AS v`, [texts])
    const { rows } = await client.query<{ t: string; b: string }>(
      `SELECT encode(convert_to(concat(v), 'UTF8'), 'hex') AS t, encode(${send}(v), 'hex') AS b FROM one`,
    )
    for (const row of rows) {
      const [left, right] = [0, 1].map(() => newRowBuffer([mapping.type]).columns[0] as ColumnBuffer)
      const byText = packed(fromText, left as ColumnBuffer, Buffer.from(row.t, "hex"))
      assert.equal(
        packed(fromBinary, right as ColumnBuffer, Buffer.from(row.b, "hex")),
        byText,
        `${type.sql}: ${Buffer.from(row.t, "hex")}`,
      )
      compared++
    }
  }
  await client.end()
  assert.ok(compared > 3000, `only ${compared} values`)
})

test("what cannot be held exactly is refused in both forms, without showing the value", async () => {
  const database = await testDatabase()
  const client = await connect({ url: database.url, database: database.name })
  // Ours look in pg_catalog alone.
  await client.query("SET search_path = public")
  const cases = [
    {
      type: "numeric(10,2)",
      values: ["NaN"],
      oid: 1700,
      modifier: ((10 << 16) | 2) + 4,
      send: "numeric_send",
    },
    {
      type: "timestamp",
      values: ["294247-01-10 04:00:54.775807", "294276-12-31"],
      oid: 1114,
      modifier: -1,
      send: "timestamp_send",
    },
  ]
  for (const { type, values, oid, modifier, send } of cases) {
    const mapping = mapType({ oid, modifier, element: undefined })
    const { rows } = await client.query<{ t: string; b: string }>(
      `SELECT v::${type}::text AS t, encode(${send}(v::${type}), 'hex') AS b FROM unnest($1::text[]) AS v`,
      [values],
    )
    const fresh = () => newRowBuffer([mapping.type]).columns[0] as ColumnBuffer
    for (const { t, b } of rows) {
      assert.throws(() => packed(mapping.fromText, fresh(), Buffer.from(t)), UnrepresentableValue)
      const { fromBinary } = mapping
      assert.ok(fromBinary)
      assert.throws(
        () => packed(fromBinary, fresh(), Buffer.from(b, "hex")),
        (error: Error) => {
          assert.ok(error instanceof UnrepresentableValue)
          assert.doesNotMatch(error.message, /29427/)
          return true
        },
      )
    }
  }
  await client.end()
})
