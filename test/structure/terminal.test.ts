import assert from "node:assert/strict"
import { test } from "node:test"
import { filesOf } from "./source-files.ts"

/** They make what they print printable; the demo's screen is handed the stream by the demo. */
const ways = ["src/cli/output.ts"]

test("nothing is written to a terminal but through src/cli/output.ts", async () => {
  const found = []
  for (const { path, text } of await filesOf("src/**/*.ts"))
    if (!path.endsWith(".test.ts") && /process\.(stdout|stderr)\.write|console\.\w+\(/.test(text))
      found.push(path)
  assert.deepEqual(found, ways)
})
