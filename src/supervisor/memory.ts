import { readFileSync } from "node:fs"
import { totalmem } from "node:os"

/** Of the machine's memory. Above it the kernel would soon end a process of its own choice. */
const shareOfMachine = 0.85

/** The resident memory at which a process is ended where none is configured: of the machine, or of the container around it. */
export function defaultMemoryLimitBytes(): number {
  const constrained = process.constrainedMemory()
  const machine = totalmem()
  // Without a container around it, the system says 0 or a number beyond every machine.
  return Math.floor((constrained > 0 && constrained < machine ? constrained : machine) * shareOfMachine)
}

/** The resident memory of a process; `undefined`: the system does not say, or the process has ended. */
export function residentBytes(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(String((error as NodeJS.ErrnoException).code))) return undefined
    throw error
  }
}
