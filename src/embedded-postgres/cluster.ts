import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  writeFile,
} from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { type Account, accountToRunAs, type Launcher, launcherFor } from "./account.ts"
import { type PostgresBinaries, packagedBinaries } from "./binaries.ts"
import { isRunning } from "./processes.ts"

const run = promisify(execFile)
const INITDB_LIMIT_MS = 120_000

/** A data folder that is ready to be started, and all that starting it takes. */
export interface Cluster {
  /** PGDATA, without symbolic links. */
  data: string
  logFile: string
  password: string
  binaries: PostgresBinaries
  launcher: Launcher
  account: Account | undefined
  log: (line: string) => void
}

/**
 * Makes the cluster of `folder` on first use, or finds it. The cluster is built beside its place and moved there in
 * one step together with its password, so an interrupted or a double first start leaves either all of it or nothing.
 * @throws when initdb fails
 */
export async function openCluster(
  folder: string,
  log: (line: string) => void,
  given?: PostgresBinaries,
): Promise<Cluster> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const base = await realpath(folder)
  const binaries = given ?? (await packagedBinaries(join(base, "lib")))
  const account = await accountToRunAs()
  const launcher = await launcherFor(account, [base, binaries.postgres])
  await removeAbandoned(base)
  const place = join(base, "cluster")
  if ((await readPassword(place)) === undefined) {
    log(`making a PostgreSQL cluster in ${place}`)
    await build(base, place, binaries, account, launcher)
  }
  const password = await readPassword(place)
  if (password === undefined)
    throw new Error(`${place} exists but is not a cluster of Millrace: it has no password file.`)
  return {
    data: join(place, "data"),
    logFile: join(base, "server.log"),
    password,
    binaries,
    launcher,
    account,
    log,
  }
}

/** PGDATA of a cluster that was made in `folder`; `undefined` when there is none. */
export async function existingData(folder: string): Promise<string | undefined> {
  try {
    return join(await realpath(folder), "cluster", "data")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

async function readPassword(place: string): Promise<string | undefined> {
  try {
    return await readFile(join(place, "password"), "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

async function build(
  base: string,
  place: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
  launcher: Launcher,
): Promise<void> {
  const draft = await mkdtemp(join(base, `new-${process.pid}-`))
  const passwordFile = join(draft, "password")
  await writeFile(passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 })
  for (const path of [draft, passwordFile]) if (account) await chown(path, account.uid, account.gid)
  await initdb(join(draft, "data"), passwordFile, binaries, launcher)
  await appendFile(join(draft, "data", "postgresql.conf"), "\ninclude_if_exists = 'millrace.conf'\n")
  await moveUnlessThere(draft, place)
}

async function initdb(
  data: string,
  passwordFile: string,
  binaries: PostgresBinaries,
  launcher: Launcher,
): Promise<void> {
  const [program = "", ...rest] = [...launcher.prefix, binaries.initdb]
  const choices = ["--username=postgres", "--encoding=UTF8", "--auth=scram-sha-256"]
  const all = [
    ...rest,
    `--pgdata=${data}`,
    `--pwfile=${passwordFile}`,
    ...choices,
    ...binaries.localeArguments,
  ]
  const options = {
    ...launcher.ids,
    cwd: dirname(data),
    env: serverEnvironment(binaries),
    timeout: INITDB_LIMIT_MS,
  }
  try {
    await run(program, all, options)
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new Error(`initdb could not make a PostgreSQL cluster in ${data}: ${stderr?.trim() || message}`)
  }
}

/** Nothing of the caller's PG* variables or locale may leak into a server of ours. */
export function serverEnvironment(binaries: PostgresBinaries): Record<string, string> {
  return { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC", ...binaries.environment }
}

/** Another start may have been quicker: then its cluster stands and ours goes. */
async function moveUnlessThere(draft: string, place: string): Promise<void> {
  await chmod(draft, 0o700)
  try {
    await rename(draft, place)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (!["ENOTEMPTY", "EEXIST"].includes(String((error as NodeJS.ErrnoException).code))) throw error
  }
}

/** Drafts whose maker was killed. */
async function removeAbandoned(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const maker = /^new-(\d+)-/.exec(name)?.[1]
    if (maker === undefined || (await isRunning(Number(maker)))) continue
    // Its initdb may still be writing; it fails as soon as it misses what is gone.
    await rm(join(base, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
