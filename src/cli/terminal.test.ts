/** Whatever names, values and messages of others are: each line of ours stays one line, and none holds what a terminal obeys. */
import assert from "node:assert/strict"
import { describe as group, test } from "node:test"
import fc from "fast-check"
import type { VerifiedTable } from "../control-plane/pipelines/verification-report.ts"
import { described } from "./audit.ts"
import { newScreen } from "./demo/screen/screen.ts"
import { describe } from "./status/status-text.ts"
import { textTable } from "./text-table.ts"
import { describeVerified } from "./verify.ts"
import "../../test/support/seed.ts"

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const hostile = fc.string({
  unit: fc.constantFrom(
    "\n",
    "\r",
    "\x1b[2J",
    "\x9b1A",
    "\x07",
    "\0",
    "\u202e",
    "\u2067",
    "\u2028",
    "\u200b",
    "\ud83c",
    "name",
    " ",
    "ö",
  ),
  minLength: 1,
  maxLength: 8,
})

/** As many lines as plain names have, and nothing in them that is obeyed. */
function holds(textOf: (name: string) => string): void {
  const lines = textOf("plain").split("\n").length
  fc.assert(
    fc.property(hostile, (name) => {
      const text = textOf(name)
      assert.equal(text.split("\n").length, lines, JSON.stringify(text))
      assert.ok(!unprintable.test(text.replaceAll("\n", "")), JSON.stringify(text))
    }),
    { numRuns: 300 },
  )
}

const table = (name: string) => ({
  schema: name,
  name,
  state: name,
  reason: name,
  rows: 1,
  estimatedRows: 1,
  changes: 1,
  lagMs: 1,
  verified: { position: name, at: "2026-03-01T09:12:44Z", differences: 1 },
})

function owner(name: string) {
  const place = { host: name, hostName: name, processId: 1, isPinned: true, file: name }
  return { ...place, generation: 1, isOwned: true }
}

group("what a terminal is shown", () => {
  test("status", () => {
    holds((name) =>
      describe(
        // Members that reports have besides these are printed by the same function.
        JSON.parse(
          JSON.stringify({
            unopenedDatabases: [{ name, reason: name, remedy: name }],
            unobservedWarehouses: [name],
            directWarehouses: [{ arn: name, engine: name, host: name, port: 1, database: name }],
            engine: { isUp: false, replacements: 1, lastEnd: { reason: name, at: name } },
            integrations: [
              {
                id: name,
                arn: name,
                name,
                status: name,
                errors: [{ code: name, message: name }],
                waiting: [name],
                pipelines: [
                  {
                    sourceDatabase: name,
                    destinationDatabase: name,
                    phase: name,
                    owner: owner(name),
                    lagMs: 1,
                    lagP50Ms: 1,
                    lagP99Ms: 1,
                    totals: { changes: 1 },
                    retention: {
                      status: name,
                      retainedBytes: 1,
                      budgetBytes: 1,
                      policy: name,
                      safeBytes: 1,
                      bytesPerSecond: 1,
                      secondsToLoss: 1,
                      at: "",
                    },
                    relief: null,
                    tables: [table(name), table("other")],
                  },
                ],
              },
            ],
          }),
        ),
      ),
    )
  })

  test("verify, each outcome", () => {
    for (const outcome of ["equal", "skipped", "repaired", "recopying", "differs"] as const)
      holds((name) => {
        const verified: VerifiedTable = {
          sourceDatabase: name,
          schema: name,
          name,
          outcome,
          reason: name,
          position: name,
          sourceRows: 1,
          warehouseRows: 1,
          differences: 9,
          atLeast: true,
          keyColumns: [name],
          examples: [{ kind: "missing", key: [name, null] }],
        }
        return describeVerified(verified)
      })
  })

  test("audit", () => {
    holds((name) =>
      described([
        {
          id: 1,
          at: "2026-03-01T09:12:44Z",
          requestId: name,
          door: name,
          operation: name,
          accessKeyId: name,
          policy: name,
          address: name,
          resource: name,
          parameters: {},
          outcome: name,
        },
      ]),
    )
  })

  test("rows of a statement", () => {
    holds((name) =>
      textTable(
        [name, "b"],
        [
          [name, null],
          ["x", name],
        ],
      ),
    )
  })

  test("the demo's screen; its own colours stay", () => {
    const written: string[] = []
    const out = Object.assign(Object.create(process.stdout), {
      isTTY: true,
      columns: 80,
      rows: 24,
      write: (text: string) => written.push(text),
    })
    const screen = newScreen(out, { TERM: "xterm" })
    screen.say(`${screen.style.bold("a")} \x1b[2J\u202e`)
    screen.live(["b\x1b]0;title\x07\nc"])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what the screen itself draws with
    const text = written.join("").replaceAll(/\x1b\[(\?25[lh]|\d+[mFJ]|J)/g, "")
    assert.equal(text, "a \\u{1b}[2J\\u{202e}\nb\\u{1b}]0;title\\u{7}\\nc\n")
  })
})
