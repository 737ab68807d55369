import { randomBytes } from "node:crypto"
import { chmod, mkdir, readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Configuration } from "../../domain/configuration.ts"
import { processStart } from "../process-start.ts"
import { SetupError, systemCode } from "../setup-error.ts"
import { intrusion } from "./trusted-path.ts"

/** A sentence for each configured folder that somebody else could change or replace, with the statement that mends it. */
export function foldersOfOthers({
  dataDir,
  warehouses,
}: Pick<Configuration, "dataDir" | "warehouses">): string[] {
  const folders = [
    { key: "data_dir", path: dataDir },
    ...warehouses.flatMap(({ path }, at) =>
      path === undefined ? [] : [{ key: `warehouses[${at}].path`, path }],
    ),
  ]
  return folders.flatMap(({ key, path }) => {
    const others = intrusion(path)
    return others === undefined ? [] : [`${key} ${path}: ${others}.`]
  })
}

/** Creates it 0700. One that exists stays as it is: its owner may have reasons. @throws SetupError */
export async function ensurePrivateFolder(path: string): Promise<void> {
  try {
    if ((await mkdir(path, { recursive: true, mode: 0o700 })) !== undefined) await chmod(path, 0o700)
    if ((await stat(path)).isDirectory()) return
  } catch (error) {
    throw new SetupError(`data_dir ${path} cannot be made (${systemCode(error)}): choose another one.`, {
      cause: error,
    })
  }
  throw new SetupError(`data_dir ${path} is not a folder: choose another one.`)
}

/** Where a file is written before it gets its name; the process id tells later whose it was. */
export function draftPath(path: string): string {
  return `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`
}

/** Removes drafts of processes that ended before they could. */
export async function removeDeadDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /\.([0-9]{1,10})\.[0-9a-f]{8}\.tmp$/.exec(name)?.[1]
    if (pid !== undefined && processStart(Number(pid)) === undefined)
      await rm(join(folder, name), { force: true })
  }
}
