import assert from "node:assert/strict"
import { test } from "node:test"
import { type Position, positionFrom } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import { Batcher } from "../batch/batcher.ts"
import type { GatheredBatch } from "../batch/open-batch.ts"
import { type ColumnBuffer, putInt32 } from "../values/columns.ts"
import type { TableLoad } from "./warehouse.ts"

const table: TableSchema = {
  id: "1",
  schema: "s",
  name: "t",
  columns: [{ name: "id", type: { kind: "int32" }, sourceType: "integer" }],
  key: [0],
  revision: "first",
}
const revised: TableSchema = { ...table, revision: "second" }
const at = (place: number): Position => positionFrom(String(place))

function newBatcher(): Batcher {
  const quiet = () => undefined
  const compare = (a: Position, b: Position) => Number(a) - Number(b)
  const refusal = () => "nothing may be altered"
  const hooks = { chunkDecoded: quiet, handedOver: quiet, refusal, altered: quiet, dropped: quiet }
  return new Batcher({ ...hooks, rests: () => false, compare }, at(0))
}

function insert(batcher: Batcher, id: number): void {
  const sink = batcher.table(table)
  putInt32(sink.columns[0] as ColumnBuffer, id)
  sink.end("insert")
}

async function nextBatch(batcher: Batcher): Promise<GatheredBatch> {
  const next = batcher.next()
  batcher.chunkDecoded()
  const work = await next
  if (work?.kind !== "batch") throw new Error(`not a batch: ${work?.kind}`)
  return work.gathered
}

test("what a source notes of a table lasts with the batch, between the rows before and after", async () => {
  const batcher = newBatcher()
  batcher.begin()
  insert(batcher, 1)
  batcher.revised(revised)
  insert(batcher, 2)
  batcher.commit(at(1), 1)
  const { tables, stale } = await nextBatch(batcher)
  assert.deepEqual(
    tables.map((one) => [one.table.revision, one.count, one.decodedAlteration?.to.revision]),
    [
      ["first", 1, undefined],
      ["second", 1, "second"],
    ],
  )
  assert.deepEqual(stale, [])
})

test("while a table is copied it lasts with the copy, which goes on", async () => {
  const batcher = newBatcher()
  batcher.hold(table)
  batcher.begin()
  batcher.revised(revised)
  insert(batcher, 1)
  batcher.commit(at(1), 1)
  void batcher.adopt(table, {} as TableLoad, at(1))
  const { adopted, tables, stale } = await nextBatch(batcher)
  assert.deepEqual(
    adopted.map(({ changes }) => [changes.revised?.revision, changes.count]),
    [["second", 1]],
  )
  assert.deepEqual([tables, stale], [[], []])
})

test("between the copy and its batch it lasts with the copy, too", async () => {
  const batcher = newBatcher()
  batcher.hold(table)
  void batcher.adopt(table, {} as TableLoad, at(0))
  batcher.begin()
  batcher.revised(revised)
  insert(batcher, 1)
  batcher.commit(at(1), 1)
  const { adopted } = await nextBatch(batcher)
  assert.deepEqual(
    adopted.map(({ changes }) => changes.revised?.revision),
    ["second"],
  )
})
