import { glob, readFile } from "node:fs/promises"
import { dirname, join, posix, relative, sep } from "node:path"

export const root = join(import.meta.dirname, "..", "..")

export interface SourceFile {
  /** From the project's root, with `/`. */
  path: string
  text: string
}

/** Files that a glob pattern names, from the project's root. */
export async function filesOf(pattern: string): Promise<SourceFile[]> {
  const paths: string[] = []
  const exclude = ["node_modules", "dist", ".git"]
  for await (const entry of glob(pattern, { cwd: root, withFileTypes: true, exclude })) {
    if (entry.isFile())
      paths.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join(posix.sep))
  }
  return Promise.all(
    paths.sort().map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })),
  )
}

/** What a file imports of ours, as paths from the root; packages are left out. */
export function importsOf({ path, text }: SourceFile): string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)].map(
    ([, specifier]) => specifier ?? "",
  )
  return specifiers.map((specifier) =>
    relative(root, join(root, dirname(path), specifier))
      .split(sep)
      .join(posix.sep),
  )
}

/** The packages that a file imports, types included; what comes with Node is left out. */
export function packagesOf({ text }: SourceFile): string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^".][^"]*)"/g)]
  return specifiers.map(([, name]) => name ?? "").filter((name) => !name.startsWith("node:"))
}

/** As `importsOf`, without imports of nothing but types: those are gone when the program runs. */
export function valueImportsOf({ path, text }: SourceFile): string[] {
  return importsOf({ path, text: withoutTypeImports(text) })
}

/** The code without its imports of nothing but types. */
export function withoutTypeImports(text: string): string {
  const onlyTypes = /^import \{(?:\s*type \w+(?: as \w+)?,?)+\s*\} from "[^"]+"$/gm
  return text.replace(/^(?:import|export) type [^;]*? from "[^"]+"$/gm, "").replace(onlyTypes, "")
}

/** The code without comments; names and texts stay, and so do line numbers. */
export function withoutComments(text: string): string {
  const blank = (found: string, kept: string | undefined) => kept ?? found.replace(/[^\n]/g, " ")
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    blank,
  )
}
