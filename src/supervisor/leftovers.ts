import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { processStart } from "../configuration/process-start.ts"
import { systemCode } from "../configuration/setup-error.ts"
import { draftPath } from "../configuration/trust/private-folder.ts"

/**
 * A supervisor that is killed cannot end its processes. They end by themselves when its channel closes; but one that is frozen
 * does not, and would keep its port and its files. So their process ids stand in a file, and the next supervisor ends what is left.
 */

const pollMs = 10
const endLimitMs = 5_000

function pathIn(dataDir: string): string {
  return join(dataDir, "processes")
}

/** Writes down the processes that live now, by their names. Those of one folder only: with its lock. */
export function recordProcesses(dataDir: string, pids: Readonly<Record<string, number | undefined>>): void {
  const living = Object.entries(pids).flatMap(([name, pid]) => {
    const startedAt = pid === undefined ? undefined : processStart(pid)
    return startedAt === undefined ? [] : [{ name, pid, startedAt }]
  })
  const draft = draftPath(pathIn(dataDir))
  writeFileSync(draft, JSON.stringify(living), { mode: 0o600, flag: "wx" })
  renameSync(draft, pathIn(dataDir))
}

/**
 * Ends what an earlier supervisor of this folder has left behind, and waits for its end. Call it with the folder's lock, which
 * proves that supervisor dead. The process ids that were ended. Throws when one does not end within 5 s.
 */
export async function endLeftovers(dataDir: string): Promise<number[]> {
  const left = recordedIn(dataDir).filter(lives)
  for (const { pid } of left) signalUnlessGone(pid)
  const deadline = performance.now() + endLimitMs
  while (left.some(lives)) {
    if (performance.now() > deadline)
      throw new Error(
        `processes of an earlier Millrace do not end: ${left.filter(lives).map(({ pid }) => pid)}`,
      )
    await sleep(pollMs)
  }
  return left.map(({ pid }) => pid)
}

interface Recorded {
  name?: string
  pid: number
  startedAt: string
}

function lives({ pid, startedAt }: Recorded): boolean {
  return processStart(pid) === startedAt
}

function recordedIn(dataDir: string): Recorded[] {
  try {
    const listed: unknown = JSON.parse(readFileSync(pathIn(dataDir), "utf8"))
    return Array.isArray(listed) ? listed.filter(isRecorded) : []
  } catch (error) {
    // None yet, or cut off by a crash of the machine, which ended them.
    if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return []
    throw error
  }
}

function isRecorded(one: unknown): one is Recorded {
  if (typeof one !== "object" || one === null || !("pid" in one) || !("startedAt" in one)) return false
  return Number.isInteger(one.pid) && Number(one.pid) > 1 && typeof one.startedAt === "string"
}

function signalUnlessGone(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch (error) {
    if (systemCode(error) !== "ESRCH") throw error
  }
}
