/** Tables of PostgreSQL come into PostgreSQL as they were: types by name, values by what they print, digests by both sides. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type pg from "pg"
import type { TableSchema } from "../../../src/domain/table.ts"
import type { Snapshot } from "../../../src/replication/contracts/source.ts"
import { newRowBuffer, type RowBuffer } from "../../../src/replication/values/columns.ts"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { copyForm } from "../../../src/warehouses/postgres/copy/copy-encoder.ts"
import { digestsQuery, rowsQuery } from "../../../src/warehouses/postgres/types/canonical.ts"
import { nativeType } from "../../../src/warehouses/postgres/types/native-type.ts"
import { ownTypes } from "../../replication/values/composed-types.ts"
import {
  createStatements,
  edgeRows,
  embedded,
  type RandomTable,
  tableOfAllTypes,
} from "../../replication/values/random-tables.ts"
import { runSql } from "../../support/pipeline.ts"
import { type TestDatabase, testDatabase } from "../../support/postgres.ts"
import { copied, session } from "./copied-table.ts"

const handle = "millrace_native_types"
let place: TestDatabase
let source: pg.Client
let target: pg.Client

before(async () => {
  place = await testDatabase()
  source = await session(place.url)
  target = await session((await testDatabase()).url)
  await runSql(place.url, ...ownTypes)
})

after(async () => {
  await source.end()
  await target.end()
})

const signal = new AbortController().signal

/** All rows of a table, in buffers of their own. */
async function read(snapshot: Snapshot, table: TableSchema): Promise<RowBuffer[]> {
  const buffers: RowBuffer[] = []
  const fresh = () => newRowBuffer(table.columns.map(({ type }) => type))
  const write = async (rows: RowBuffer) => {
    buffers.push(rows)
    return fresh()
  }
  const chunks = snapshot.tables.find(({ schema }) => schema.id === table.id)?.chunks ?? []
  for (const chunk of chunks) await snapshot.read(table, chunk, fresh(), write, signal)
  return buffers
}

/** Runs `work` with the selected table and its snapshot, for a destination of PostgreSQL's types. */
async function withSnapshot(
  name: string,
  work: (snapshot: Snapshot, table: TableSchema) => Promise<void>,
): Promise<void> {
  const database = decodeURIComponent(new URL(place.url).pathname.slice(1))
  const opened = openPostgresSource({ url: place.url, database, nativeTypes: true })
  const snapshot = await opened.openSnapshot(handle, (table) => table.name === name, new Map())
  try {
    const table = snapshot.tables[0]?.schema
    assert.ok(table !== undefined, `${name} is not in the snapshot: ${JSON.stringify(snapshot.refused)}`)
    await work(snapshot, table)
  } finally {
    await snapshot.close()
    await opened.remove(handle)
  }
}

/** What each value prints, in the order of the first column. */
async function printed(client: pg.Client, table: string, columns: readonly { name: string }[]) {
  const list = columns.map(({ name }) => `CASE WHEN ${name} IS DISTINCT FROM NULL THEN concat(${name}) END`)
  const text = `SELECT array_to_json(ARRAY[${list.join(", ")}])::text FROM public.${table} ORDER BY ${columns[0]?.name}`
  const { rows } = await client.query<[string]>({ text, rowMode: "array" })
  return rows.map(([row]) => JSON.parse(row) as (string | null)[])
}

/** What is only in its database: held as text, in the form that PostgreSQL prints. */
const asText = /^(mood|pair|nested|feeling|twosome|floatrange|hstore|citext|ltree|regclass|"char"|xml)$/
const textArrays = /^(hstore|citext|nested|feeling|mood|pair)\[\]$/

/** The types of the source's columns, domains followed. */
async function sourceTypes(table: string): Promise<string[]> {
  const { rows } = await source.query<{ type: string }>(
    `WITH RECURSIVE base(type, base, modifier) AS (
       SELECT oid, oid, -1 FROM pg_type WHERE typtype <> 'd'
       UNION ALL SELECT d.oid, b.base, CASE WHEN b.modifier = -1 THEN d.typtypmod ELSE b.modifier END
       FROM pg_type d JOIN base b ON d.typbasetype = b.type WHERE d.typtype = 'd')
     SELECT regexp_replace(format_type(b.base, CASE WHEN typtype = 'd' THEN b.modifier ELSE atttypmod END), '^public.', '') AS type
     FROM pg_attribute JOIN pg_type t ON t.oid = atttypid JOIN base b ON b.type = atttypid
     WHERE attrelid = 'public.${table}'::regclass AND attnum > 0 ORDER BY attnum`,
  )
  return rows.map(({ type }) => type)
}

function heldType(type: string): string {
  if (asText.test(type)) return "text"
  if (textArrays.test(type)) return "text[]"
  if (type === "small_price[]") return "numeric[]"
  // A scale that older servers do not know.
  return type.replace(/^numeric\((5,-2|3,5)\)$/, "numeric")
}

/** Copies the table, with every edge value of its types, and compares all that can be asked of both sides. */
async function assertComesAsItWas(all: RandomTable, form: "binary" | "text"): Promise<void> {
  await runSql(place.url, ...createStatements(all), ...edgeRows(all))
  await withSnapshot(all.name, async (snapshot, table) => {
    assert.equal(copyForm(table.columns).format, form)
    await copied(target, all.name, table.columns, await read(snapshot, table))
    const rows = await printed(source, all.name, table.columns)
    assert.equal(rows.length, edgeRows(all).length)
    assert.deepEqual(await printed(target, all.name, table.columns), rows)
    assert.deepEqual(table.columns.map(nativeType), (await sourceTypes(all.name)).map(heldType))
    await assertSameDigests(snapshot, table)
  })
}

test("every type and edge value comes into a table of the same types", async () => {
  await assertComesAsItWas(tableOfAllTypes("all_types", embedded), "text")
})

test("types that binary COPY takes come into a table of the same types", async () => {
  const { columns, ...all } = tableOfAllTypes("binary_types", embedded)
  const taken = columns.filter(({ type }) => binaryTypes.test(type.sql))
  assert.ok(taken.length > 40, `only ${taken.length} types`)
  await assertComesAsItWas({ ...all, columns: taken }, "binary")
})

/** NaN and the like make a column text on its way: another table has those. */
const binaryTypes =
  /^(boolean|smallint|integer|bigint|real|double precision|numeric.*|money|text|varchar.*|char|char\(5\)|bpchar|name|bytea|date|timestamp.*|uuid|jsonb?|oid|xid|cid|xid8|mood|pair|small_price|tiny_price|moment|feeling|hstore|citext)(?<!\[\])$/

async function assertSameDigests(snapshot: Snapshot, table: TableSchema): Promise<void> {
  const digests = await snapshot.digests(table, 1, signal)
  const found = await target.query<[string, string, string]>({
    text: digestsQuery(`public.${table.name}`, table, 1),
    rowMode: "array",
  })
  const here = new Map(found.rows.map(([chunk, rows, sum]) => [chunk, { rows: Number(rows), sum }]))
  assert.deepEqual(here, digests)
  const keys = await target.query<[string, string]>({
    text: rowsQuery(`public.${table.name}`, table, [...digests.keys()]),
    rowMode: "array",
  })
  assert.equal(
    keys.rows.length,
    [...digests.values()].reduce((sum, { rows }) => sum + rows, 0),
  )
}
