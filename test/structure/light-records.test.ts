/**
 * What a process loads when it starts. Commands that only read the configuration list the engines' records: that must not load drivers (0.3 to 0.9 s each). A process with a
 * part of the roles does not load the others'.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { filesOf, type SourceFile, valueImportsOf, withoutTypeImports } from "./source-files.ts"

const drivers = /^(pg|pg-.*|mysql2.*|@duckdb\/.*|@aws-sdk\/.*|kysely|hono|pino)$/

const staticOnly = ({ path, text }: SourceFile): SourceFile => ({
  path,
  text: text.replace(/\bimport\(\s*"[^"]+"\s*\)/g, "undefined"),
})

function packagesOf({ text }: SourceFile): string[] {
  return [...withoutTypeImports(text).matchAll(/\bfrom "([^."][^"]*)"/g)].map(([, name]) => name ?? "")
}

/** What is loaded when `start` is, with the packages that it imports. */
function loadedBy(start: string, files: ReadonlyMap<string, SourceFile>): Map<string, string[]> {
  const loaded = new Map<string, string[]>()
  const visit = (path: string) => {
    const file = files.get(path)
    if (file === undefined || loaded.has(path)) return
    loaded.set(path, packagesOf(file))
    for (const next of valueImportsOf(file)) visit(next)
  }
  visit(start)
  return loaded
}

const files = new Map((await filesOf("src/**/*.ts")).map((file) => [file.path, staticOnly(file)]))

test("listing the engines loads no driver", () => {
  const loaded = loadedBy("src/server/registries.ts", files)
  assert.ok(loaded.has("src/sources/postgres/format.ts"), "the records were not followed")
  const heavy = [...loaded].flatMap(([path, packages]) =>
    packages.filter((name) => drivers.test(name)).map((name) => `${path}: ${name}`),
  )
  assert.deepEqual(heavy, [])
  // The same walk finds them where they are.
  const opened = [...loadedBy("src/sources/mysql/source.ts", files).values()].flat()
  assert.ok(opened.some((name) => drivers.test(name)))
})

const parts = "src/server/parts"
const loadedByRoles: { roles: string; programs: string[]; never: RegExp; loads: RegExp }[] = [
  { roles: "api", programs: ["api-part"], never: /^(@duckdb\/.*|mysql2.*|@aws-sdk\/.*)$/, loads: /^hono$/ },
  {
    roles: "sql,worker",
    programs: ["warehouse-part", "sql-part", "worker-part"],
    never: /^(hono|@hono\/.*|prom-client)$/,
    loads: /^pg$/,
  },
]
for (const { roles, programs, never, loads } of loadedByRoles)
  test(`a process with the roles ${roles} does not load what only the others need`, () => {
    const starts = ["src/server/start.ts", ...programs.map((name) => `${parts}/${name}.ts`)]
    const loaded = starts.flatMap((start) => [...loadedBy(start, files)])
    const packages = loaded.flatMap(([path, names]) => names.map((name) => ({ path, name })))
    assert.deepEqual(
      packages.filter(({ name }) => never.test(name)),
      [],
    )
    assert.ok(packages.some(({ name }) => loads.test(name)))
  })
