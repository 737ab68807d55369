/**
 * What became of the reloads of each process of a data folder: a signal carries no answer, so the process that got it writes one to a file of its
 * own, which `millrace reload` reads.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { processStart } from "../configuration/process-start.ts"
import { systemCode } from "../configuration/setup-error.ts"
import { draftPath } from "../configuration/trust/private-folder.ts"

/** Of one reload. */
export interface ReloadOutcome {
  /** Why nothing was taken over, one line each; empty: the rest holds. */
  mistakes: string[]
  /** Keys that have changed and apply. */
  applied: string[]
  /** Keys that have changed and take effect at the next start. */
  restart: string[]
}

export interface ReloadAnswer {
  pid: number
  startedAt: string
  /** How many reloads there were; 0: the process takes them, and has had none. */
  count: number
  last?: ReloadOutcome
}

function folderIn(dataDir: string): string {
  return join(dataDir, "reloads")
}

/** Says that this process takes reloads. Call `tell` after each; `leave` at the end. */
export async function answerReloads(dataDir: string): Promise<{
  tell(outcome: ReloadOutcome): Promise<void>
  leave(): Promise<void>
}> {
  const folder = folderIn(dataDir)
  const path = join(folder, String(process.pid))
  const mine: ReloadAnswer = {
    pid: process.pid,
    startedAt: processStart(process.pid) ?? "unknown",
    count: 0,
  }
  const write = async () => {
    const draft = draftPath(path)
    await writeFile(draft, JSON.stringify(mine), { mode: 0o600, flag: "wx" })
    await rename(draft, path)
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) if (!(await isLiving(folder, name))) await rm(join(folder, name))
  await write()
  return {
    async tell(outcome) {
      mine.count += 1
      mine.last = outcome
      await write()
    },
    leave: () => rm(path, { force: true }),
  }
}

/** The processes of a data folder that take reloads now. */
export async function reloadable(dataDir: string): Promise<ReloadAnswer[]> {
  const folder = folderIn(dataDir)
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return []
    throw error
  })
  const answers = await Promise.all(names.map((name) => readAnswer(folder, name)))
  return answers.filter((one) => one !== undefined).filter(lives)
}

async function isLiving(folder: string, name: string): Promise<boolean> {
  const answer = await readAnswer(folder, name)
  return answer !== undefined && lives(answer)
}

function lives({ pid, startedAt }: ReloadAnswer): boolean {
  return processStart(pid) === startedAt
}

/** `undefined`: it has gone, or it is the draft of a process that was killed. */
async function readAnswer(folder: string, name: string): Promise<ReloadAnswer | undefined> {
  if (!/^\d+$/.test(name)) return undefined
  try {
    return JSON.parse(await readFile(join(folder, name), "utf8"))
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined
    throw error
  }
}
