import assert from "node:assert/strict"
import { test } from "node:test"
import { type Position, positionFrom } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import { type ColumnBuffer, putInt32 } from "../values/columns.ts"
import { Batcher } from "./batcher.ts"
import type { Work } from "./open-batch.ts"

const table: TableSchema = {
  id: "1",
  schema: "s",
  name: "t",
  columns: [{ name: "id", type: { kind: "int32" }, sourceType: "integer" }],
  key: [0],
}
const at = (place: number): Position => positionFrom(String(place))

function newBatcher(): Batcher {
  const quiet = () => undefined
  const compare = (a: Position, b: Position) => Number(a) - Number(b)
  const hooks = { chunkDecoded: quiet, handedOver: quiet, refusal: quiet, altered: quiet, dropped: quiet }
  return new Batcher({ ...hooks, rests: () => false, compare }, at(0))
}

function transaction(batcher: Batcher, place: number): void {
  batcher.begin()
  const sink = batcher.table(table)
  putInt32(sink.columns[0] as ColumnBuffer, place)
  sink.end("insert")
  batcher.commit(at(place), place)
}

function kindAndPlace(work: Work | undefined): string {
  if (work?.kind === "batch") return `batch to ${work.gathered.position}`
  return work?.kind ?? "end"
}

test("standing still comes between what was gathered before and what comes after, also inside a transaction", async () => {
  const batcher = newBatcher()
  transaction(batcher, 1)
  transaction(batcher, 2)
  let stood = 0
  const done = batcher.standStill(async () => void stood++)
  transaction(batcher, 3)
  batcher.begin()
  const before = await batcher.next()
  assert.equal(kindAndPlace(before), "batch to 2")
  const still = await batcher.next()
  assert.equal(still?.kind, "standStill")
  if (still?.kind === "standStill") await still.work()
  assert.equal(await done, true)
  assert.equal(stood, 1)
  batcher.commit(at(4), 4)
  const after = batcher.next()
  batcher.chunkDecoded()
  assert.equal(kindAndPlace(await after), "batch to 4")
})

test("with nothing gathered it comes at once", async () => {
  const batcher = newBatcher()
  const work = batcher.next()
  void batcher.standStill(async () => undefined)
  assert.equal((await work)?.kind, "standStill")
})

test("what never runs is told so", async () => {
  const batcher = newBatcher()
  transaction(batcher, 1)
  const waiting = batcher.standStill(() => Promise.reject(new Error("must not run")))
  batcher.close()
  assert.equal(await waiting, false)
  assert.equal(await batcher.standStill(() => Promise.reject(new Error("must not run"))), false)
})

test("visible is what has been applied, and what the source says holds nothing for us behind it", async () => {
  const batcher = newBatcher()
  assert.equal(batcher.visible, "0")
  transaction(batcher, 5)
  batcher.caughtUp(at(7))
  assert.equal(batcher.visible, "0", "the transaction waits")
  await batcher.next()
  batcher.caughtUp(at(9))
  assert.equal(batcher.visible, "0", "the transaction is being applied")
  const idle = batcher.next()
  assert.equal(batcher.visible, "9")
  batcher.caughtUp(at(12))
  assert.equal(batcher.visible, "12")
  transaction(batcher, 13)
  batcher.chunkDecoded()
  assert.equal(kindAndPlace(await idle), "batch to 13")
  transaction(batcher, 14)
  batcher.caughtUp(at(15))
  const next = batcher.next()
  assert.equal(batcher.visible, "13", "14 is gathered, not applied")
  await next
  void batcher.next()
  assert.equal(batcher.visible, "15")
})
