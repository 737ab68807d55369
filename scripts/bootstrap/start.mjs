// node scripts/bootstrap/start.mjs ENTRY [ARGUMENT…]: what the npm scripts call.
import { run } from "./run.mjs"

const [entry, ...args] = process.argv.slice(2)
if (entry) {
  await run(entry, args)
} else {
  console.error("usage: node scripts/bootstrap/start.mjs ENTRY [ARGUMENT…]")
  process.exitCode = 2
}
