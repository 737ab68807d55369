import assert from "node:assert/strict"
import { test } from "node:test"
import {
  isLive,
  type Look,
  type PipelineLook,
  progressLines,
  ratesBetween,
  summary,
  type TableLook,
} from "./progress.ts"
import { newScreen } from "./screen.ts"

const { style } = newScreen({ isTTY: false } as NodeJS.WriteStream, { LANG: "C.UTF-8" })

const synced: TableLook = {
  name: "orders",
  state: "Synced",
  reason: null,
  rows: 1_200_000,
  estimatedRows: 1_200_000,
  lagMs: 12.4,
}
const copying: TableLook = {
  ...synced,
  name: "items",
  state: "ResyncInitiated",
  rows: 250,
  estimatedRows: 1000,
  lagMs: null,
}
const waiting: TableLook = { ...copying, name: "late", rows: 0, estimatedRows: 0 }

function lookAt(tables: TableLook[], more: Partial<PipelineLook> = {}, atMs = 0, committed = 0): Look {
  const totals = { changes: 0, transactions: 0, batches: 0, stagedBytes: 0, copiedRows: 0, remediedTables: 0 }
  const lags = { lagP50Ms: 4.2, lagP99Ms: 20.9 }
  return { atMs, committed, pipeline: { phase: "streaming", ...lags, totals, tables, ...more } }
}

const noRates = { copiedRowsPerSecond: 0, changesPerSecond: 0, writesPerSecond: 0 }

test("each table has its bar, its rows and its state", () => {
  const lines = progressLines(lookAt([synced, copying, waiting]), noRates, style, 100)
  assert.equal(lines[0], `  orders  ${"█".repeat(28)}  1,200,000 rows  live, lag 12 ms`)
  assert.equal(lines[1], `  items   ${"█".repeat(7)}${"░".repeat(21)}        250 rows  of 1,000`)
  assert.equal(lines[2], `  late    ${"░".repeat(28)}          0 rows  waiting`)
})

test("where there is no room the bar goes first, and the summary takes more lines; nothing is wider than the terminal", () => {
  const usual = lookAt([synced])
  for (const columns of [48, 60, 80, 120]) {
    for (const line of progressLines(usual, noRates, style, columns)) assert.ok(line.length < columns, line)
  }
  assert.doesNotMatch(progressLines(usual, noRates, style, 48)[0] ?? "", /█/)
})

test("a failed table says why", () => {
  const failed: TableLook = { ...synced, state: "Failed", reason: "no key" }
  assert.match(progressLines(lookAt([failed]), noRates, style, 100)[0] ?? "", /Failed: no key$/)
})

test("rates are per second between two looks, and never below nothing", () => {
  const before = lookAt([], {}, 1000, 10)
  const totals = { ...before.pipeline.totals, changes: 500, copiedRows: 3000 }
  const rates = ratesBetween(before, lookAt([], { totals }, 1500, 60))
  assert.deepEqual(rates, { copiedRowsPerSecond: 6000, changesPerSecond: 1000, writesPerSecond: 100 })
  assert.equal(ratesBetween(lookAt([], { totals }, 0), before).changesPerSecond, 0)
})

test("it is live when it streams and no table is being copied", () => {
  assert.equal(isLive(lookAt([synced]).pipeline), true)
  assert.equal(isLive(lookAt([synced, copying]).pipeline), false)
  assert.equal(isLive(lookAt([]).pipeline), false)
  assert.equal(isLive(lookAt([synced], { phase: "waiting" }).pipeline), false)
})

test("the summary in one line", () => {
  assert.equal(
    summary(lookAt([synced]), { ...noRates, writesPerSecond: 300, changesPerSecond: 1900 }),
    "live: 300 writes/s, 1,900 changes/s applied, lag p50 4 ms p99 21 ms",
  )
  const copy = lookAt([copying], { phase: "copying" })
  assert.equal(summary(copy, { ...noRates, copiedRowsPerSecond: 250 }), "copying: 250 rows, 250 rows/s")
  assert.equal(summary(lookAt([copying], { phase: "streaming" }), noRates), "copying: 250 rows, 0 rows/s")
})
