/** Writes docs/operating/errors.md from the tables in the code; `--check` only compares. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { errorPage } from "./documentation/errors.ts"

const path = join(import.meta.dirname, "..", "docs", "operating", "errors.md")

if (process.argv.includes("--check")) {
  if (readFileSync(path, "utf8") !== errorPage()) {
    console.error("docs/operating/errors.md differs from the code: run node scripts/error-page.ts")
    process.exitCode = 1
  }
} else {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, errorPage())
}
