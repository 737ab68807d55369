import assert from "node:assert/strict"
import { test } from "node:test"
import type { VerificationReport, VerifiedTable } from "../../control-plane/pipelines/verification-report.ts"
import { conclusionOf } from "./conclusion.ts"

const equal: VerifiedTable = {
  sourceDatabase: "shop",
  schema: "public",
  name: "orders",
  outcome: "equal",
  reason: null,
  position: "0/1",
  sourceRows: 1200,
  warehouseRows: 1200,
  differences: 0,
  atLeast: false,
  examples: [],
  keyColumns: ["id"],
}

function report(tables: VerifiedTable[], total = tables.length): VerificationReport {
  return { state: "finished", startedAt: "", finishedAt: "", error: null, total, tables }
}

test("equal only when every table is", () => {
  assert.deepEqual(conclusionOf(report([equal, { ...equal, name: "customers", sourceRows: 34 }])), {
    kind: "equal",
    tables: 2,
    rows: 1234,
  })
  assert.equal(conclusionOf(report([equal], 2)).kind, "different")
  assert.equal(conclusionOf(report([])).kind, "different")
})

test("what differs is named, and a table that was not compared is no success", () => {
  const examples: VerifiedTable["examples"] = [{ kind: "missing", key: ["7"] }]
  const differs: VerifiedTable = { ...equal, name: "views", outcome: "differs", differences: 1, examples }
  const skipped: VerifiedTable = {
    ...equal,
    name: "items",
    outcome: "skipped",
    reason: "It is being copied.",
  }
  const conclusion = conclusionOf(report([equal, differs, skipped]))
  assert.ok(conclusion.kind === "different")
  assert.deepEqual(conclusion.lines, [
    "public.views  DIFFERS  1 rows differ at 0/1.\n  id=7: not in the warehouse",
    "public.items  skipped It is being copied.",
    "demo failed: 2 of 3 tables are not equal",
  ])
})
