import assert from "node:assert/strict"
import { test } from "node:test"
import type { Integration, IntegrationStatus } from "../../domain/integration.ts"
import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import { newPipelineMonitor } from "../running-pipelines/pipeline-monitor.ts"
import { healthOf } from "./health.ts"

const table = (id: string): TableSchema => ({
  id,
  schema: "public",
  name: `t${id}`,
  columns: [],
  key: undefined,
})

function scene() {
  const record = { integrationId: "i", sourceDatabase: "d", destinationDatabase: "d", sourceHandle: "h" }
  const monitor = newPipelineMonitor(record, [], { changed: () => undefined })
  let status: IntegrationStatus = "creating"
  const look = () => {
    const integration = { status, isFilterPending: false, errors: [] } as Partial<Integration> as Integration
    const health = healthOf(integration, [monitor], false)
    status = health.status
    return [health.status, health.errors.map(({ code, message }) => `${code} ${message}`)]
  }
  return { ...monitor, reporter: monitor.reporter, look }
}

const kept = { kind: "yielded", reason: "TRUNCATE waited for it." } as const

test("an integration is being created until tables that the first copy had to leave out are there", () => {
  const { reporter, look } = scene()
  reporter.phase("copying")
  reporter.snapshot([table("1"), table("2")], [])
  reporter.copied(table("1"), { kind: "finished" })
  reporter.copied(table("2"), kept)
  reporter.phase("streaming")
  reporter.streaming([table("1")])
  assert.deepEqual(look(), ["creating", []])
  reporter.copied(table("2"), { kind: "begun", estimatedRows: 1 })
  assert.deepEqual(look(), ["creating", []])
  reporter.incrementalSnapshotFailed(new Problem("sourceBusy", "A transaction is open."), [table("2")])
  assert.deepEqual(look(), ["creating", ["TABLE_FAILED Table public.t2: A transaction is open."]])
  reporter.copied(table("2"), { kind: "begun", estimatedRows: 1 })
  reporter.copied(table("2"), { kind: "finished" })
  assert.deepEqual(look(), ["active", []])
  // A later resync leaves the table readable.
  reporter.copied(table("2"), { kind: "begun", estimatedRows: 1 })
  assert.deepEqual(look(), ["active", []])
})

test("what a snapshot has failed with is not shown while the next one comes on", () => {
  const { reporter, look } = scene()
  reporter.phase("waiting")
  reporter.problem(new Problem("sourceUnreachable", "It is away."))
  assert.equal(look()[0], "needs_attention")
  reporter.phase("copying")
  assert.equal(look()[0], "needs_attention")
  reporter.problem(undefined)
  assert.deepEqual(look(), ["syncing", []])
})
