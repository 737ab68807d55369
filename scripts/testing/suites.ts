/**
 * Servers of other Debian suites than the machine's own, for tests. Their packages are downloaded by the machine's own apt
 * (signatures are checked by its keyring) and unpacked into a cache folder: nothing is installed into the system.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  programOf,
  type SuiteServer,
  suiteServerFolder,
  suiteServers,
  unpackedRoot,
} from "../../test/support/suite-servers.ts"

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
const aptLimitMs = 300_000

/** Brings each server that the cache does not have. What cannot be had is said; its tests are skipped. */
export function fetchSuiteServers(): void {
  for (const server of Object.values(suiteServers)) {
    if (unpackedRoot(server) !== undefined || isInstalled(server)) continue
    console.error(`fetching for the tests: ${server.name} of Debian ${server.suite}`)
    try {
      fetchServer(server)
    } catch (error) {
      // Not fatal: the tests that need it say so.
      console.error(`${server.name} cannot be had: ${error instanceof Error ? error.message : error}`)
    }
  }
}

function isInstalled({ installed }: SuiteServer): boolean {
  return installed !== undefined && existsSync(installed)
}

function fetchServer(server: SuiteServer): void {
  const folder = suiteServerFolder(server)
  mkdirSync(folder, { recursive: true })
  const work = mkdtempSync(join(folder, "fetching-"))
  try {
    const options = aptOptions(work, server.suite)
    apt("apt-get", [...options, "-qq", "update"], work)
    const names = [...namesWithDependencies(server, options, work), ...(server.alone ?? [])]
    const downloads = join(work, "downloads")
    mkdirSync(downloads)
    apt("apt-get", [...options, "-qq", "download", ...names], downloads)
    const root = join(work, "root")
    mkdirSync(root)
    for (const name of readdirSync(downloads)) apt("dpkg-deb", ["-x", join(downloads, name), root], work)
    if (!existsSync(join(root, server.program))) throw new Error(`no ${server.program} in its packages`)
    // Last and in one step: another run never sees half a server.
    const place = join(folder, versionOf(readdirSync(downloads), server))
    for (const program of server.scripts ?? []) putScript(root, place, program)
    if (!existsSync(place)) renameSync(root, place)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** In the place of a program a script that starts it, when all is in its place, as programOf says. */
function putScript(root: string, place: string, program: string): void {
  const path = join(root, program)
  renameSync(path, `${path}.elf`)
  const { command, args } = programOf(root, `${program}.elf`)
  const words = [command, ...args].map((word) => `"${word.replaceAll(root, place)}"`)
  writeFileSync(path, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`, { mode: 0o755 })
}

/** apt with lists and a cache of its own, so that the machine's are left as they are. */
function aptOptions(work: string, suite: string): string[] {
  for (const part of ["lists/partial", "cache/archives/partial"])
    mkdirSync(join(work, part), { recursive: true })
  const list = join(work, "sources.list")
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : ""
  // What the machine has installed is no candidate: its versions are of another suite.
  const status = join(work, "status")
  writeFileSync(status, "")
  writeFileSync(list, `deb ${signed}${mirror()} ${suite} main\n`)
  const settings = {
    "Dir::Etc::sourcelist": list,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": join(work, "lists"),
    "Dir::State::status": status,
    "Dir::Cache": join(work, "cache"),
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  }
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])
}

/** Where the machine's own apt finds the suite that it runs: not its security updates, which are elsewhere. */
function mirror(): string {
  const format = "$(ORIGIN)|$(RELEASE)|$(SITE)"
  const lines = apt("apt-get", ["indextargets", "--format", format], ".").split("\n")
  const sites = lines.map((line) => line.split("|"))
  const own = sites.find(([origin, release]) => origin === "Debian" && !release?.endsWith("-security"))
  if (own?.[2] === undefined) throw new Error("this machine's apt knows no mirror of Debian")
  return own[2]
}

function namesWithDependencies(
  { packages, without = [] }: SuiteServer,
  options: string[],
  work: string,
): string[] {
  const kinds = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"]
  const leaveOut = kinds.map((kind) => `--no-${kind}`)
  const listed = apt("apt-cache", [...options, "depends", "--recurse", ...leaveOut, ...packages], work)
  const isWanted = (name: string) =>
    /^\w/.test(name) && !without.some((beginning) => name.startsWith(beginning))
  return [...new Set(listed.split("\n").filter(isWanted))]
}

function versionOf(files: string[], { packages: [name] }: SuiteServer): string {
  const file = files.find((each) => each.startsWith(`${name}_`))
  return file?.split("_")[1] ?? "unknown"
}

function apt(command: string, args: string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    timeout: aptLimitMs,
    maxBuffer: 1 << 27,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr.slice(0, 1_000)}`)
  return stdout
}
