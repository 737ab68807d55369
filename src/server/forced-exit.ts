import { Worker } from "node:worker_threads"

/**
 * Ends the process at once, with that exit status, whatever its threads do. `process.exit` waits for the threads of the
 * pool, and so for a call of the warehouse's engine that cannot be stopped. Whatever has to be written is written before:
 * nothing that is only in memory is kept.
 */
export function exitNow(status: 0 | 1): never {
  // The image of the process is replaced: all threads end, the status remains ours.
  if (process.execve !== undefined && process.platform !== "win32")
    process.execve("/bin/sh", ["sh", "-c", `exit ${status}`], {})
  process.kill(process.pid, "SIGKILL")
  return process.exit(status)
}

/**
 * Kills the process after `afterMs`, also while its main thread is inside a native call that does not come back: no
 * timer of its own would fire then. Does not keep it alive.
 */
export function killAfter(afterMs: number): void {
  const code = `setTimeout(() => process.kill(process.pid, "SIGKILL"), ${afterMs})`
  new Worker(code, { eval: true, stdout: false }).unref()
}
