import assert from "node:assert/strict"
import { test } from "node:test"
import { BatchWriteItemCommand, DeleteTableCommand, UpdateTableCommand } from "@aws-sdk/client-dynamodb"
import { createTable } from "../../support/dynamodb/tables.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { assertEqual, atSource, fixture, type Item, inWarehouse, skip } from "./fixture.ts"
import { testRandomItems } from "./random-items.ts"

testRandomItems({ warehouse: "DuckDB", sortType: "typeof(sort)" })

test("a stop and a start go on where it stopped, without a copy", { skip }, async (context) => {
  const under = await fixture(context, { hash: "N" })
  for (let n = 0; n < 20; n++) await under.put({ id: { N: String(n) }, v: { S: "first" } })
  await under.start()
  await assertEqual(under)
  await under.put({ id: { N: "1" }, v: { S: "second" } })
  await under.settle()
  await under.pipeline().stop()
  await under.put({ id: { N: "2" }, v: { S: "while stopped" } })
  await under.remove({ id: { N: "3" } })
  await under.start()
  await waitUntil(() => under.pipeline().streaming() !== undefined, { what: "the stream" })
  await assertEqual(under)
  assert.deepEqual(under.reports.copied, [`public.${under.table}`])
})

test("readers see nothing of the table before its copy is at one with the stream", {
  skip,
}, async (context) => {
  const under = await fixture(context, { hash: "N" })
  const all = Array.from({ length: 2_000 }, (_, n) => n)
  for (let at = 0; at < all.length; at += 25)
    await under.db.client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [under.table]: all
            .slice(at, at + 25)
            .map((n) => ({ PutRequest: { Item: { id: { N: String(n) } } } })),
        },
      }),
    )
  await under.start()
  let version = 0
  let isOver = false
  const writing = (async () => {
    while (!isOver) await under.put({ id: { N: "7" }, v: { N: String(++version) } })
  })()
  let last = 0
  await waitUntil(
    async () => {
      const found = await under.home
        .read(`SELECT value::VARCHAR FROM "${under.table}".public."${under.table}" WHERE id = 7`)
        .catch(() => [])
      if (found.length === 0) return false
      const seen = Number(JSON.parse(found[0]?.[0] ?? "{}").v?.N ?? 0)
      assert.ok(seen >= last, `version ${seen} after ${last}`)
      last = seen
      return seen > 20 && under.reports.changes > 20
    },
    { what: "versions to be seen", timeoutMs: 60_000, intervalMs: 2 },
  )
  isOver = true
  await writing
  await assertEqual(under)
})

test("a key that DECIMAL(38,10) cannot hold makes its column text; keys of bytes and unnested attributes land", {
  skip,
}, async (context) => {
  const under = await fixture(context, { hash: "N" }, { unnest: ["city", "total"] })
  await under.put({
    id: { N: "1.5" },
    city: { S: "Ulm" },
    total: { N: "12345678901234567890123456789012345678" },
  })
  await under.start()
  await assertEqual(under)
  await under.put({ id: { N: "1E-100" }, city: { L: [{ S: "a" }] } })
  await waitUntil(() => under.reports.copied.length > 1, { what: "the copy with text" })
  await assertEqual(under)
  assert.deepEqual(
    (
      await under.home.read(
        `SELECT id::VARCHAR, city, total FROM "${under.table}".public."${under.table}" ORDER BY 1`,
      )
    ).sort(),
    [
      ["1.5", "Ulm", "12345678901234567890123456789012345678"],
      [`0.${"0".repeat(99)}1`, '{"L":[{"S":"a"}]}', null],
    ].sort(),
  )
  const bytes = await fixture(context, { hash: "B" })
  await bytes.put({ id: { B: Uint8Array.of(0, 255) } })
  await bytes.start()
  await assertEqual(bytes)
  assert.deepEqual(await bytes.home.read(`SELECT hex(id) FROM "${bytes.table}".public."${bytes.table}"`), [
    ["00FF"],
  ])
})

test("verify finds nothing while items are written, and names what was changed behind our back", {
  skip,
}, async (context) => {
  const under = await fixture(context, { hash: "S", range: "B" })
  const key = (n: number): Item => ({ id: { S: `ä${n}` }, sort: { B: Uint8Array.of(n) } })
  for (let n = 0; n < 100; n++) await under.put({ ...key(n), v: { N: String(n) } })
  await under.start()
  await under.settle()
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver; n++) {
      await under.put({ ...key(n % 120), v: { N: String(n) }, w: { S: "again" } })
      if (n % 5 === 0) await under.remove(key((n * 7) % 120))
    }
  })()
  const verify = async () => {
    const streaming = under.pipeline().streaming()
    if (streaming === undefined) throw new Error("not streaming")
    const verdicts: unknown[] = []
    const { tables } = await under.source.tables(() => true)
    const ids = new Set(tables.map(({ id }) => id))
    await streaming.verify(ids, (_, verdict) => verdicts.push(verdict), AbortSignal.timeout(60_000))
    return verdicts as { kind: string; differences?: unknown[]; sourceRows?: number }[]
  }
  for (let i = 0; i < 3; i++) {
    const [verdict] = await verify()
    assert.equal(verdict?.kind, "compared", JSON.stringify(verdict))
    assert.deepEqual(verdict?.differences, [])
    assert.ok((verdict?.sourceRows ?? 0) > 50)
  }
  isOver = true
  await writing
  await under.settle()
  await under.home.read(`DELETE FROM "${under.table}".public."${under.table}" WHERE id = 'ä5'`)
  const removed = (await atSource(under)).some((text) => text.includes('"ä5"'))
  const [verdict] = await verify()
  assert.deepEqual(verdict?.differences, removed ? [{ kind: "missing", key: ["ä5", "05"] }] : [])
})

test("a stream switched off is said; switched on again everything is resynced and the old rows stay readable", {
  skip,
}, async (context) => {
  const under = await fixture(context, { hash: "N" })
  await under.put({ id: { N: "1" } })
  await under.start()
  await assertEqual(under)
  const set = (enabled: boolean) =>
    under.db.client.send(
      new UpdateTableCommand({
        TableName: under.table,
        StreamSpecification: enabled
          ? { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" }
          : { StreamEnabled: false },
      }),
    )
  await set(false)
  await under.put({ id: { N: "2" } })
  await waitUntil(() => under.reports.problems.some(({ kind }) => kind === "sourceSettings"), {
    what: "the problem to be said",
    timeoutMs: 60_000,
  })
  assert.equal((await inWarehouse(under)).length, 1)
  await set(true)
  await waitUntil(() => under.reports.copied.length > 1, { what: "the resync", timeoutMs: 60_000 })
  await assertEqual(under)
})

test("a table made anew under its name is resynced", { skip }, async (context) => {
  const under = await fixture(context, { hash: "N" })
  await under.put({ id: { N: "1" } })
  await under.start()
  await assertEqual(under)
  await under.db.client.send(new DeleteTableCommand({ TableName: under.table }))
  await createTable(under.db, under.table, { hash: "N" })
  await under.put({ id: { N: "2" } })
  await waitUntil(
    async () => (await inWarehouse(under).catch(() => [])).some((text) => text.includes('"2"')),
    {
      what: `the new table's row (${under.reports.problems.map((one) => one.message)})`,
      timeoutMs: 60_000,
    },
  )
  await assertEqual(under)
})

for (const view of ["KEYS_ONLY", undefined] as const) {
  test(`a stream of the kind ${view ?? "none"} is refused with the command that mends it`, {
    skip,
  }, async (context) => {
    const under = await fixture(context, { hash: "N", view })
    await under.start()
    await waitUntil(() => under.reports.problems.length > 0, { what: "the refusal" })
    assert.equal(under.reports.problems[0]?.kind, "sourceSettings")
    assert.match(under.reports.problems[0]?.message ?? "", /aws dynamodb update-table --table-name carts/)
  })
}
