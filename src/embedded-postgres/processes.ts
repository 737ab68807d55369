import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"

const run = promisify(execFile)
const POLL_INTERVAL_MS = 20

/** Whether a process runs: one that has ended but was not yet collected by its parent (a zombie) does not. */
export async function isRunning(pid: number): Promise<boolean> {
  if (!exists(pid)) return false
  const state = process.platform === "linux" ? await stateFromProc(pid) : (await fromPs("stat=", pid))?.trim()
  return Boolean(state) && !state?.startsWith("Z")
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists, as someone else's.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

async function stateFromProc(pid: number): Promise<string | undefined> {
  const stat = await readProc(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(")") + 2)
}

/**
 * Whether this process was started with `argument`. A server of ours names its data folder there, so this tells it
 * from a stranger that was given the same process id. (Its working folder would tell too, but root in a container
 * may not read that of another user's process.)
 */
export async function wasStartedWith(pid: number, argument: string): Promise<boolean> {
  if (process.platform !== "linux") return (await fromPs("command=", pid))?.includes(argument) ?? false
  const commandLine = await readProc(`/proc/${pid}/cmdline`)
  return commandLine?.split("\0").includes(argument) ?? false
}

/**
 * Whether the process that was started with `argument` is still there. One on its way out is: its memory is gone and
 * with it its command line, but it may still hold files and ports.
 */
export async function isStillThere(pid: number, argument: string): Promise<boolean> {
  if (!(await isRunning(pid))) return false
  if (await wasStartedWith(pid, argument)) return true
  return process.platform === "linux" && (await readProc(`/proc/${pid}/cmdline`)) === ""
}

async function readProc(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8")
  } catch (error) {
    // The process may end between two looks.
    if (["ENOENT", "ESRCH"].includes(String((error as NodeJS.ErrnoException).code))) return undefined
    throw error
  }
}

async function fromPs(column: string, pid: number): Promise<string | undefined> {
  try {
    return (await run("ps", ["-o", column, "-p", String(pid)])).stdout
  } catch (error) {
    // ps ends with 1 when there is no such process.
    if ((error as { code?: unknown }).code === 1) return undefined
    throw error
  }
}

/** Polls until `condition` holds; answers whether it did within `limitMs`. */
export async function becomes(condition: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() >= deadline) return false
    await sleep(POLL_INTERVAL_MS)
  }
  return true
}
