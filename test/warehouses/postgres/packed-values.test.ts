/** Packed rows go by COPY into a real server; what it then says of them is what the warehouse in memory says. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import fc from "fast-check"
import type pg from "pg"
import type { Column } from "../../../src/domain/table.ts"
import { UnrepresentableValue } from "../../../src/replication/contracts/unrepresentable-value.ts"
import { putText, type RowBuffer } from "../../../src/replication/values/columns.ts"
import { unpacked } from "../../../src/warehouses/memory/values.ts"
import { copyForm, newCopyEncoder } from "../../../src/warehouses/postgres/copy/copy-encoder.ts"
import { testDatabase } from "../../support/postgres.ts"
import { testSeed } from "../../support/seed.ts"
import { canonicalRows, copied, session } from "./copied-table.ts"
import { drawnRows, type Kind, kinds, packed } from "./packed-rows.ts"

let client: pg.Client

before(async () => {
  client = await session((await testDatabase()).url)
})

after(() => client.end())

function columnsOf(of: readonly Kind[]): Column[] {
  return of.map(({ type }, index) => ({ name: `c${index}`, type, sourceType: type.kind }))
}

async function assertHeld(columns: readonly Column[], buffers: readonly RowBuffer[]): Promise<void> {
  await copied(client, "held", columns, buffers)
  assert.deepEqual(await canonicalRows(client, "held", columns), buffers.flatMap(unpacked))
}

test("rows of every kind are held exactly, by binary COPY", async () => {
  const columns = columnsOf(kinds)
  assert.equal(copyForm(columns).format, "binary")
  const drawn = fc.array(drawnRows(kinds, { minLength: 0, maxLength: 30 }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(drawn, async (buffers) => {
      await assertHeld(
        columns,
        buffers.map((rows) => packed(kinds, rows)),
      )
    }),
    { seed: testSeed, numRuns: 25 },
  )
})

test("rows of every kind are held exactly, by COPY in text form", async () => {
  const interval: Kind = {
    type: { kind: "text" },
    values: fc.constantFrom("1 day", "-00:00:01.5", "1 year 2 mons"),
    put: putText as Kind["put"],
  }
  const all = [...kinds, interval]
  const columns = columnsOf(all).map((column, index) =>
    index === kinds.length ? { ...column, native: "interval" } : column,
  )
  assert.equal(copyForm(columns).format, "text")
  await fc.assert(
    fc.asyncProperty(drawnRows(all, { minLength: 1, maxLength: 30 }), (rows) =>
      assertHeld(columns, [packed(all, rows)]),
    ),
    { seed: testSeed, numRuns: 25 },
  )
})

test("text with a zero byte, from a source that has such, is refused with its column", () => {
  const [int, text] = ["int32", "text"].map((kind) => kinds.find(({ type }) => type.kind === kind))
  const some = [int, text] as Kind[]
  for (const value of ["a\0b", `${"x".repeat(100)}\0`]) {
    const rows = packed(some, [
      [1, "fine"],
      [2, value],
    ])
    assert.throws(
      () => newCopyEncoder(columnsOf(some)).encode(rows),
      (error: unknown) => error instanceof UnrepresentableValue && error.column === 1,
    )
  }
})

test("more rows than are encoded at once, large values among them", async () => {
  const some = kinds.filter(({ type }) => ["int32", "decimal", "text", "timestamptz"].includes(type.kind))
  const [rows = []] = fc.sample(drawnRows(some, { minLength: 40, maxLength: 40 }), {
    seed: testSeed,
    numRuns: 1,
  })
  const texts = some.findIndex(({ type }) => type.kind === "text")
  const many = Array.from({ length: 3_000 }, (_, index) => {
    const row = [...(rows[index % rows.length] ?? [])]
    if (index % 500 === 7) row[texts] = "x".repeat(300_000 + index)
    return row
  })
  await assertHeld(columnsOf(some), [packed(some, many)])
})
