/** src → dist: the JavaScript of the published package (Node strips no types under node_modules). Run by `prepack`. */
import { spawnSync } from "node:child_process"
import { copyFile, glob, mkdir, readFile, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, relative, sep } from "node:path"
import { buildConsole } from "./console/build.mjs"

const root = join(import.meta.dirname, "..")
const source = join(root, "src")
const dist = join(root, "dist")

function compile(): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc")
  // Standard output stays clean: `npm pack` prints the tarball's name there.
  const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], {
    stdio: ["ignore", 2, 2],
  })
  if (status !== 0) throw new Error("the sources do not compile; see above")
}

/** What the program reads at run time beside its code. Folders named `cases` hold data of tests, pages are for who changes a room. */
async function copyData(): Promise<void> {
  for await (const file of glob("**/*", { cwd: source, withFileTypes: true })) {
    const from = join(file.parentPath, file.name)
    if (!file.isFile() || /\.(?:ts|md)$/.test(file.name) || from.split(sep).includes("cases")) continue
    const to = join(dist, relative(source, from))
    await mkdir(dirname(to), { recursive: true })
    await copyFile(from, to)
  }
}

/** The compiler rewrites `.ts` in imports only; a worker's file name in a string would break once installed. */
async function refuseTypeScriptNames(): Promise<void> {
  for await (const file of glob("**/*.js", { cwd: dist })) {
    const found = /(["'`])(\.{1,2}\/[^"'`\s]*\.ts)\1/.exec(await readFile(join(dist, file), "utf8"))
    if (found) throw new Error(`dist/${file} names ${found[2]}, which is not in the package`)
  }
}

try {
  await rm(dist, { recursive: true, force: true })
  compile()
  await copyData()
  await refuseTypeScriptNames()
  await buildConsole()
} catch (error) {
  await rm(dist, { recursive: true, force: true })
  console.error(`build: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
