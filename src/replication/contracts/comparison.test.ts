import assert from "node:assert/strict"
import { test } from "node:test"
import { qualifiedName, type TableSchema } from "../../domain/table.ts"
import { compareTable, type HashedRow, type WarehouseSide } from "./comparison.ts"

const table: TableSchema = {
  id: "1",
  schema: "s",
  name: "t",
  columns: [{ name: "k", type: { kind: "int32" }, sourceType: "integer" }],
  key: [0],
}
const keyless: TableSchema = { ...table, key: undefined }
const signal = new AbortController().signal

/** Rows by their hash; every hash is its own chunk's beginning. */
function side(rows: Record<string, string>): WarehouseSide & { asked: string[] } {
  const all: HashedRow[] = Object.entries(rows).map(([hash, key]) => ({ hash, key: [key] }))
  const asked: string[] = []
  return {
    asked,
    async digests(_, digits) {
      const chunks = Map.groupBy(all, ({ hash }) => hash.slice(0, digits))
      return new Map(
        [...chunks].map(([chunk, of]) => [chunk, { rows: of.length, sum: of.map((row) => row.hash).join() }]),
      )
    },
    duplicates: async () => all.length - new Set(all.map(({ key }) => key[0])).size,
    async rows(_, chunks) {
      asked.push(...chunks)
      const wanted = new Set(chunks)
      return all.filter(({ hash }) => wanted.has(hash.slice(0, chunks[0]?.length ?? 0)))
    },
  }
}

test("equal sides are told by their digests alone", async () => {
  const [source, warehouse] = [side({ a1: "1", b2: "2" }), side({ b2: "2", a1: "1" })]
  const found = await compareTable(source, warehouse, table, 5_000_000, signal)
  assert.deepEqual(found, {
    sourceRows: 2,
    warehouseRows: 2,
    differences: [],
    duplicates: 0,
    isPartial: false,
  })
  assert.deepEqual([...source.asked, ...warehouse.asked], [])
})

test("only chunks that differ are looked at, and a row with two contents counts once", async () => {
  const source = side({ a100: "1", b200: "2", c300: "3", d400: "4" })
  const warehouse = side({ a100: "1", e500: "2", c300: "3", f600: "5" })
  const { differences } = await compareTable(source, warehouse, table, 5_000_000, signal)
  assert.deepEqual(differences, [
    { kind: "different", key: ["2"] },
    { kind: "missing", key: ["4"] },
    { kind: "surplus", key: ["5"] },
  ])
  assert.ok(
    !source.asked.some((chunk) => chunk.startsWith("a") || chunk.startsWith("c")),
    source.asked.join(),
  )
})

test("without a key what is left over on either side is told as it is", async () => {
  const { differences } = await compareTable(side({ a1: "x" }), side({ b1: "x" }), keyless, 10, signal)
  assert.deepEqual(differences, [
    { kind: "missing", key: ["x"] },
    { kind: "surplus", key: ["x"] },
  ])
})

test("a row of the warehouse with another's key is a duplicate, though the source's row is not looked at", async () => {
  const [source, warehouse] = [side({ a100: "1", b200: "2" }), side({ a100: "1", b200: "2", c300: "2" })]
  const found = await compareTable(source, warehouse, table, 5_000_000, signal)
  assert.deepEqual([found.differences.length, found.duplicates], [1, 1])
})

test("empty on both sides is equal", async () => {
  const found = await compareTable(side({}), side({}), table, 0, signal)
  assert.deepEqual(found.differences, [], qualifiedName(table))
})

test("too many rows to look at: some are told, and that there are more", async () => {
  const rows = (mark: string) =>
    Object.fromEntries(
      Array.from({ length: 300_000 }, (_, n) => [
        `${(n % 4096).toString(16).padStart(3, "0")}${mark}${n}`,
        String(n),
      ]),
    )
  const found = await compareTable(side(rows("a")), side(rows("b")), table, 300_000, signal)
  assert.equal(found.isPartial, true)
  assert.equal(found.sourceRows, 300_000)
  assert.ok(
    found.differences.length > 200_000 && found.differences.length <= 250_000,
    String(found.differences.length),
  )
  assert.ok(found.differences.every(({ kind }) => kind === "different"))
})
