import { randomUUID } from "node:crypto"
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

const WAIT_LIMIT_MS = 20 * 60_000
const POLL_INTERVAL_MS = 200
/** Above every possible process id. */
const NOBODYS_PID = 2_147_483_647

/**
 * Lets one process at a time do `work` in this checkout. A lock whose owner has died is taken over.
 * @param {string} root
 * @param {(holdFor: (pid: number) => void) => Promise<void>} work may name a process that the lock lives as long as,
 *   too: npm goes on when we are killed, and a second npm beside it would wreck both their work
 */
export async function withInstallLock(root, work) {
  const path = join(root, ".millrace-install-lock")
  const mine = { pid: process.pid, token: randomUUID() }
  const deadline = Date.now() + WAIT_LIMIT_MS
  while (!tryTake(path, mine)) {
    if (Date.now() > deadline)
      throw new Error(`another install seems to be running; if none is, remove ${path}`)
    await sleep(POLL_INTERVAL_MS)
  }
  const holdFor = (/** @type {number} */ worker) => replace(path, { ...mine, worker })
  try {
    await work(holdFor)
  } finally {
    if (readOwner(path)?.token === mine.token) rmSync(path, { force: true })
  }
}

/**
 * @typedef {{ pid: number, token: string, worker?: number }} Owner
 * @param {string} path
 * @param {Owner} mine
 */
function tryTake(path, mine) {
  const draft = `${path}-${mine.token}`
  writeFileSync(draft, JSON.stringify(mine))
  try {
    // A link appears with its content at once; a file that is opened first and written then may be seen empty.
    return createOnly(() => linkSync(draft, path)) || takeOver(path, draft)
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * @param {string} path
 * @param {Owner} owner
 */
function replace(path, owner) {
  const draft = `${path}-${owner.token}`
  writeFileSync(draft, JSON.stringify(owner))
  renameSync(draft, path)
}

/**
 * Each dead owner can be succeeded by one process only: the one that creates the file named after its token.
 * @param {string} path
 * @param {string} draft
 */
function takeOver(path, draft) {
  const owner = readOwner(path)
  if (!owner || isRunning(owner.pid) || (owner.worker && isRunning(owner.worker))) return false
  const claim = `${path}-after-${owner.token}`
  if (!createOnly(() => closeSync(openSync(claim, "wx")))) return false
  try {
    if (readOwner(path)?.token !== owner.token) return false
    renameSync(draft, path)
    return true
  } finally {
    rmSync(claim, { force: true })
  }
}

/** @param {() => void} create */
function createOnly(create) {
  try {
    create()
    return true
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false
    throw error
  }
}

/**
 * @param {string} path
 * @returns {Owner | undefined}
 */
function readOwner(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined
    // A power cut can leave it empty: whoever wrote it is dead.
    if (error instanceof SyntaxError) return { pid: NOBODYS_PID, token: "unreadable" }
    throw error
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return codeOf(error) === "EPERM"
  }
}

/**
 * Ended, but nobody collects it: so it stays in a container whose first process does not do that.
 * @param {number} pid
 */
function isZombie(pid) {
  if (process.platform !== "linux") return false
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z")
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESRCH") return true
    throw error
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? error.code : undefined
}
