import assert from "node:assert/strict"
import { isUtf8 } from "node:buffer"
import { test } from "node:test"
import fc from "fast-check"
import { type DatabaseOptions, defaultDatabaseOptions } from "../../domain/database-options.ts"
import type { TableSchema } from "../../domain/table.ts"
import { longestTextBytes } from "../contracts/text-columns.ts"
import type { Destination } from "../contracts/warehouse.ts"
import { type ColumnBuffer, endRow, newRowBuffer, putBytes, type RowBuffer } from "./columns.ts"
import { conforming } from "./value-transforms.ts"
import "../../../test/support/seed.ts"

const schema = (key: number[] | undefined, native: { native?: string } = {}): TableSchema => ({
  id: "1",
  schema: "s",
  name: "t",
  columns: ["id", "note", "doc"].map((name) => ({
    name,
    type: { kind: name === "doc" ? "json" : "text" },
    sourceType: "text",
    ...native,
  })),
  key,
})

const put = (column: ColumnBuffer, bytes: Buffer) => putBytes(column, bytes, 0, bytes.length)

function values(column: ColumnBuffer): string[] {
  const found: string[] = []
  for (let at = 0; at < column.usedBytes; ) {
    const length = column.view.getUint32(at, true)
    // Throws on what is no UTF-8.
    found.push(
      new TextDecoder("utf-8", { fatal: true }).decode(column.bytes.subarray(at + 4, at + 4 + length)),
    )
    at += 4 + length
  }
  return found
}

/** The rows as a warehouse would be given them. */
async function staged(
  rows: (string | Buffer)[][],
  key: number[] | undefined,
  chosen: Partial<DatabaseOptions>,
  native: { native?: string } = {},
): Promise<string[][]> {
  const table = schema(key, native)
  const buffer = newRowBuffer(table.columns.map(({ type }) => type))
  for (const row of rows) {
    for (const [index, value] of row.entries()) put(buffer.columns[index] as ColumnBuffer, Buffer.from(value))
    endRow(buffer)
  }
  let seen: string[][] = []
  const stage = async (_: TableSchema, given: RowBuffer) => {
    const columns = given.columns.map(values)
    seen = rows.map((_, row) => columns.map((column) => column[row] ?? ""))
    return { token: "", rows: 0, bytes: 0 }
  }
  const destination = { rows: { stage } } as unknown as Destination
  await conforming(destination, () => ({ ...defaultDatabaseOptions, ...chosen })).rows.stage(table, buffer)
  return seen
}

const long = "ü€😀".repeat(10_000)

test("long texts and the strings in long JSON are cut to 65,535 bytes at a character's end, keys and short values stay", async () => {
  const doc = JSON.stringify({ a: long, n: 1, nested: [long, "short"] })
  const escaped = `{"e":"${"\\ud83d\\ude00".repeat(10_000)}","q":"\\"\\\\"}`
  const [cut, next, third] = await staged(
    [
      [long, long, doc],
      ["k", "next", '{"a": 1}'],
      ["k2", "third", escaped],
    ],
    [0],
    { truncateColumns: true },
  )
  assert.equal(cut?.[0], long)
  assert.ok(long.startsWith(cut?.[1] ?? "-"))
  const bytes = Buffer.byteLength(cut?.[1] ?? "")
  assert.ok(bytes <= longestTextBytes && bytes > longestTextBytes - 4, `${bytes} bytes`)
  const parsed = JSON.parse(cut?.[2] ?? "") as { a: string; n: number; nested: string[] }
  assert.equal(parsed.n, 1)
  assert.equal(parsed.nested[1], "short")
  assert.equal(parsed.a, cut?.[1])
  assert.equal(parsed.nested[0], cut?.[1])
  assert.deepEqual(next, ["k", "next", '{"a": 1}'])
  const pairs = JSON.parse(third?.[2] ?? "") as { e: string; q: string }
  assert.equal(pairs.q, '"\\')
  assert.match(pairs.e, /^(😀)+$/u)
})

test("nothing is cut when not asked, nor in a table without a key", async () => {
  const rows = [[long, long, JSON.stringify(long)]]
  assert.deepEqual(await staged(rows, [0], {}), rows)
  assert.deepEqual(await staged(rows, undefined, { truncateColumns: true }), rows)
})

test("a column of the source's own type is not cut: part of an array's text is no array", async () => {
  const array = `{${long}}`
  const [row] = await staged([["k", array, "{}"]], [0], { truncateColumns: true }, { native: "text[]" })
  assert.equal(row?.[1], array)
})

test("whatever JSON comes stays JSON, and what is short enough stays as it is", async () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(long, `"${long}\\`, "\\u0000"))
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.array(text, { maxLength: 4 }), async (value, texts) => {
      const doc = JSON.stringify({ value, texts })
      const [row] = await staged([["k", "", doc]], [0], { truncateColumns: true })
      const parsed = JSON.parse(row?.[2] ?? "") as { value: unknown; texts: string[] }
      assert.deepEqual(parsed.value, JSON.parse(doc).value)
      for (const [index, one] of texts.entries())
        if (Buffer.byteLength(JSON.stringify(one)) <= longestTextBytes)
          assert.equal(parsed.texts[index], JSON.parse(doc).texts[index])
        else assert.ok(one.startsWith(parsed.texts[index] ?? "-"))
    }),
    { numRuns: 50 },
  )
})

test("bad bytes become question marks one for one, whatever stands around them", async () => {
  const latin = Buffer.from([
    0x63, 0x61, 0x66, 0xe9, 0x20, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xf0, 0x9f, 0x98,
  ])
  assert.deepEqual(await staged([[latin, "é", latin]], [0], { acceptInvalidCharacters: true }), [
    ["caf? é😀???", "é", "caf? é😀???"],
  ])
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), fc.string({ unit: "binary" }), async (bytes, text) => {
      const given = Buffer.concat([Buffer.from(text), bytes])
      const [row] = await staged([["k", given, ""]], [0], { acceptInvalidCharacters: true })
      const seen = Buffer.from(row?.[1] ?? "")
      assert.equal(seen.length, given.length)
      for (const [at, byte] of seen.entries()) assert.ok(byte === given[at] || byte === 0x3f)
      if (isUtf8(given)) assert.deepEqual(seen, given)
    }),
  )
})
