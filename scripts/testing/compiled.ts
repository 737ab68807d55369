import { execFileSync } from "node:child_process"
import { join } from "node:path"

/**
 * Each test file, and each Millrace that a test starts, is a process: compiling the sources takes it as long as the rest
 * of its start. What they are compiled to is kept in the run's folder. A process keeps it when it ends by itself, and
 * most that tests start are killed: hence one that does nothing else.
 */
export function keepCompiled(root: string, folder: string): void {
  process.env.NODE_COMPILE_CACHE ??= join(folder, "compiled")
  const program = join(root, "src", "cli", "serve", "compile-ahead.ts")
  execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", program], { stdio: "inherit" })
}
