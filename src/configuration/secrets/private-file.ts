import { link, open, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { SetupError, systemCode } from "../setup-error.ts"
import { draftPath, ensurePrivateFolder } from "../trust/private-folder.ts"
import { intrusionAtLast } from "../trust/trusted-path.ts"

/**
 * The text of a file that is this user's alone; `undefined`: there is none.
 *
 * @param remedy what else a person can do when others may read or change it
 * @throws SetupError
 */
export async function readPrivate(path: string, remedy: string): Promise<string | undefined> {
  const file = await open(path, "r").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined
    throw new SetupError(
      `${path} cannot be read (${systemCode(error)}): it must belong to the user who runs Millrace.`,
    )
  })
  if (file === undefined) return undefined
  try {
    const { mode } = await file.stat()
    const others = intrusionAtLast(path)
    if (others !== undefined) throw new SetupError(`${others}; ${remedy}.`)
    // Windows has no such bits and reports them all.
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new SetupError(
        `${path} can be read or written by other users (mode ${(mode & 0o777).toString(8)}): run chmod 600 on it, and remove it instead if others may have seen it.`,
      )
    }
    return await file.readFile("utf8")
  } finally {
    await file.close()
  }
}

/** Makes a file (mode 0600, its folder 0700) unless there is one: of two that make it at once, one does. @throws SetupError */
export async function makePrivate(path: string, text: string): Promise<void> {
  await ensurePrivateFolder(dirname(path))
  const draft = draftPath(path)
  try {
    await writeDurably(draft, text)
    // Unlike a rename, a link never replaces what another start has just made.
    await link(draft, path).catch((error: unknown) => {
      if (systemCode(error) !== "EEXIST") throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
