import { test } from "node:test"
import { spoolInterleavings } from "./spool-interleavings.ts"

const seedVariable = "MILLRACE_TEST_SEED"
const firstSeed = Number(process.env[seedVariable] ?? Date.now() % 1_000_000)
const scenes = 8
const sceneMs = 20_000

for (let seed = firstSeed; seed < firstSeed + scenes; seed++)
  test(`whatever goes wrong around the spool, each row comes once, ${seedVariable}=${seed}`, async (context) => {
    const counts = await spoolInterleavings(context, { seed, ms: sceneMs })
    context.diagnostic(JSON.stringify(counts))
  })
