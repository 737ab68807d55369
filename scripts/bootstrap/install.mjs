// `npm ci`, but only when it is needed, and never twice at once.
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { withInstallLock } from "./install-lock.mjs"

const INSTALL_LIMIT_MS = 15 * 60_000

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string | string[],
 *   cpu?: string | string[], libc?: string | string[] }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} LockFile
 */

/**
 * Makes node_modules fit package-lock.json. An installed package has no lock file and needs nothing.
 * @param {string} root
 */
export async function ensureInstalled(root) {
  if (!existsSync(join(root, "package-lock.json")) || isInstalled(root)) return
  if (!mayWrite(root)) {
    throw new Error(`the dependencies are not installed and ${root} is read-only. As its owner, run: npm ci`)
  }
  await withInstallLock(root, async (holdFor) => {
    if (isInstalled(root)) return
    console.error("millrace: installing dependencies (npm ci), only needed once …")
    await npmCi(root, holdFor)
    writeFileSync(stampPath(root), stampOf(root))
  })
}

/**
 * Our stamp says that an install of exactly this lock file ended well; npm ci empties node_modules first, so an
 * interrupted one leaves no stamp. What `npm install` brought is as good, and npm's own record tells that.
 * @param {string} root
 */
function isInstalled(root) {
  if (existsSync(stampPath(root)) && readFileSync(stampPath(root), "utf8") === stampOf(root)) return true
  const record = join(root, "node_modules", ".package-lock.json")
  if (!existsSync(record)) return false
  const present = packagesIn(record)
  const wanted = packagesIn(join(root, "package-lock.json"))
  return Object.entries(wanted).every(
    ([path, locked]) => path === "" || fits(root, path, locked, present[path]),
  )
}

/**
 * @param {string} root
 * @param {string} path
 * @param {LockedPackage} wanted
 * @param {LockedPackage | undefined} present
 */
function fits(root, path, wanted, present) {
  if (!present) return wanted.optional === true && !isForThisMachine(wanted)
  if (present.version !== wanted.version || present.integrity !== wanted.integrity) return false
  return existsSync(join(root, path, "package.json"))
}

/** @param {LockedPackage} wanted */
function isForThisMachine({ os, cpu, libc }) {
  if (os === undefined || cpu === undefined || libc !== undefined) return false
  return [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch)
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function packagesIn(file) {
  try {
    /** @type {LockFile} */
    const parsed = JSON.parse(readFileSync(file, "utf8"))
    return parsed.packages ?? {}
  } catch {
    // Cut off by an interrupted install: as if nothing were there.
    return {}
  }
}

/** @param {string} root */
function stampPath(root) {
  return join(root, "node_modules", ".millrace-installed")
}

/**
 * The platform belongs to it: a folder shared between a laptop and a container has one node_modules.
 * @param {string} root
 */
function stampOf(root) {
  const lock = readFileSync(join(root, "package-lock.json"))
  return `${createHash("sha256").update(lock).digest("hex")} ${process.platform}-${process.arch}\n`
}

/** @param {string} path */
function mayWrite(path) {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The npm that runs us, or else the one on the PATH. @returns {[string, ...string[]]} */
function npmCommand() {
  const running = process.env.npm_execpath
  return running?.endsWith("npm-cli.js") && existsSync(running) ? [process.execPath, running] : ["npm"]
}

/**
 * @param {string} root
 * @param {(pid: number) => void} holdFor
 */
async function npmCi(root, holdFor) {
  const [program, ...first] = npmCommand()
  // No package of ours needs its install script; see docs/decisions. Errors stay, npm's remarks go.
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
  const args = [...first, "ci", "--ignore-scripts", "--include=dev", "--include=optional", ...quiet]
  const cache = mayWrite(homedir()) ? undefined : join(root, ".millrace-npm-cache")
  try {
    await runNpm(program, args, root, cache, holdFor)
  } finally {
    if (cache) rmSync(cache, { recursive: true, force: true })
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} cwd
 * @param {string | undefined} cache an own cache for an account without a home
 * @param {(pid: number) => void} holdFor
 * @returns {Promise<void>}
 */
function runNpm(program, args, cwd, cache, holdFor) {
  const env = cache ? { ...process.env, npm_config_cache: cache } : process.env
  // Everything goes to standard error: standard output belongs to the program that follows.
  const npm = spawn(program, args, { cwd, env, stdio: ["ignore", 2, 2], timeout: INSTALL_LIMIT_MS })
  if (npm.pid) holdFor(npm.pid)
  const pass = (/** @type {NodeJS.Signals} */ signal) => npm.kill(signal)
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, pass)
  return new Promise((resolve, reject) => {
    npm.once("error", (error) => reject(new Error(`cannot run npm, which comes with Node: ${error.message}`)))
    npm.once("exit", (code, signal) => {
      for (const each of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.off(each, pass)
      if (code === 0) return resolve()
      const what = signal ? `was ended by ${signal}` : `failed with exit code ${code}`
      reject(new Error(`npm ci ${what}. Its own words are above; when mended, start again.`))
    })
  })
}
