import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { IntegrationReport, PipelineReport, StatusReport } from "../../control-plane/pipelines/status.ts"
import { filtered, isWell, type StatusFilter } from "./status.ts"
import { describe as shownAs } from "./status-text.ts"

function pipeline(states: Record<string, string>, phase = "streaming"): PipelineReport {
  const tables = Object.entries(states).map(([name, state]) => ({
    ...{ schema: "public", name, state, reason: null, rows: 1, estimatedRows: 1, changes: 0 },
    ...{ lagMs: 3, verified: null },
  }))
  return {
    ...{ sourceDatabase: "shop", destinationDatabase: "shop", phase, owner: null, observedMsAgo: 0 },
    ...{ lagMs: 12, lagP50Ms: null, lagP99Ms: null, retention: null, relief: null, tables },
    totals: { changes: 0, rows: 0 } as unknown as PipelineReport["totals"],
  }
}

function integration(name: string, status: string, pipelines: PipelineReport[]): IntegrationReport {
  return { id: `id-${name}`, arn: `arn:${name}`, name, status, errors: [], waiting: [], pipelines }
}

function report(...integrations: IntegrationReport[]): StatusReport {
  return { integrations, unopenedDatabases: [], unobservedWarehouses: [], directWarehouses: [], engine: null }
}

const both = report(
  integration("a", "active", [pipeline({ orders: "Synced", logs: "Failed" })]),
  integration("b", "needs_attention", [pipeline({ orders: "Synced" })]),
)

const fits: [Partial<StatusFilter>, string[]][] = [
  [{}, ["a: orders logs", "b: orders"]],
  [{ integration: "a" }, ["a: orders logs"]],
  [{ integration: "arn:b" }, ["b: orders"]],
  [{ integration: "id-b" }, ["b: orders"]],
  [{ state: "failed" }, ["a: logs"]],
  [{ state: "needs_attention" }, ["b: orders"]],
  [{ table: "public.orders" }, ["a: orders", "b: orders"]],
  [{ table: "public.orders", state: "Failed" }, []],
  [{ integration: "a", table: "public.logs" }, ["a: logs"]],
]

describe("what status shows", () => {
  for (const [filter, expected] of fits)
    it(JSON.stringify(filter), () => {
      const { integrations } = filtered(both, {
        ...{ integration: undefined, state: undefined, table: undefined },
        ...filter,
      })
      const names = integrations.map(
        (one) =>
          `${one.name}: ${one.pipelines.flatMap(({ tables }) => tables.map(({ name }) => name)).join(" ")}`,
      )
      assert.deepEqual(names, expected)
    })

  it("begins with the count of each state", () => {
    assert.match(
      shownAs(both),
      /^2 integrations: 1 active, 1 needs_attention; 3 tables: 1 Failed, 2 Synced; lag up to 12 ms\n\na {2}active/,
    )
  })
})

const healthy = integration("a", "active", [pipeline({ orders: "Synced" })])
const engine = { isUp: true, replacements: 3, lastEnd: null }
const health: [string, StatusReport, boolean][] = [
  ["nothing at all", report(), true],
  ["streaming", report(healthy), true],
  ["an engine that is up again", { ...report(healthy), engine }, true],
  ["an engine that is away", { ...report(healthy), engine: { ...engine, isUp: false } }, false],
  ["a failed table", report(integration("a", "active", [pipeline({ logs: "Failed" })])), false],
  ["a status for a person", report(integration("a", "needs_attention", [])), false],
  ["an error", report({ ...healthy, errors: [{ code: "X", message: "x" }] }), false],
  [
    "a pipeline of which nothing is known",
    report(integration("a", "active", [pipeline({}, "unknown")])),
    false,
  ],
  ["a warehouse that nobody reports on yet", { ...report(), unobservedWarehouses: ["arn"] }, true],
]

describe("whether what status shows is well", () => {
  for (const [name, given, expected] of health) it(name, () => assert.equal(isWell(given), expected))
})
