import assert from "node:assert/strict"
import { test } from "node:test"
import { type Position, positionFrom } from "../domain/position.ts"
import type { TableSchema } from "../domain/table.ts"
import { Collector } from "./collector.ts"
import { type ColumnBuffer, putInt32 } from "./columns.ts"
import type { Work } from "./gathered.ts"

const table: TableSchema = {
  id: "1",
  schema: "s",
  name: "t",
  columns: [{ name: "id", type: { kind: "int32" }, sourceType: "integer" }],
  key: [0],
}
const at = (place: number): Position => positionFrom(String(place))

function newCollector(): Collector {
  const quiet = () => undefined
  const compare = (a: Position, b: Position) => Number(a) - Number(b)
  const hooks = { chunkDecoded: quiet, handedOver: quiet, refusal: quiet, altered: quiet, dropped: quiet }
  return new Collector({ ...hooks, rests: () => false, compare }, at(0))
}

function transaction(collector: Collector, place: number): void {
  collector.begin()
  const sink = collector.table(table)
  putInt32(sink.columns[0] as ColumnBuffer, place)
  sink.end("insert")
  collector.commit(at(place), place)
}

function kindAndPlace(work: Work | undefined): string {
  if (work?.kind === "batch") return `batch to ${work.gathered.position}`
  return work?.kind ?? "end"
}

test("standing still comes between what was gathered before and what comes after, also inside a transaction", async () => {
  const collector = newCollector()
  transaction(collector, 1)
  transaction(collector, 2)
  let stood = 0
  const done = collector.standStill(async () => void stood++)
  transaction(collector, 3)
  collector.begin()
  const before = await collector.next()
  assert.equal(kindAndPlace(before), "batch to 2")
  const still = await collector.next()
  assert.equal(still?.kind, "standStill")
  if (still?.kind === "standStill") await still.work()
  assert.equal(await done, true)
  assert.equal(stood, 1)
  collector.commit(at(4), 4)
  const after = collector.next()
  collector.chunkDecoded()
  assert.equal(kindAndPlace(await after), "batch to 4")
})

test("with nothing gathered it comes at once", async () => {
  const collector = newCollector()
  const work = collector.next()
  void collector.standStill(async () => undefined)
  assert.equal((await work)?.kind, "standStill")
})

test("what never runs is told so", async () => {
  const collector = newCollector()
  transaction(collector, 1)
  const waiting = collector.standStill(() => Promise.reject(new Error("must not run")))
  collector.close()
  assert.equal(await waiting, false)
  assert.equal(await collector.standStill(() => Promise.reject(new Error("must not run"))), false)
})

test("visible is what has been applied, and what the source says holds nothing for us behind it", async () => {
  const collector = newCollector()
  assert.equal(collector.visible, "0")
  transaction(collector, 5)
  collector.caughtUp(at(7))
  assert.equal(collector.visible, "0", "the transaction waits")
  await collector.next()
  collector.caughtUp(at(9))
  assert.equal(collector.visible, "0", "the transaction is being applied")
  const idle = collector.next()
  assert.equal(collector.visible, "9")
  collector.caughtUp(at(12))
  assert.equal(collector.visible, "12")
  transaction(collector, 13)
  collector.chunkDecoded()
  assert.equal(kindAndPlace(await idle), "batch to 13")
  transaction(collector, 14)
  collector.caughtUp(at(15))
  const next = collector.next()
  assert.equal(collector.visible, "13", "14 is gathered, not applied")
  await next
  void collector.next()
  assert.equal(collector.visible, "15")
})
