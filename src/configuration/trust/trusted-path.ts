import { accessSync, constants, lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs"
import { dirname, isAbsolute, join, resolve } from "node:path"
import { systemCode } from "../setup-error.ts"

/** As whom files are used. */
export interface FileUser {
  uid: number
  /** The primary group first. */
  gids: readonly number[]
}

/** The user of this process; undefined where the system has no such users (Windows). */
export function fileUser(): FileUser | undefined {
  const { geteuid, getegid, getgroups } = process
  if (geteuid === undefined || getegid === undefined || getgroups === undefined) return undefined
  return { uid: geteuid(), gids: [getegid(), ...getgroups()] }
}

/**
 * How somebody else could change what a path leads to, with the statement that ends it; undefined: nobody could, or there is
 * nothing yet. The last part, every symbolic link on the way and every folder passed are looked at:
 *
 * - each belongs to `user` or to root (for root: to root);
 * - nobody else may write the last part. A folder on the way may be written by others if it is sticky, as /tmp is: they cannot
 *   replace in it what is not theirs. A group that has no other member is no other (a private group, or a volume's);
 * - what is mounted read-only is trusted: whoever set up the container mounted it, and its modes mean nothing.
 */
export function intrusion(path: string, user: FileUser | undefined = fileUser()): string | undefined {
  if (user === undefined) return undefined
  for (const part of partsOf(resolve(path))) {
    const found = part.isLast ? ofLast(part, user) : ofPassed(part, user)
    if (found !== undefined) return found
  }
  return undefined
}

/** As `intrusion`, of a file in a folder that was looked at before: only the file itself, at the end of its links. */
export function intrusionAtLast(path: string, user: FileUser | undefined = fileUser()): string | undefined {
  if (user === undefined) return undefined
  const last = [...partsOf(resolve(path))].find(({ isLast }) => isLast)
  return last === undefined ? undefined : ofLast(last, user)
}

interface Part {
  path: string
  stats: Stats
  isLast: boolean
}

const linksAtMost = 40

/** From the root on, links resolved as the system does; ends where there is nothing, or nothing that may be seen. */
function* partsOf(path: string): Generator<Part> {
  let names = path.split("/").filter((name) => name !== "")
  let at = "/"
  for (let links = 0; links <= linksAtMost; ) {
    const isLast = names.length === 0
    const stats = statsOf(at)
    if (stats === undefined) return
    yield { path: at, stats, isLast: isLast && !stats.isSymbolicLink() }
    if (stats.isSymbolicLink()) {
      links++
      const target = readlinkSync(at)
      names = [...target.split("/").filter((name) => name !== "" && name !== "."), ...names]
      at = isAbsolute(target) ? "/" : dirname(at)
      continue
    }
    const [next, ...rest] = names
    if (next === undefined) return
    names = rest
    at = next === ".." ? dirname(at) : join(at, next)
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch (error) {
    const code = systemCode(error)
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return undefined
    throw error
  }
}

function ofPassed({ path, stats }: Part, user: FileUser): string | undefined {
  if (!stats.isSymbolicLink() && isReadOnly(path)) return undefined
  if (isForeign(stats, user)) {
    const what = stats.isSymbolicLink() ? "the symbolic link" : "the folder on the way"
    return `${what} ${path} belongs to another user (uid ${stats.uid}), who can replace what is in it: use a path through folders of your own or of root, or run \`chown -h ${user.uid} ${quoted(path)}\``
  }
  if (stats.isSymbolicLink() || (stats.mode & 0o1000) !== 0) return undefined
  return writers(path, stats, user, "the folder on the way ")
}

function ofLast({ path, stats }: Part, user: FileUser): string | undefined {
  if (isReadOnly(path)) return undefined
  if (isForeign(stats, user))
    return `${path} belongs to another user (uid ${stats.uid}): run Millrace as that user, or run \`chown ${user.uid} ${quoted(path)}\``
  // Terminals and pipes are open to whom the system opens them.
  return stats.isFile() || stats.isDirectory() ? writers(path, stats, user, "") : undefined
}

function isForeign({ uid }: Stats, user: FileUser): boolean {
  return uid !== 0 && uid !== user.uid
}

function writers(path: string, { mode, gid }: Stats, user: FileUser, what: string): string | undefined {
  const shown = `${what}${path} may be written by`
  const bits = (mode & 0o7777).toString(8)
  if ((mode & 0o002) !== 0) return `${shown} every user (mode ${bits}): run \`chmod o-w ${quoted(path)}\``
  if ((mode & 0o020) !== 0 && !isOwnGroup(gid, user))
    return `${shown} group ${gid} (mode ${bits}): run \`chmod g-w ${quoted(path)}\``
  return undefined
}

/** By permission alone root may write everywhere: only the file system says that nobody may. */
function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return false
  } catch (error) {
    return systemCode(error) === "EROFS"
  }
}

/** Whether the user is in the group and nobody else is, by the machine's own lists. Root may write anyway. */
function isOwnGroup(gid: number, { uid, gids }: FileUser): boolean {
  if (!gids.includes(gid) || !areListsComplete()) return false
  const users = entriesOf("/etc/passwd").map(([name, , id, group]) => ({
    name,
    uid: Number(id),
    gid: Number(group),
  }))
  const isOther = (other: { uid: number }) => other.uid !== uid && other.uid !== 0
  const members = entriesOf("/etc/group")
    .filter(([, , id]) => Number(id) === gid)
    .flatMap(([, , , names = ""]) => names.split(",").filter((name) => name !== ""))
  return !users.some((one) => isOther(one) && (one.gid === gid || members.includes(one.name ?? "")))
}

/** Where a directory service names users, too, the lists do not tell who else is in a group; those of macOS name nobody. */
function areListsComplete(): boolean {
  if (process.platform === "darwin") return false
  const local = new Set(["files", "systemd", "compat", "altfiles", ""])
  return (
    entriesOf("/etc/nsswitch.conf")
      .filter(([name = ""]) => /^\s*(passwd|group|initgroups)\s*$/.test(name))
      // In brackets stands what is done between two sources: `files [SUCCESS=merge] systemd`.
      .every(([, sources = ""]) =>
        sources
          .replace(/\[[^\]]*\]/g, "")
          .split(/\s+/)
          .every((source) => local.has(source)),
      )
  )
}

function entriesOf(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"))
  } catch (error) {
    if (systemCode(error) === "ENOENT") return []
    throw error
  }
}

function quoted(path: string): string {
  return /^[\w./@%+,:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
