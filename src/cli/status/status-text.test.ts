import assert from "node:assert/strict"
import { describe as group, test } from "node:test"
import type { EngineReport } from "../../control-plane/pipelines/status.ts"
import { describe } from "./status-text.ts"

const lastEnd = { reason: "was ended by SIGSEGV", at: "2026-03-01T09:12:44.100Z" }
const shown: [EngineReport | null, string][] = [
  [null, ""],
  [{ isUp: true, replacements: 0, lastEnd: null }, ""],
  [{ isUp: false, replacements: 0, lastEnd: null }, "! the engine process is starting\n"],
  [
    { isUp: false, replacements: 1, lastEnd },
    "! the engine process is away and another one is starting; the one before was ended by SIGSEGV, at 2026-03-01T09:12:44Z\n",
  ],
  [
    { isUp: true, replacements: 1, lastEnd },
    "engine process replaced once; the one before was ended by SIGSEGV, at 2026-03-01T09:12:44Z\n",
  ],
  [
    { isUp: true, replacements: 1200, lastEnd },
    "engine process replaced 1,200 times; the one before was ended by SIGSEGV, at 2026-03-01T09:12:44Z\n",
  ],
]

group("status of the engine process", () => {
  for (const [engine, text] of shown)
    test(JSON.stringify(engine), () => {
      const nothing = {
        unopenedDatabases: [],
        unobservedWarehouses: [],
        directWarehouses: [],
        integrations: [],
      }
      assert.equal(describe({ ...nothing, engine }), `${text}no integrations\n`)
    })
})
