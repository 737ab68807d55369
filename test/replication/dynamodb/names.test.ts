/** Attributes, also keys, with names that JavaScript or Millrace use themselves. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { rawCall } from "../../support/dynamodb/tables.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type Fixture, fixture, skip } from "./fixture.ts"

const put = (under: Fixture, item: string) =>
  rawCall(under.db, "PutItem", `{"TableName":"${under.table}","Item":${item}}`)
const remove = (under: Fixture, key: string) =>
  rawCall(under.db, "DeleteItem", `{"TableName":"${under.table}","Key":${key}}`)

/** JSON with members in order and without spaces; `JSON.parse` keeps `__proto__` as a member. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}:${sorted(one)}`)
  return `{${members.sort().join(",")}}`
}

async function atSource(under: Fixture): Promise<string[]> {
  const answer = JSON.parse(await rawCall(under.db, "Scan", `{"TableName":"${under.table}"}`))
  return (answer.Items as unknown[]).map(sorted).sort()
}

async function rows(under: Fixture, columns: string): Promise<(string | null)[][]> {
  return await under.home.read(`SELECT ${columns} FROM "${under.table}".public."${under.table}" ORDER BY ALL`)
}

async function becomesEqual(under: Fixture): Promise<void> {
  await under.settle()
  await waitUntil(
    async () => {
      const here = (await rows(under, "value::VARCHAR"))
        .map(([text]) => sorted(JSON.parse(text ?? "")))
        .sort()
      return sorted(here) === sorted(await atSource(under))
    },
    { what: "equal content", timeoutMs: 60_000 },
  )
  assert.deepEqual([...under.reports.failed], [])
}

const hostile =
  `"__proto__":{"S":"p"},"constructor":{"S":"c"},"toString":{"N":"1"},"hasOwnProperty":{"BOOL":true},
  "valueOf":{"L":[{"M":{"__proto__":{"M":{"__proto__":{"S":"deep"},"\ue000__proto__":{"S":"marked"}}}}}]},
  "\ue000":{"S":"a mark"},"\ue000\ue000x":{"S":"two"},"_value":{"S":"v"},"value":{"M":{"S":{"S":"S"}}}`.replaceAll(
    ``,
    "",
  )

test("attributes called as members of every object are carried, copied and streamed, nested too", {
  skip,
}, async (context) => {
  const under = await fixture(context, { hash: "S" }, { unnest: ["constructor", "__proto__", "toString"] })
  await put(under, `{"id":{"S":"before"},${hostile}}`)
  await put(under, `{"id":{"S":"plain"},"a":{"S":"b"}}`)
  await under.start()
  await becomesEqual(under)
  await put(under, `{"id":{"S":"after"},${hostile},"last":{"M":{"__proto__":{"NULL":true}}}}`)
  await put(under, `{"id":{"S":"before"},"__proto__":{"M":{}}}`)
  await becomesEqual(under)
  assert.deepEqual(await rows(under, `id, "constructor", "__proto__", "toString"`), [
    ["after", "c", "p", "1"],
    ["before", null, '{"M":{}}', null],
    ["plain", null, null, null],
  ])
  await remove(under, `{"id":{"S":"after"}}`)
  await becomesEqual(under)
})

/** Names of the keys, and of their columns. */
const keys: [hash: string, range: string, columns: [string, string]][] = [
  ["value", "_value", ["_value", "__value"]],
  ["_value", "value", ["_value", "__value"]],
  ["__proto__", "constructor", ["__proto__", "constructor"]],
  ["Value", "VALUE", ["_Value", "__VALUE"]],
  ["key", "Key", ["key", "_Key"]],
  ["rowid", "_value", ["rowid", "_value"]],
]

for (const [hash, range, columns] of keys) {
  test(`a table with the keys ${hash} and ${range} is carried as ${columns.join(", ")}`, {
    skip,
  }, async (context) => {
    const under = await fixture(context, { hash: "S", range: "N", names: [hash, range] })
    const item = (id: string, sort: number, more = "") =>
      `{"${hash}":{"S":"${id}"},"${range}":{"N":"${sort}"}${more}}`
    for (let n = 0; n < 30; n++) await put(under, item(`i${n}`, n, `,"x":{"S":"first"}`))
    await under.start()
    await becomesEqual(under)
    await put(under, item("i1", 1, `,"x":{"S":"second"}`))
    await remove(under, item("i2", 2))
    await put(under, item("new", 3))
    await becomesEqual(under)
    const [first, second] = columns.map((name) => `"${name}"::VARCHAR`)
    const found = await rows(under, `${first}, ${second}`)
    assert.equal(found.length, 30)
    assert.deepEqual(found.at(-1), ["new", "3.0000000000"])
  })
}
