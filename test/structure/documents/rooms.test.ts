/** Each room says in a short README.md what it is for, what its parts are, and what always holds in it. */
import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { filesOf, root, type SourceFile } from "../source-files.ts"

/** A folder with fewer files explains itself in them, unless it is a room of src/ or has rooms inside. */
const roomFromFiles = 4

const linesAtLeast = 5
const linesAtMost = 15

/** Code by folder, without tests. */
async function filesByFolder(): Promise<Map<string, string[]>> {
  const folders = new Map<string, string[]>()
  for (const { path } of await filesOf("src/**/*.ts")) {
    if (path.endsWith(".test.ts")) continue
    const folder = dirname(path)
    folders.set(folder, [...(folders.get(folder) ?? []), path])
  }
  return folders
}

/** Folders that need a README.md. */
async function rooms(): Promise<string[]> {
  const folders = await filesByFolder()
  const names = new Set([...folders.keys()].flatMap(withParents))
  const hasRooms = (name: string) => [...names].some((other) => dirname(other) === name)
  return [...names].filter(
    (name) => dirname(name) === "src" || hasRooms(name) || (folders.get(name)?.length ?? 0) >= roomFromFiles,
  )
}

/** `src/a/b`: itself and `src/a`. */
function withParents(folder: string): string[] {
  return folder === "src" ? [] : [folder, ...withParents(dirname(folder))]
}

/** What is wrong with a room's page: its title, its length, its headings, and files that are not there. */
function mistakesOf({ path, text }: SourceFile): string[] {
  const folder = dirname(path)
  const [title = "", ...lines] = text.split("\n").filter((line) => line !== "")
  const named = [...text.matchAll(/`([\w./-]+(?:\.(?:ts|md|json)|\/))`/g)].map(([, name]) => name ?? "")
  const places = (name: string) => [join(root, folder, name), join(root, "src", name), join(root, name)]
  const isThere = (name: string) => places(name).some((place) => existsSync(place))
  return [
    ...(title === `# ${folder.slice("src/".length)}` ? [] : ["its title is the room's path from src/"]),
    ...(lines.length >= linesAtLeast && lines.length <= linesAtMost
      ? []
      : [`it has ${lines.length} lines under its title; ${linesAtLeast} to ${linesAtMost} are read`]),
    ...["Parts:", "Invariants:"].filter((heading) => !lines.includes(heading)).map((one) => `no "${one}"`),
    ...named.filter((name) => !isThere(name)).map((name) => `names ${name}, which is not there`),
  ].map((mistake) => `${path}: ${mistake}`)
}

test("each room has a README.md: what it is for, its parts, its invariants, in 5 to 15 lines", async () => {
  const pages = await filesOf("src/**/README.md")
  const missing = (await rooms()).filter((room) => !pages.some(({ path }) => dirname(path) === room))
  assert.deepEqual(missing, [], "rooms without a README.md; src/concurrency/README.md shows the form")
  assert.ok(pages.length > 50)
  assert.deepEqual(pages.flatMap(mistakesOf), [])
})

test("a room's page that is wrong is found", () => {
  const path = "src/concurrency/README.md"
  const good = "# concurrency\n\nOne.\nTwo.\n\nParts:\n\n- `serial-queue.ts`\n\nInvariants:\n\n- None.\n"
  assert.deepEqual(mistakesOf({ path, text: good }), [])
  const long = good + "- More.\n".repeat(linesAtMost)
  for (const text of [good.replace("# concurrency", "# Queues"), good.replace("Parts:", ""), long])
    assert.notDeepEqual(mistakesOf({ path, text }), [])
  assert.deepEqual(mistakesOf({ path, text: good.replace("serial-queue", "gone") }), [
    `${path}: names gone.ts, which is not there`,
  ])
})
