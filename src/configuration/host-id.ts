import { randomUUID } from "node:crypto"
import { readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { SetupError, systemCode } from "./setup-error.ts"
import { draftPath } from "./trust/private-folder.ts"

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The lasting id of this host: a UUID in the file `host` of the data folder, made at the first start. Processes with the same
 * data folder are of one host; what is in files of the folder, as warehouses and spools, is this host's. Call it with the
 * folder's lock. @throws SetupError
 */
export async function hostId(dataDir: string): Promise<string> {
  const path = join(dataDir, "host")
  try {
    const known = await knownId(path)
    if (known !== undefined) return known
    const made = randomUUID()
    const draft = draftPath(path)
    await writeFile(draft, `${made}\n`, { mode: 0o600, flag: "wx" })
    await rename(draft, path)
    return made
  } catch (error) {
    throw new SetupError(`${path} cannot be read or made (${systemCode(error) ?? error}).`, { cause: error })
  }
}

/** `undefined`: there is none, or a crash of the machine left none that is whole. */
async function knownId(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, "utf8")).trim()
    return uuidPattern.test(text) ? text : undefined
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined
    throw error
  }
}
