import { readFileSync } from "node:fs"
import { systemCode } from "../configuration/setup-error.ts"

/**
 * How much of the time since the last call a process's main thread had a processor or wanted none, from 0 to 1. On a machine with
 * too much to do, one that says nothing may only be waiting for its turn: to end it then would add the work of another start.
 */
export type ProcessorShare = (sinceMs: number) => number

/** In the kernel's unit, which is the same on every Linux that Node runs on. */
const tickMs = 10

export function newProcessorShare(pid: number): ProcessorShare {
  let last = mainThread(pid)
  return (sinceMs) => {
    const now = mainThread(pid)
    const before = last
    last = now
    if (before === undefined || now === undefined || !now.isRunnable) return 1
    return Math.min(1, (now.processorMs - before.processorMs) / sinceMs)
  }
}

interface MainThread {
  processorMs: number
  /** It has a processor or waits for one; it does not wait for anything else and is not stopped. */
  isRunnable: boolean
}

/** `undefined`: the system does not say, or the process has ended. */
function mainThread(pid: number): MainThread | undefined {
  if (process.platform !== "linux") return undefined
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8")
    // Behind the name in brackets, which may hold anything: the state, and eleven fields further the times of user and system.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    const ticks = Number(fields[11]) + Number(fields[12])
    return { processorMs: ticks * tickMs, isRunnable: fields[0] === "R" }
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(systemCode(error) ?? "")) return undefined
    throw error
  }
}
