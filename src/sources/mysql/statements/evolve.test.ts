import assert from "node:assert/strict"
import { test } from "node:test"
import type { MyTable } from "../catalog.ts"
import { asText } from "../types/types.ts"
import { evolve } from "./evolve.ts"
import { meaningOf } from "./statements.ts"

function tableOf(names: string[], key: number[] | undefined, keptAsText?: number): MyTable {
  const facts = {
    dataType: "text",
    isUnsigned: false,
    precision: 0,
    scale: 0,
    charset: "utf8mb4",
    labels: [],
    octets: 0,
    isJson: false,
    isZerofill: false,
  }
  return {
    columns: names.map((name) => ({ name, mapping: asText, facts, charset: undefined, isRaw: false })),
    keyIndex: key === undefined ? undefined : "One",
    schema: {
      id: "t",
      schema: "s",
      name: "t",
      key,
      columns: names.map((name, index) => ({
        name,
        type: { kind: "text" },
        sourceType: `text${index}`,
        ...(index === keptAsText && { keptAsText: "a value" }),
      })),
    },
  }
}

/** What becomes of `id, a, b` with the key `id` by this. */
function become(actions: string, known = tableOf(["id", "a", "b"], [0])): string {
  const statement = meaningOf([`ALTER TABLE t ${actions}`], { schema: "s", plainBackslashes: false })
  assert.ok(statement.kind === "alter", statement.kind)
  const evolution = evolve(known, statement.changes)
  if (evolution.kind !== "altered") return evolution.kind
  const { to, origins } = evolution
  assert.deepEqual(
    to.schema.columns.map(({ name, sourceType }) => `${name} ${sourceType}`),
    to.columns.map(({ name }, index) => `${name} text${origins[index]}`),
  )
  const key = to.schema.key?.map((index) => to.columns[index]?.name).join()
  return `${to.columns.map(({ name }) => name).join()} by ${key ?? "all"}`
}

const cases: [actions: string, outcome: string][] = [
  ["DROP a", "id,b by id"],
  ["DROP COLUMN B, DROP IF EXISTS c", "id,a by id"],
  ["DROP COLUMN c", "beside"],
  ["DROP COLUMN IF EXISTS c", "same"],
  ["DROP COLUMN id", "beside"],
  ["RENAME COLUMN ID TO `Number`, DROP a", "Number,b by Number"],
  ["RENAME COLUMN a TO b, RENAME COLUMN b TO a", "beside"],
  ["RENAME COLUMN c TO d", "beside"],
  ["RENAME COLUMN a TO A", "beside"],
  ["DROP INDEX one", "beside"],
  ["DROP INDEX other", "same"],
  ["DROP INDEX other, DROP COLUMN a", "id,b by id"],
]
for (const [actions, outcome] of cases)
  test(`a table by: ${actions}`, () => assert.equal(become(actions), outcome))

test("a key of several columns, none, and columns kept as text", () => {
  const names = ["x", "y", "z"]
  assert.equal(become("DROP x", tableOf(names, [2, 1])), "y,z by z,y")
  assert.equal(become("DROP y", tableOf(names, [2, 1])), "beside")
  assert.equal(become("DROP y", tableOf(names, undefined)), "x,z by all")
  assert.equal(become("DROP y", tableOf(names, [0], 2)), "beside")
})
