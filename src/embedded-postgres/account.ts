import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { promisify } from "node:util"

const run = promisify(execFile)

/** An account of the operating system. */
export interface Account {
  name: string
  uid: number
  gid: number
}

/**
 * How to start a program as the account that PostgreSQL runs as: the command to put in front of it (empty: none)
 * and the ids to spawn it with.
 */
export interface Launcher {
  prefix: string[]
  ids: { uid: number; gid: number } | Record<string, never>
}

/** PostgreSQL refuses to run as root. `undefined`: we are an ordinary user, and it runs as that. */
export async function accountToRunAs(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").flatMap(parseAccount)
  const found =
    accounts.find(({ name }) => name === "postgres") ?? accounts.find(({ name }) => name === "nobody")
  if (found) return found
  throw new Error(
    "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody` to run it as. " +
      "Start Millrace as an ordinary user, or create one: useradd --system postgres",
  )
}

function parseAccount(line: string): Account[] {
  const [name, , uid, gid] = line.split(":")
  if (!name || !uid || !gid || uid === "0") return []
  return [{ name, uid: Number(uid), gid: Number(gid) }]
}

/**
 * Finds a way to run programs as `account` that lets them reach every path of `paths`. Folders above may be closed
 * to that account (a data folder is 0700 root); then the programs keep root's right to pass through closed
 * folders, and nothing else of root's.
 * @throws when no way works
 */
export async function launcherFor(account: Account | undefined, paths: string[]): Promise<Launcher> {
  if (!account) return { prefix: [], ids: {} }
  const plain: Launcher = { prefix: [], ids: { uid: account.uid, gid: account.gid } }
  if (await reaches(plain, paths)) return plain
  for (const capability of ["dac_read_search", "dac_override"]) {
    const keeping: Launcher = { prefix: keep(account, capability), ids: {} }
    if (await reaches(keeping, paths)) return keeping
  }
  throw new Error(
    `PostgreSQL must run as the user \`${account.name}\` (not as root), and that user cannot reach ${paths.join(" or ")}. ` +
      "Choose a data_dir (and an installation folder) that every user may pass through, or start Millrace as an ordinary user.",
  )
}

function keep(account: Account, capability: string): string[] {
  const ids = ["--reuid", String(account.uid), "--regid", String(account.gid), "--clear-groups"]
  return [
    "setpriv",
    ...ids,
    // PostgreSQL's programs look for each other with access(2), which without this ignores the right that is kept.
    "--securebits",
    "+no_setuid_fixup",
    "--inh-caps",
    `-all,+${capability}`,
    "--ambient-caps",
    `-all,+${capability}`,
    "--",
  ]
}

async function reaches(launcher: Launcher, paths: string[]): Promise<boolean> {
  const probe = [
    "/bin/sh",
    "-c",
    'for path do [ -r "$path" ] && [ -x "$path" ] || exit 1; done',
    "sh",
    ...paths,
  ]
  const [program = "", ...rest] = [...launcher.prefix, ...probe]
  return run(program, rest, { ...launcher.ids, timeout: 10_000 }).then(
    () => true,
    () => false,
  )
}
