/**
 * Imports go one way. Each layer may use those before it; layers of one line know nothing of each other, and neither
 * do the rooms of a layer with several (no source uses another source). Tests may import what they test and more.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { filesOf, importsOf, packagesOf, valueImportsOf } from "./source-files.ts"

const layers = [
  ["concurrency"],
  ["domain"],
  ["governance"],
  ["embedded-postgres", "configuration", "encryption", "okta"],
  ["connections"],
  ["supervisor"],
  ["replication"],
  ["loading"],
  ["engines"],
  ["sources", "warehouses", "state"],
  ["control-plane"],
  ["profiles"],
  ["resources"],
  ["wire"],
  ["query"],
  ["front-doors"],
  ["server"],
  ["cli"],
]

const layersWithRooms = ["sources", "warehouses", "query", "front-doors"]

/** Not a room of one engine: what the rooms beside it and those above share. */
const sharedFolders = ["src/query/text/", "src/query/system-views/", "src/warehouses/sql/"]

/** Rooms of concrete adapters: only server/ (and what is above it) picks one. */
const layersOfAdapters = ["sources", "warehouses", "query"]

/** A query room gives people sessions of this very engine: `query/duckdb` uses `warehouses/duckdb`. */
function isSameEngine(a: Place, b: Place): boolean {
  return a.layer === "query" && b.layer === "warehouses" && a.room !== undefined && a.room === b.room
}

/** Packages that only these rooms may import; also as types. */
const packageRooms: { name: RegExp; rooms: RegExp }[] = [
  { name: /^@duckdb\//, rooms: /^src\/(warehouses|query)\/duckdb\// },
]

function rank(layer: string): number {
  return layers.findIndex((names) => names.includes(layer))
}

interface Place {
  layer: string
  room: string | undefined
}

function roomOf(path: string): Place {
  const [, layer = "", room = "", deeper] = path.split("/")
  const isRoom = layersWithRooms.includes(layer) && deeper !== undefined
  return { layer, room: isRoom && !sharedFolders.some((one) => path.startsWith(one)) ? room : undefined }
}

/** Between two rooms of one layer. */
function isSideways(a: Place, b: Place): boolean {
  return a.layer === b.layer && a.room !== undefined && b.room !== undefined && a.room !== b.room
}

/** `undefined`: allowed. */
function objection(from: string, to: string): string | undefined {
  if (!to.startsWith("src/")) return "the program imports nothing from outside src/"
  const [a, b] = [roomOf(from), roomOf(to)]
  if (rank(a.layer) < 0 || rank(b.layer) < 0)
    return "a folder without a layer: name it in test/structure/walls.test.ts"
  if (a.layer === "wire" && !["wire", "concurrency"].includes(b.layer) && to !== "src/domain/unreachable.ts")
    return "wire/ knows no business"
  if (isSameEngine(a, b)) return undefined
  const isAdapter = layersOfAdapters.includes(b.layer) && b.room !== undefined
  if (isAdapter && a.room !== b.room && rank(a.layer) < rank("server") && !isSideways(a, b)) {
    return "only server/ (and what is above it) names concrete adapters"
  }
  if (a.layer === b.layer) return isSideways(a, b) ? "sideways, between rooms" : undefined
  if (rank(a.layer) === rank(b.layer)) return "sideways, between layers of one rank"
  return rank(a.layer) < rank(b.layer) ? "upwards" : undefined
}

function isAllowedPackage(path: string, name: string): boolean {
  return packageRooms.every((one) => !one.name.test(name) || one.rooms.test(path))
}

test("imports go one way", async () => {
  const files = (await filesOf("src/**/*.ts")).filter(({ path }) => !path.endsWith(".test.ts"))
  assert.ok(files.length > 20, "the program's files were not found")
  const wrong = files.flatMap((file) =>
    importsOf(file).flatMap((to) => {
      const why = objection(file.path, to)
      return why ? [`${file.path} → ${to}: ${why}`] : []
    }),
  )
  assert.deepEqual(wrong, [])
})

test("no file imports itself by way of others: whoever reads one of a circle must read all", async () => {
  const files = (await filesOf("src/**/*.ts")).filter(({ path }) => !path.endsWith(".test.ts"))
  const imports = new Map(files.map((file) => [file.path, valueImportsOf(file)]))
  const open: string[] = []
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string) => {
    if (open.includes(path)) circles.push([...open.slice(open.indexOf(path)), path].join(" → "))
    if (open.includes(path) || done.has(path)) return
    open.push(path)
    for (const next of imports.get(path) ?? []) visit(next)
    open.pop()
    done.add(path)
  }
  for (const path of imports.keys()) visit(path)
  assert.deepEqual(circles, [])
})

test("an engine's package is imported in the engine's rooms only", async () => {
  const files = (await filesOf("src/**/*.ts")).filter(({ path }) => !path.endsWith(".test.ts"))
  const imported = files.flatMap((file) => packagesOf(file).map((name) => ({ path: file.path, name })))
  const wrong = imported.filter(({ path, name }) => !isAllowedPackage(path, name))
  assert.deepEqual(wrong, [])
  for (const { name: pattern } of packageRooms)
    assert.ok(
      imported.some(({ name }) => pattern.test(name)),
      `${pattern} is in use`,
    )
})

test("packages are found however they are imported", () => {
  const text = [
    'import type { A } from "@duckdb/node-api"',
    'const b = await import("@duckdb/node-bindings")',
    'import "@duckdb/side-effect"',
    'export { C } from "@duckdb/other"',
    'import { D } from "./own.ts"',
  ].join("\n")
  assert.deepEqual(packagesOf({ path: "src/a.ts", text }), [
    "@duckdb/node-api",
    "@duckdb/node-bindings",
    "@duckdb/side-effect",
    "@duckdb/other",
  ])
})

/** What a process that runs no pipelines can do is all but this: everybody else reads observations and asks by orders. */
const runningRoom = "src/control-plane/running-pipelines/"
const ownersRooms = [runningRoom, "src/control-plane/reconciler/"]
/** What the server puts together for the owner of pipelines. */
const ownersParts = ["pipeline-launcher.ts", "retention-watch.ts", "warehouse-observer.ts"].map(
  (name) => runningRoom + name,
)

test("only the reconciler, and the room of running pipelines, know a running pipeline", async () => {
  const files = (await filesOf("src/**/*.ts")).filter(({ path }) => !path.endsWith(".test.ts"))
  const wrong = files
    .filter(({ path }) => !ownersRooms.some((room) => path.startsWith(room)))
    .flatMap((file) =>
      importsOf(file)
        .filter((to) => to.startsWith(runningRoom))
        .filter((to) => !(file.path.startsWith("src/server/") && ownersParts.includes(to)))
        .map((to) => `${file.path} → ${to}`),
    )
  assert.deepEqual(wrong, [])
  assert.ok(files.some((file) => importsOf(file).includes(`${runningRoom}running-pipeline.ts`)))
})

test("the walls are felt", () => {
  assert.equal(objection("src/domain/text-forms/arn.ts", "src/state/store.ts"), "upwards")
  assert.equal(objection("src/sources/postgres/a.ts", "src/sources/mysql/b.ts"), "sideways, between rooms")
  assert.equal(
    objection("src/state/store.ts", "src/warehouses/duckdb/a.ts")?.startsWith("only server/"),
    true,
  )
  assert.equal(
    objection("src/configuration/a.ts", "src/embedded-postgres/b.ts"),
    "sideways, between layers of one rank",
  )
  assert.equal(objection("src/wire/sigv4/a.ts", "src/domain/faults.ts"), "wire/ knows no business")
  assert.equal(objection("src/server/start.ts", "src/sources/postgres/source.ts"), undefined)
  assert.equal(objection("src/query/duckdb/a.ts", "src/warehouses/duckdb/b.ts"), undefined)
  assert.equal(objection("src/warehouses/duckdb/a.ts", "src/warehouses/sql/b.ts"), undefined)
  assert.equal(objection("src/front-doors/sql/a.ts", "src/query/contract.ts"), undefined)
  assert.equal(objection("src/front-doors/sql/a.ts", "src/query/text/b.ts"), undefined)
  for (const [from, to] of [
    ["src/query/duckdb/a.ts", "src/warehouses/memory/b.ts"],
    ["src/query/a.ts", "src/query/duckdb/b.ts"],
    ["src/query/a.ts", "src/warehouses/duckdb/b.ts"],
    ["src/front-doors/sql/a.ts", "src/query/duckdb/b.ts"],
    ["src/front-doors/sql/a.ts", "src/warehouses/duckdb/b.ts"],
  ] as const)
    assert.equal(objection(from, to)?.startsWith("only server/"), true, `${from} → ${to}`)
  assert.equal(isAllowedPackage("src/front-doors/sql/a.ts", "@duckdb/node-api"), false)
  assert.equal(isAllowedPackage("src/query/a.ts", "@duckdb/node-api"), false)
  assert.equal(isAllowedPackage("src/query/duckdb/a.ts", "@duckdb/node-api"), true)
  assert.equal(objection("src/front-doors/rds/door.ts", "src/front-doors/door.ts"), undefined)
})
