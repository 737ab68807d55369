// console/ → dist/console: what browsers load. Plain JavaScript: `npm run demo` calls it on any Node, in a clone only.
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const source = join(root, "console")
const built = join(root, "dist", "console")
const stampName = ".built-from"

/** What a browser loads before it shows the first page, and what no build may exceed, in bytes gzipped. */
export const firstPageLimitBytes = 450_000

/** Builds where `dist/console` is missing or older than its sources. @returns {Promise<void>} */
export async function ensureConsole() {
  if (!existsSync(source)) return
  const stamp = stampOf()
  const stampPath = join(built, stampName)
  if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) return
  await buildConsole(stamp)
}

/**
 * Beside the old build, which it then replaces: nobody is served half of it.
 * @param {string} [stamp]
 * @returns {Promise<void>}
 */
export async function buildConsole(stamp = stampOf()) {
  const { build } = await import("esbuild")
  const place = `${built}.${process.pid}`
  try {
    const { metafile } = await build({
      entryPoints: {
        main: join(source, "src", "main.tsx"),
        style: join(source, "src", "styles", "all.css"),
        icon: join(source, "src", "icon.svg"),
      },
      outdir: join(place, "assets"),
      absWorkingDir: root,
      bundle: true,
      splitting: true,
      format: "esm",
      target: ["es2022"],
      minify: true,
      metafile: true,
      legalComments: "none",
      jsx: "automatic",
      tsconfig: join(source, "tsconfig.json"),
      entryNames: "[name]-[hash]",
      chunkNames: "[name]-[hash]",
      loader: { ".svg": "copy" },
      define: { "process.env.NODE_ENV": '"production"' },
      logLevel: "warning",
    })
    // Not a module: those run after the page is drawn.
    const early = await build({
      entryPoints: { theme: join(source, "src", "shell", "early-theme.ts") },
      outdir: join(place, "assets"),
      absWorkingDir: root,
      bundle: true,
      format: "iife",
      target: ["es2022"],
      minify: true,
      metafile: true,
      entryNames: "[name]-[hash]",
      tsconfig: join(source, "tsconfig.json"),
    })
    const outputs = { ...metafile.outputs, ...early.metafile.outputs }
    await writeFile(join(place, "index.html"), await pageOf(outputs))
    await writeFile(join(place, stampName), stamp)
    await replaceBuild(place)
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

/** @param {string} place */
async function replaceBuild(place) {
  await mkdir(dirname(built), { recursive: true })
  const old = `${place}.old`
  try {
    if (existsSync(built)) await rename(built, old)
    await rename(place, built)
  } catch (error) {
    // Another process was faster, with the same sources.
    if (!existsSync(join(built, "index.html"))) throw error
  } finally {
    await rm(old, { recursive: true, force: true })
  }
}

/**
 * index.html with the names that the assets got.
 * @param {import("esbuild").Metafile["outputs"]} outputs
 */
async function pageOf(outputs) {
  /** @param {string} name @param {string} ending */
  const named = (name, ending) => {
    const found = Object.keys(outputs).find((path) => {
      const file = basename(path)
      return file.startsWith(`${name}-`) && file.endsWith(ending)
    })
    if (found === undefined) throw new Error(`the console's build made no ${name}${ending}`)
    return basename(found)
  }
  const page = await readFile(join(source, "index.html"), "utf8")
  return page
    .replaceAll("__STYLE__", named("style", ".css"))
    .replaceAll("__ICON__", named("icon", ".svg"))
    .replaceAll("__THEME__", named("theme", ".js"))
    .replaceAll("__MAIN__", named("main", ".js"))
}

/** Changes with each source of the build: names, sizes and times of change. */
function stampOf() {
  const hash = createHash("sha256")
  for (const file of [
    ...filesUnder(source),
    join(root, "package-lock.json"),
    fileURLToPath(import.meta.url),
  ]) {
    if (!existsSync(file)) continue
    const { size, mtimeMs } = statSync(file)
    hash.update(`${file}\0${size}\0${mtimeMs}\n`)
  }
  return hash.digest("hex")
}

/** @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await buildConsole()
