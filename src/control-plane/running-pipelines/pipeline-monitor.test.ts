import assert from "node:assert/strict"
import { test } from "node:test"
import type { TableSchema } from "../../domain/table.ts"
import { newPipelineMonitor } from "./pipeline-monitor.ts"

const exact: TableSchema = {
  id: "1",
  schema: "public",
  name: "t",
  columns: [
    { name: "price", type: { kind: "decimal", precision: 10, scale: 2 }, sourceType: "numeric(10,2)" },
  ],
  key: [0],
}
const column = { name: "price", sourceType: "numeric(10,2)", keptAsText: "NaN" }
const asText: TableSchema = { ...exact, columns: [{ ...column, type: { kind: "text" } }] }

test("a table says why it is resynced, and what of it is kept as text", () => {
  const record = { integrationId: "i", sourceDatabase: "d", destinationDatabase: "d", sourceHandle: "h" }
  const monitor = newPipelineMonitor(record, [], { changed: () => undefined })
  const seen = () => [monitor.tables.get("1")?.state, monitor.tables.get("1")?.reason]
  const { reporter } = monitor
  reporter.copied(exact, { kind: "begun", estimatedRows: 1 })
  reporter.copied(exact, { kind: "unfit", column: "price", what: "NaN" })
  const why = "NaN came, which its column price cannot hold: it is resynced, with that column as text."
  assert.deepEqual(seen(), ["ResyncRequired", why])
  reporter.copied(asText, { kind: "begun", estimatedRows: 1 })
  assert.deepEqual(seen(), ["ResyncInitiated", null])
  reporter.copied(asText, { kind: "finished" })
  const kept = "Kept as text: price (NaN came). A resync tries the exact type again."
  assert.deepEqual(seen(), ["Synced", kept])
  reporter.streaming([asText])
  assert.deepEqual(seen(), ["Synced", kept])
  reporter.stale({ table: asText, kind: "unfit", column: "price", what: "NaN", reason: why })
  assert.deepEqual(seen(), ["ResyncRequired", why])
})

test("a batch without a transaction, of an altered table only, leaves lags and the latest commit as they were", () => {
  const record = { integrationId: "i", sourceDatabase: "d", destinationDatabase: "d", sourceHandle: "h" }
  const monitor = newPipelineMonitor(record, [], { changed: () => undefined })
  monitor.reporter.streaming([exact])
  const seen = () => [monitor.tables.get("1")?.lastLagMs, monitor.latestCommitMs]
  const batch = { changes: 0, stagedBytes: 0, position: undefined, tookMs: 1 }
  const altered = () =>
    monitor.reporter.applied({
      ...batch,
      tables: [{ table: exact, changes: 0 }],
      transactions: 0,
      firstCommittedAtMs: undefined,
      lastCommittedAtMs: undefined,
      visibleAtMs: 9_000,
    })
  altered()
  assert.deepEqual(seen(), [null, undefined])
  monitor.reporter.applied({
    ...batch,
    tables: [{ table: exact, changes: 1 }],
    transactions: 1,
    firstCommittedAtMs: 5_000,
    lastCommittedAtMs: 5_500,
    visibleAtMs: 6_000,
  })
  altered()
  assert.deepEqual(seen(), [1_000, 5_500])
})

test("a table says which of its columns' texts are cut, from when that is so", () => {
  const record = { integrationId: "i", sourceDatabase: "d", destinationDatabase: "d", sourceHandle: "h" }
  const monitor = newPipelineMonitor(record, [], { changed: () => undefined })
  const { reporter } = monitor
  const reason = () => monitor.tables.get("1")?.reason
  reporter.cutTexts?.(() => ["note"])
  reporter.copied(exact, { kind: "begun", estimatedRows: 1 })
  assert.equal(reason(), null)
  reporter.copied(exact, { kind: "finished" })
  assert.equal(reason(), "Texts longer than 65535 bytes are cut: note.")
  reporter.cutTexts?.(() => [])
  assert.equal(reason(), null)
  reporter.streaming([asText])
  reporter.cutTexts?.(() => ["note", "more"])
  const both =
    "Kept as text: price (NaN came). A resync tries the exact type again. Texts longer than 65535 bytes are cut: note, more."
  assert.equal(reason(), both)
})
