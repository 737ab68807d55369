import { readFile } from "node:fs/promises"
import { extname, join } from "node:path"

/** A file of the built console. */
export interface PageFile {
  bytes: Uint8Array<ArrayBuffer>
  mediaType: string
}

const mediaTypes = new Map(
  Object.entries({
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
  }),
)

const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/
const segmentsAtMost = 8

/** Where the build puts the console: `dist/console` of the package, whether this file runs from src/ or from dist/. */
export const builtConsole = join(import.meta.dirname, "..", "..", "..", "dist", "console")

/**
 * A file of the folder. Only plain names lead to one: no `..`, nothing encoded, no hidden file.
 * @returns undefined: there is none
 */
export async function pageFile(folder: string, path: string): Promise<PageFile | undefined> {
  const segments = path.split("/")
  if (segments.length > segmentsAtMost || !segments.every((one) => segment.test(one))) return undefined
  const mediaType = mediaTypes.get(extname(path))
  if (mediaType === undefined) return undefined
  try {
    return { bytes: new Uint8Array(await readFile(join(folder, ...segments))), mediaType }
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "ENOENT" || error.code === "EISDIR" || error.code === "ENOTDIR")
    )
      return undefined
    throw error
  }
}
