/** Where the files of a run of tests lie. */
import { accessSync, constants, readFileSync, statfsSync } from "node:fs"
import { tmpdir } from "node:os"

const memoryFolder = "/dev/shm"
const gibibyte = 2 ** 30
/** A run of all tests holds less than half of it at once. */
const neededBytes = 6 * gibibyte
/** The files are memory: tests and servers need as much beside them. */
const neededMemoryBytes = 2 * neededBytes

/**
 * In memory where this machine has room: tests make hundreds of databases and data folders, which are thousands of small
 * files each second, and making a file on a disk takes five times the processor time. A folder that `TMPDIR` names wins.
 */
export function runFolderParent(): string {
  return process.env.TMPDIR === undefined && hasRoomInMemory() ? memoryFolder : tmpdir()
}

function hasRoomInMemory(): boolean {
  if (process.platform !== "linux" || !isMemoryForPrograms() || !isWritable()) return false
  const { bavail, bsize } = statfsSync(memoryFolder)
  return bavail * bsize >= neededBytes && process.availableMemory() >= neededMemoryBytes
}

/** Containers often forbid programs there, and tests install some. */
function isMemoryForPrograms(): boolean {
  return readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, place]) => place === memoryFolder)
    .some(([, , kind, options = ""]) => kind === "tmpfs" && !options.split(",").includes("noexec"))
}

function isWritable(): boolean {
  try {
    accessSync(memoryFolder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    // Another user's, or closed: the run has the usual place.
    return false
  }
}
