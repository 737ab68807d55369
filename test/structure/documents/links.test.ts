/** Every link and anchor of every Markdown file leads somewhere, in a clone and in the packed package. */
import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join, matchesGlob, posix } from "node:path"
import { test } from "node:test"
import { filesOf, root, type SourceFile } from "../source-files.ts"
import { anchorsOf, linksOf } from "./markdown.ts"

const elsewhere = /^(?:https?|mailto|postgres|mysql):/

interface Link {
  from: string
  line: number
  /** From the project's root; the page itself where the link is an anchor alone. */
  file: string
  anchor: string | undefined
}

function localLinks({ path, text }: SourceFile): Link[] {
  return linksOf(text)
    .filter(({ target }) => !elsewhere.test(target))
    .map(({ line, target }) => {
      const [file = "", anchor] = target.split("#")
      const place = file === "" ? path : posix.join(posix.dirname(path), decodeURI(file))
      return { from: path, line, file: place, anchor }
    })
}

/** Links of `pages` that lead nowhere; `isThere` judges a path from the root. */
function deadLinks(pages: readonly SourceFile[], isThere: (path: string) => boolean): string[] {
  const texts = new Map(pages.map(({ path, text }) => [path, text]))
  return pages.flatMap(localLinks).flatMap(({ from, line, file, anchor }) => {
    const target = `${from}:${line} → ${file}${anchor === undefined ? "" : `#${anchor}`}`
    if (!isThere(file)) return [`${target}: no such file`]
    const isDead = anchor !== undefined && !anchorsOf(texts.get(file) ?? "").includes(anchor)
    return isDead ? [`${target}: no such heading`] : []
  })
}

function allPages(): Promise<SourceFile[]> {
  return filesOf("{*.md,{docs,src,bench,test,packaging,console,website,.github}/**/*.md}")
}

test("every link and anchor of the repository's documents leads somewhere", async () => {
  const pages = await allPages()
  assert.ok(pages.flatMap(localLinks).length > 200)
  assert.deepEqual(
    deadLinks(pages, (path) => existsSync(join(root, path))),
    [],
  )
})

/** npm packs these whatever `files` says. */
const alwaysPacked = ["package.json", "README.md", "LICENSE"]

async function packedPatterns(): Promise<string[]> {
  const { files } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { files: string[] }
  return [...alwaysPacked, ...files]
}

/** Whether npm packs a file or something in a folder, by the patterns of `files`. */
function isPacked(path: string, patterns: readonly string[]): boolean {
  const bare = path.replace(/\/$/, "")
  return patterns.some((pattern) => {
    const folder = pattern.replace(/\/$/, "")
    return matchesGlob(bare, folder) || bare.startsWith(`${folder}/`)
  })
}

test("every link of the packed documents leads to a packed file", async () => {
  const patterns = await packedPatterns()
  const packed = (await allPages()).filter(({ path }) => isPacked(path, patterns))
  for (const page of ["README.md", "ARCHITECTURE.md", "docs/operating/errors.md"])
    assert.ok(
      packed.some(({ path }) => path === page),
      `${page} is not in the package`,
    )
  assert.deepEqual(
    deadLinks(packed, (path) => existsSync(join(root, path)) && isPacked(path, patterns)),
    [],
  )
})

test("docs/README.md leads to every page; decisions are listed by their folder", async () => {
  const pages = (await filesOf("docs/**/*.md")).filter(({ path }) => !path.startsWith("docs/decisions/"))
  const contents = pages.find(({ path }) => path === "docs/README.md")
  const listed = new Set(contents === undefined ? [] : localLinks(contents).map(({ file }) => file))
  const missing = pages.filter((page) => page !== contents && !listed.has(page.path))
  assert.deepEqual(
    missing.map(({ path }) => path),
    [],
  )
})

test("a dead link, a dead anchor and a file outside of the package are found", () => {
  const page = (text: string): SourceFile => ({ path: "docs/a.md", text })
  const other: SourceFile = { path: "docs/b.md", text: "# B\n\n## On `it`, twice\n\n## On it twice\n" }
  const dead = (text: string) => deadLinks([page(text), other], (path) => /^docs\/[ab]\.md$/.test(path))
  for (const good of [
    "[b](b.md), [b](../docs/b.md#on-it-twice), [b](b.md#on-it-twice-1)",
    "`[c](c.md)`",
    "```\n[c](c.md)\n```",
    "## Here\n\n[here](#here) [away](https://example.com/x)",
  ])
    assert.deepEqual(dead(good), [], good)
  for (const bad of [
    "[c](c.md)",
    "![picture](c.png)",
    "[1]: c.md",
    '<img src="c.png">',
    "[b](b.md#gone)",
    "[b](b.md#on-it-twice-2)",
    "[here](#here)",
    "```\n# Here\n```\n[here](#here)",
  ])
    assert.equal(dead(bad).length, 1, bad)
  assert.ok(isPacked("docs/sql/users.md", ["docs/"]) && !isPacked("documents/x.md", ["docs/"]))
  assert.ok(isPacked("docs", ["docs/"]) && !isPacked("bench/README.md", ["bench/results/"]))
})
