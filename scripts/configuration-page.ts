/** Writes docs/operating/configuration.md from the schema in the code. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { configurationPage } from "./documentation/configuration.ts"

writeFileSync(join(import.meta.dirname, "..", "docs", "operating", "configuration.md"), configurationPage())
