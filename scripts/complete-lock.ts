/**
 * Writes into package-lock.json the optional packages that npm left out. npm leaves one out when the registry in use
 * does not have it (mirrors often lack other platforms' binaries), and then `npm ci` refuses the whole file
 * everywhere. Version and platform are known from what asks for it; only the checksum cannot be.
 * `--check` changes nothing and fails if something is missing.
 */
import { readFileSync, writeFileSync } from "node:fs"

interface Locked {
  version: string
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  dev?: boolean
  optionalDependencies?: Record<string, string>
}

interface LockFile {
  packages: Record<string, Locked>
}

const path = new URL("../package-lock.json", import.meta.url)

function leftOut(lock: LockFile): Map<string, Locked> {
  const missing = new Map<string, Locked>()
  for (const asking of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(asking.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`
      if (!lock.packages[key]) missing.set(key, entryFor(name, version, asking.dev === true))
    }
  }
  return missing
}

function entryFor(name: string, version: string, dev: boolean): Locked {
  const platform = /-(android|darwin|linux|win32)-(arm64|x64)(-musl)?$/.exec(name)
  if (!platform || !/^\d+\.\d+\.\d+/.test(version)) {
    throw new Error(
      `${name}@${version} is missing from package-lock.json, and neither its platform nor version is plain`,
    )
  }
  const [, os = "", cpu = "", musl] = platform
  const libc = musl ? { libc: ["musl"] } : {}
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), ...libc, optional: true, os: [os] }
}

const lock = JSON.parse(readFileSync(path, "utf8")) as LockFile
const missing = leftOut(lock)
if (missing.size === 0) {
  console.log("package-lock.json is complete")
} else if (process.argv.includes("--check")) {
  console.error(
    `package-lock.json lacks ${[...missing.keys()].join(", ")}: run node scripts/complete-lock.ts`,
  )
  process.exitCode = 1
} else {
  lock.packages = Object.fromEntries(
    [...Object.entries(lock.packages), ...missing].sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`added ${[...missing.keys()].join(", ")}`)
}
