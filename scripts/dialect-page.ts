/** Writes the table of cases into docs/sql/dialect.md; `npm run check` compares. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { dialectPage } from "./documentation/dialect.ts"

const path = join(import.meta.dirname, "..", "docs", "sql", "dialect.md")
writeFileSync(path, dialectPage(readFileSync(path, "utf8")))
