/** Habits of the code that a reader should be able to rely on. */
import assert from "node:assert/strict"
import { basename, dirname } from "node:path"
import { test } from "node:test"
import { filesOf } from "./source-files.ts"

const LONG_FILE_LINES = 350

/** Files that are longer for a reason. */
const longFiles: Record<string, string> = {}

const LONG_FOLDER_FILES = 20

/** Folders that hold more files side by side, and why. */
const longFolders: Record<string, string> = {
  "docs/decisions": "a numbered series: read by number, or found from the page that links to it",
  "src/state/migrations": "a numbered series: each is run once, and never edited",
}

test("no file is longer than a reader likes, without a reason given here", async () => {
  const files = await filesOf("{src,test,bench,scripts,console}/**/*.{ts,tsx,mjs,css}")
  const long = files.filter(({ path, text }) => text.split("\n").length > LONG_FILE_LINES && !longFiles[path])
  assert.deepEqual(
    long.map(({ path, text }) => `${path}: ${text.split("\n").length} lines`),
    [],
  )
  const listed = Object.keys(longFiles).filter((path) => !files.some((file) => file.path === path))
  assert.deepEqual(listed, [], "listed as long, but not there")
})

test("no folder holds more files than a reader takes in at once", async () => {
  const counts = new Map<string, number>()
  for (const { path } of await filesOf("{src,test,scripts,bench,docs,console}/**/*")) {
    // The page about the folder is what makes it readable.
    if (basename(path) === "README.md") continue
    const folder = dirname(path)
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  const long = [...counts].filter(([, count]) => count > LONG_FOLDER_FILES).map(([folder]) => folder)
  assert.deepEqual(long.sort(), Object.keys(longFolders))
})

test("names say what is inside: no utils, helpers, common", async () => {
  const files = await filesOf("{src,test,bench,scripts,console}/**/*.{ts,tsx,mjs,css}")
  const vague = files.filter(({ path }) =>
    path
      .split("/")
      .some((part) =>
        /^(utils?|helpers?|commons?|misc|shared|lib)$/.test(basename(part).split(".")[0] ?? ""),
      ),
  )
  assert.deepEqual(
    vague.map(({ path }) => path),
    [],
  )
})

test("no quoted path names a TypeScript file, unless it is imported: the packed program has none", async () => {
  const program = (await filesOf("src/**/*.ts")).filter(({ path }) => !path.endsWith(".test.ts"))
  const quoted = program.flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter((line) => /(["'`])\.{1,2}\/[^"'`\s]*\.ts\1/.test(line))
      .filter((line) => !/\bfrom "|\bimport[ (]"?|new URL\(/.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  )
  assert.deepEqual(quoted, [])
})

test("no file is named differently only by case, and none has spaces", async () => {
  const paths = (await filesOf("{src,test,bench,scripts,docs,console}/**/*.*")).map(({ path }) => path)
  assert.deepEqual(
    paths.filter((path) => /\s|[A-Z]/.test(basename(path)) && !/README|CHANGELOG/.test(path)),
    [],
  )
})

test("what a random test draws is the same in each run of the quick suite: its seed is of test/support/seed.ts", async () => {
  const all = await filesOf("{src,test}/**/*.test.ts")
  const tests = all.filter(({ path }) => !path.endsWith(".long.test.ts"))
  const drawing = tests.filter(({ text }) =>
    /from "fast-check"|\b(?:randomInt|Math\.random)\(|seed = /.test(text),
  )
  assert.ok(drawing.length > 10)
  const without = drawing.filter(({ text }) => !text.includes('support/seed.ts"'))
  assert.deepEqual(
    without.map(({ path }) => path),
    [],
  )
})
