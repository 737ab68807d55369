import { createReadStream } from "node:fs"
import { readdir, realpath, stat } from "node:fs/promises"
import { join, sep } from "node:path"
import { Problem } from "../../../domain/problems.ts"
import type { ListedObject, ObjectStore } from "../../../loading/object-store.ts"

/**
 * Files of this host as a bucket: the file at `path`, or the files of the folder there. None outside `folders` is read, also not by
 * a link that leads there.
 */
export function fileStore(path: string, folders: readonly string[]): ObjectStore {
  /** Of those that were listed. */
  const outside = new Set<string>()
  const judge = async (one: string) => {
    if (await isOutside(one, folders)) outside.add(one)
    else outside.delete(one)
  }
  return {
    async *list() {
      const found = await allowed(path, folders)
      const isFolder = (await stat(found)).isDirectory()
      const names = isFolder ? (await readdir(found)).sort() : undefined
      const paths = names === undefined ? [found] : names.map((name) => join(found, name))
      await Promise.all(paths.map(judge))
      yield (await Promise.all(paths.map(listed))).filter((one) => one !== undefined)
    },
    refusal: (key) => (outside.has(key) ? "It leads outside profiles.file_folders" : undefined),
    async open(key) {
      const real = await allowed(key, folders)
      const one = await listed(real)
      return one && { ...one, key, body: createReadStream(real) }
    },
  }
}

/** One file of a folder: the others are read all the same. */
async function isOutside(path: string, folders: readonly string[]): Promise<boolean> {
  try {
    await allowed(path, folders)
    return false
  } catch (error) {
    if (error instanceof Problem) return true
    throw error
  }
}

/** A file that is written right now has another size or time later, and is read again then. */
async function listed(path: string): Promise<ListedObject | undefined> {
  try {
    const found = await stat(path)
    if (!found.isFile()) return undefined
    return {
      key: path,
      etag: `${found.size}-${found.mtimeMs}`,
      sizeBytes: found.size,
      modifiedAt: found.mtime,
    }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The path without links. @throws Problem sourceSettings */
async function allowed(path: string, folders: readonly string[]): Promise<string> {
  try {
    const real = await realpath(path)
    const roots = await Promise.all(folders.map((folder) => realpath(folder)))
    if (roots.some((root) => real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)))
      return real
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new Problem("sourceSettings", "The file or folder that the Uri names is not there.")
  }
  throw new Problem("sourceSettings", "The Uri names a file outside profiles.file_folders.")
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")
}
