import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { statSync } from "node:fs"
import { getCompileCacheDir } from "node:module"
import { constants, setPriority } from "node:os"
import { extname, join } from "node:path"
import type { Log } from "../../wire/http/log.ts"

/** The sources of a clone change under the same name: what has changed since is compiled anew until then. */
const markLastsMs = 24 * 60 * 60_000

/** Compiled, this file and its neighbours have another extension. */
const program = join(import.meta.dirname, `compile-ahead${extname(import.meta.filename)}`)

/** A file that says that this program's code is in the folder of compiled code; `undefined`: there is no such folder. */
export function compiledMark(): string | undefined {
  const folder = getCompileCacheDir()
  const name = createHash("sha256").update(program).digest("hex").slice(0, 16)
  return folder === undefined ? undefined : join(folder, `whole-${name}`)
}

/**
 * Has the program compiled for the next start, by a process beside this one that takes processors only where they are idle.
 * Once a day at most. Where there is no folder for it (`scripts/bootstrap/compiled-code.mjs`), the log says why.
 */
export function compileAhead(log: Log): void {
  const reason = process.env.MILLRACE_COMPILES_ANEW
  if (reason !== undefined)
    log.info({ reason }, "each start compiles the program anew, which takes it longer")
  const mark = compiledMark()
  if (mark === undefined || isRecent(mark)) return
  const child = spawn(process.execPath, [...process.execArgv, program], { stdio: "ignore" })
  child.on("error", () => undefined)
  child.unref()
  if (child.pid !== undefined) yieldProcessors(child.pid)
}

function isRecent(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false })
  return found !== undefined && Date.now() - found.mtimeMs < markLastsMs
}

function yieldProcessors(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // It has ended already.
  }
}
