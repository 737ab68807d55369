/**
 * A program of its own, without a command: it loads all that `serve` and its processes load, and ends. To keep what a
 * process has compiled takes it a second of processor time, and blocks its event loop meanwhile.
 */
import { writeFileSync } from "node:fs"
import { flushCompileCache } from "node:module"
import { loadParts } from "../../server/parts/load-parts.ts"
import { allRoles } from "../../server/roles.ts"
import { compiledMark } from "./compiled-code.ts"
import "./serve.ts"
import "./supervise.ts"

await loadParts(allRoles)
// Before the mark: whoever sees that may rely on what was compiled.
flushCompileCache()
const mark = compiledMark()
if (mark !== undefined) writeFileSync(mark, "")
