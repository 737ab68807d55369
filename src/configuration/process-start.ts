import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { systemCode } from "./setup-error.ts"

/**
 * When a process started, in whatever form the system tells it: equal only for the same process, so that a process id
 * that was given out anew is not taken for the old owner. Undefined when there is no such process.
 */
export function processStart(pid: number): string | undefined {
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid)
}

function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name in parentheses may itself hold spaces and parentheses; the state follows it, the start is 19 fields on.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19]
  } catch (error) {
    const code = systemCode(error)
    if (code === "ENOENT" || code === "ESRCH") return undefined
    throw error
  }
}

function fromPs(pid: number): string | undefined {
  try {
    const options = {
      encoding: "utf8",
      timeout: 5_000,
      env: { LC_ALL: "C", PATH: process.env.PATH ?? "" },
    } as const
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      ...options,
      stdio: "pipe",
    }).trim()
    return started === "" ? undefined : started
  } catch (error) {
    // ps ends with 1 when there is no such process.
    if (error instanceof Error && "status" in error && error.status === 1) return undefined
    throw error
  }
}
