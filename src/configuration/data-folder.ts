import { link, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { processStart } from "./process-start.ts"
import { SetupError, systemCode } from "./setup-error.ts"
import { draftPath, ensurePrivateFolder, removeDeadDrafts } from "./trust/private-folder.ts"

/**
 * What is locked. `installation`: the data folder with its state database; one Millrace owns it at a time. `worker`: its
 * warehouses, pipelines and spools; one process opens them at a time, which may be a child of the installation's owner.
 */
export type LockKind = "installation" | "worker"

const fileNames: Record<LockKind, string> = { installation: "lock", worker: "worker-lock" }

/**
 * A lock is a file `lock.<n>` (or `worker-lock.<n>`) with the owner's process id and start time.
 * Who starts looks at the highest n; if its owner has let go or is dead, it makes lock.<n+1> as a hard link to a finished
 * draft, which succeeds for exactly one. The numbers only grow and the highest file is never removed (letting go
 * marks it), so someone who looked long ago can only make a file below the highest, sees that, and steps back.
 */
export interface DataFolderLock {
  /** Lets go. Repeatable. */
  release(): Promise<void>
}

/** Which lock, of which folder. */
interface LockPlace {
  dataDir: string
  kind: LockKind
}

interface Owner {
  pid: number
  startedAt: string
}

/** Each round was lost to another start; more than a few at once mean that something else is wrong. */
const maxRounds = 20

/**
 * Makes data_dir (0700) and takes it, or its part `kind`, for this process. A lock left by a dead process is taken over.
 *
 * @throws SetupError naming the process that has it, or that the folder cannot be used.
 */
export async function lockDataFolder(
  dataDir: string,
  kind: LockKind = "installation",
): Promise<DataFolderLock> {
  await ensurePrivateFolder(dataDir)
  const place = { dataDir, kind }
  const draft = draftPath(join(dataDir, fileNames[kind]))
  const owner: Owner = { pid: process.pid, startedAt: processStart(process.pid) ?? "unknown" }
  try {
    await writeFile(draft, JSON.stringify(owner), { mode: 0o600, flag: "wx" })
    for (let round = 0; round < maxRounds; round++) {
      const number = await tryOnce(place, draft)
      if (number === undefined) continue
      await removeDeadDrafts(dataDir)
      return { release: () => release(place, number) }
    }
  } catch (error) {
    if (error instanceof SetupError) throw error
    throw new SetupError(
      `data_dir ${dataDir} cannot be locked (${systemCode(error) ?? error}): choose another one.`,
      {
        cause: error,
      },
    )
  } finally {
    await rm(draft, { force: true })
  }
  throw new SetupError(
    `data_dir ${dataDir} is being started by others over and over: see what starts Millrace.`,
  )
}

/** The number of the lock taken, or undefined if the look of things has changed meanwhile. */
async function tryOnce(place: LockPlace, draft: string): Promise<number | undefined> {
  const highest = (await lockNumbers(place)).at(-1) ?? 0
  const holder = highest === 0 ? undefined : await readOwner(place, highest)
  if (holder === "gone") return undefined
  if (holder !== undefined && processStart(holder.pid) === holder.startedAt) throw heldBy(place, holder.pid)
  const mine = highest + 1
  if (!(await linkUnlessThere(draft, lockPath(place, mine)))) return undefined
  const all = await lockNumbers(place)
  if (all.at(-1) !== mine) {
    await rm(lockPath(place, mine), { force: true })
    return undefined
  }
  for (const old of all.slice(0, -1)) await rm(lockPath(place, old), { force: true })
  return mine
}

function heldBy({ dataDir, kind }: LockPlace, pid: number): SetupError {
  switch (kind) {
    case "installation":
      return new SetupError(
        `data_dir ${dataDir} is in use by another Millrace (process ${pid}): stop that one, or choose another data_dir.`,
      )
    case "worker":
      return new SetupError(
        `The warehouses and pipelines of data_dir ${dataDir} are in use by another Millrace (process ${pid}): stop that one, or choose another data_dir.`,
      )
  }
}

function lockPath({ dataDir, kind }: LockPlace, number: number): string {
  return join(dataDir, `${fileNames[kind]}.${number}`)
}

/** Ascending. */
async function lockNumbers({ dataDir, kind }: LockPlace): Promise<number[]> {
  const before = `${fileNames[kind]}.`
  return (await readdir(dataDir))
    .flatMap((name) =>
      name.startsWith(before) && /^[0-9]{1,15}$/.test(name.slice(before.length))
        ? [Number(name.slice(before.length))]
        : [],
    )
    .sort((a, b) => a - b)
}

/** Undefined when its owner has let go; `gone` when a newer lock has replaced it meanwhile. */
async function readOwner(place: LockPlace, number: number): Promise<Owner | undefined | "gone"> {
  try {
    return ownerFrom(await readFile(lockPath(place, number), "utf8"))
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "gone"
    throw error
  }
}

/** A lock is linked only when it is whole: what does not read as one was left by a crash of the machine. */
function ownerFrom(text: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(text)
    if (typeof owner !== "object" || owner === null || !("pid" in owner) || !("startedAt" in owner))
      return undefined
    const { pid, startedAt } = owner
    return typeof pid === "number" && typeof startedAt === "string" ? { pid, startedAt } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function linkUnlessThere(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false
    throw error
  }
}

async function release(place: LockPlace, number: number): Promise<void> {
  const path = lockPath(place, number)
  const owner = await readOwner(place, number)
  if (owner === undefined || owner === "gone" || owner.pid !== process.pid) return
  const empty = draftPath(path)
  await writeFile(empty, "released", { mode: 0o600, flag: "wx" })
  await rename(empty, path)
}
