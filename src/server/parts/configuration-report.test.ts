import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { defaultConfiguration, loadConfiguration } from "../../configuration/load.ts"
import { engines } from "../registries.ts"
import { configurationReport } from "./configuration-report.ts"

const written = (days: number) => `sources: []
warehouses: [{ arn: "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main", engine: duckdb }]
audit: { keep_days: ${days} }
`

test("a configuration that came from no file is compared with none", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace configuration "))
  const before = process.cwd()
  context.after(() => {
    process.chdir(before)
    rmSync(folder, { recursive: true })
  })
  process.chdir(folder)
  writeFileSync("millrace.yaml", written(30))
  const made = defaultConfiguration(folder, engines)
  const report = configurationReport({ configuration: made, engines })
  assert.deepEqual(report, { file: null, mistakes: [], reload: [], restart: [], sections: [] })

  const path = join(folder, "millrace.yaml")
  const loaded = loadConfiguration(path, {}, engines)
  assert.ok("ok" in loaded)
  writeFileSync(path, written(31))
  const changed = configurationReport({ configuration: loaded.ok, engines })
  assert.deepEqual([changed.file, ...changed.reload, ...changed.restart], [path, "audit"])
})
