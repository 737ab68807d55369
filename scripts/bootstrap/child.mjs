// Loaded before the program, in the process that the bootstrap starts.
import { Socket } from "node:net"
import { isMainThread } from "node:worker_threads"

/** A terminal signals the whole group, and the bootstrap (and npm) pass the same signal on: it counts once. */
const SAME_SIGNAL_MS = 1_000
const PARENT_FD = 3

/** Undefined: we were not started by the bootstrap. @type {Socket | undefined} */
let parent

/** @type {Map<string | symbol, number>} */
const lastSeenMs = new Map()
const emit = process.emit.bind(process)

/** @type {(name: string, ...rest: unknown[]) => boolean} */
const emitOnce = (name, ...rest) => {
  if (isSignal(name)) {
    const now = performance.now()
    const before = lastSeenMs.get(name)
    lastSeenMs.set(name, now)
    tellSeen(name)
    if (before !== undefined && now - before < SAME_SIGNAL_MS) {
      // Two that ask for a reload may mean two files: the last is never lost.
      if (name === "SIGHUP") emitLater()
      return true
    }
  }
  return Reflect.apply(emit, process, [name, ...rest])
}

let isEmittingLater = false

function emitLater() {
  if (isEmittingLater) return
  isEmittingLater = true
  setTimeout(() => {
    isEmittingLater = false
    emit("SIGHUP", "SIGHUP")
  }, SAME_SIGNAL_MS).unref()
}

/**
 * The bootstrap passes on only what has not reached us by itself: see run.mjs.
 * @param {string} name
 */
function tellSeen(name) {
  if (parent?.writable) parent.write(`${name}\n`)
}

/**
 * @param {unknown} name
 * @returns {name is "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT"}
 */
function isSignal(name) {
  return name === "SIGINT" || name === "SIGTERM" || name === "SIGHUP" || name === "SIGQUIT"
}

/** Whoever kills the bootstrap outright means the program: it must not live on unseen. */
function endWithParent() {
  parent = new Socket({ fd: PARENT_FD, readable: true, writable: true })
  parent.on("close", () => process.kill(process.pid, "SIGKILL"))
  parent.on("error", () => process.kill(process.pid, "SIGKILL"))
  parent.resume()
  parent.unref()
}

// Processes and threads that the program starts may inherit our command line: this is not for them.
if (isMainThread && process.env.MILLRACE_BOOTSTRAP_PID === String(process.ppid)) {
  delete process.env.MILLRACE_BOOTSTRAP_PID
  Object.assign(process, { emit: emitOnce })
  endWithParent()
}
