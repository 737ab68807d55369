// Where Node keeps what it has compiled, so that the next start takes it from there: half of a start is compiling.
import { lstatSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"

/** Millrace is some 1,500 files, 12 MB. Node never removes what was compiled for other versions of them, or in other places. */
const FILES_LIMIT = 8_000

/**
 * Added to the environment of the program: the folder, or why there is none. A folder that the environment names already
 * is left to whoever named it.
 * @param {Record<string, string | undefined>} environment
 * @returns {{ NODE_COMPILE_CACHE?: string, MILLRACE_COMPILES_ANEW?: string }}
 */
export function compiledCode(environment) {
  const { NODE_COMPILE_CACHE: chosen, NODE_DISABLE_COMPILE_CACHE: isOff } = environment
  if (chosen !== undefined || isOff !== undefined) return {}
  try {
    const folder = ownFolder(cacheFolder(environment))
    if (readdirSync(folder, { recursive: true }).length > FILES_LIMIT) {
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
    }
    return { NODE_COMPILE_CACHE: folder }
  } catch (error) {
    return { MILLRACE_COMPILES_ANEW: error instanceof Error ? error.message : String(error) }
  }
}

/** @param {Record<string, string | undefined>} environment */
function cacheFolder({ XDG_CACHE_HOME: chosen }) {
  return chosen !== undefined && isAbsolute(chosen) ? chosen : join(homedir(), ".cache")
}

/**
 * Whoever can write there runs code as us: all of it must be ours, and closed to others' writing.
 * @param {string} base
 */
function ownFolder(base) {
  make(base)
  const millrace = join(realpathSync(base), "millrace")
  const folder = join(millrace, "compiled")
  checkOwn(realpathSync(base))
  for (const each of [millrace, folder]) {
    make(each)
    checkOwn(each)
  }
  return folder
}

/**
 * The folder above it must be there: accounts of services have a home that is not, and must not get one.
 * @param {string} folder
 */
function make(folder) {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
  }
}

/** @param {string} folder */
function checkOwn(folder) {
  const found = lstatSync(folder)
  if (!found.isDirectory()) throw new Error(`${folder} is no folder`)
  if (found.uid !== process.getuid?.()) throw new Error(`${folder} belongs to another user`)
  if ((found.mode & 0o022) !== 0) throw new Error(`other users may write into ${folder}`)
}
