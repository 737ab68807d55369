/** Writes docs/governance/routes.md from the routes in the code. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { governanceRoutePage } from "./documentation/governance-routes.ts"

writeFileSync(join(import.meta.dirname, "..", "docs", "governance", "routes.md"), governanceRoutePage())
