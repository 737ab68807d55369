import assert from "node:assert/strict"
import { test } from "node:test"
import type { ColumnType, TableSchema } from "../../domain/table.ts"
import type { RowKind } from "../contracts/change-sink.ts"
import { type ColumnBuffer, putInt32, putNull, putText } from "../values/columns.ts"
import { GatheredChanges } from "./table-changes.ts"

type Row = [RowKind, (number | string | null)[], number[]?]

const types: ColumnType[] = [{ kind: "int32" }, { kind: "text" }, { kind: "text" }]

function table(key: number[] | undefined): TableSchema {
  const columns = types.map((type, index) => ({ name: `c${index}`, type, sourceType: "" }))
  return { id: "1", schema: "public", name: "t", columns, key }
}

function gathered(rows: readonly (Row | "truncate")[], key: number[] = [0]): GatheredChanges {
  const changes = new GatheredChanges(table(key), { next: 0 })
  for (const row of rows) {
    if (row === "truncate") {
      changes.truncate()
      continue
    }
    const [kind, values, unsent = []] = row
    types.forEach((_, index) => {
      const column = changes.columns[index] as ColumnBuffer
      const value = values[index] ?? null
      if (typeof value === "number") putInt32(column, value)
      else if (typeof value === "string") putText(column, value)
      else putNull(column, changes.row)
    })
    for (const column of unsent) changes.unchanged(column)
    changes.end(kind)
  }
  return changes
}

const changes = (first: number, last: number, insertsOnly = false, unchanged: number[] = []) => ({
  kind: "changes" as const,
  first,
  last,
  insertsOnly,
  unchanged,
})
const moves = (first: number, last: number, unchanged: number[] = []) => ({
  kind: "moves" as const,
  first,
  last,
  unchanged,
})

test("inserts alone are one run that needs no looking", () => {
  assert.deepEqual(
    gathered([
      ["insert", [1]],
      ["insert", [2]],
    ]).runs,
    [changes(0, 1, true)],
  )
})

test("changes of every kind but moves are one run", () => {
  const { runs, count } = gathered([
    ["insert", [1]],
    ["update", [1]],
    ["delete", [1]],
    ["insert", [1]],
  ])
  assert.deepEqual(runs, [changes(0, 3)])
  assert.equal(count, 4)
})

test("columns left unsent are named once for the run", () => {
  const { runs } = gathered([
    ["update", [1, "a"], [2]],
    ["update", [2], [1, 2]],
    ["update", [3, "x", "y"]],
  ])
  assert.deepEqual(runs, [changes(0, 2, false, [2, 1])])
})

test("moves between changes divide them", () => {
  const { runs } = gathered([
    ["insert", [1]],
    ["moveFrom", [1]],
    ["moveTo", [2, "x"], [2]],
    ["update", [2]],
  ])
  assert.deepEqual(runs, [changes(0, 0, true), moves(1, 2, [2]), changes(3, 3)])
})

test("moves that do not touch one another happen at once", () => {
  const { runs } = gathered([
    ["moveFrom", [3]],
    ["moveTo", [4]],
    ["moveFrom", [2]],
    ["moveTo", [3]],
    ["moveFrom", [1]],
    ["moveTo", [2]],
  ])
  assert.deepEqual(runs, [moves(0, 5)])
})

test("a row that moves on begins a new run", () => {
  const { runs } = gathered([
    ["moveFrom", [1]],
    ["moveTo", [2]],
    ["moveFrom", [2]],
    ["moveTo", [3]],
    ["moveFrom", [3]],
    ["moveTo", [1]],
  ])
  assert.deepEqual(runs, [moves(0, 1), moves(2, 3), moves(4, 5)])
})

test("keys of several columns and of text are told apart", () => {
  const key = [1, 0]
  const pairs = (...rows: [number, string][]): Row[] =>
    rows.map(([id, text], index) => [index % 2 === 0 ? "moveFrom" : "moveTo", [id, text]])
  assert.equal(gathered(pairs([1, "a"], [11, ""], [1, "1"], [2, "b"]), key).runs.length, 1)
  assert.equal(gathered(pairs([1, "a"], [2, "b"], [2, "b"], [3, "c"]), key).runs.length, 2)
})

test("truncation forgets what came before it, and runs begin anew after it", () => {
  const { runs } = gathered([
    ["insert", [1]],
    ["moveFrom", [1]],
    ["moveTo", [2]],
    "truncate",
    ["moveFrom", [2]],
    ["moveTo", [3]],
    ["insert", [4]],
  ])
  assert.deepEqual(runs, [{ kind: "truncate" }, moves(3, 4), changes(5, 5, true)])
})

test("rows taken for staging go on being counted in the same sequence", async () => {
  const all = gathered([
    ["insert", [1]],
    ["insert", [2]],
  ])
  await all.stageRows(async (rows) => {
    assert.equal(rows.rows, 2)
    return { token: "part", rows: 2, bytes: 1 }
  })
  assert.equal(all.row, 0)
  assert.deepEqual(
    all.parts.map(({ token }) => token),
    ["part"],
  )
  putInt32(all.columns[0] as ColumnBuffer, 3)
  putNull(all.columns[1] as ColumnBuffer, all.row)
  putNull(all.columns[2] as ColumnBuffer, all.row)
  all.end("insert")
  assert.deepEqual(all.runs, [changes(0, 2, true)])
  assert.equal(all.rows.columns[3]?.bytes.readInt32LE(0), 2, "the sequence")
})
