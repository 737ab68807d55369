/**
 * Imports go one way. Each layer may use those before it; layers of one line know nothing of each other, and neither
 * do the rooms of a layer with several (no source uses another source). Tests may import what they test and more.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { filesOf, importsOf, valueImportsOf } from "./source-files.ts"

const layers = [
  ["concurrency"],
  ["domain"],
  ["embedded-postgres", "configuration", "encryption"],
  ["replication"],
  ["loading"],
  ["sources", "warehouses", "state"],
  ["control-plane"],
  ["wire"],
  ["front-doors"],
  ["server"],
  ["cli"],
]

const layersWithRooms = ["sources", "warehouses", "front-doors"]

/** Where a wall has a door, and why. */
const doors: { from: RegExp; to: RegExp; reason: string }[] = [
  {
    from: /^src\/front-doors\/sql\//,
    to: /^src\/warehouses\/duckdb\/(files\/instance|quoting|guards\/table-write-rules)\.ts$/,
    reason:
      "the SQL port gives people sessions of this very engine; it gets the instance from server/, and asks the engine what users may write",
  },
]

function rank(layer: string): number {
  return layers.findIndex((names) => names.includes(layer))
}

function roomOf(path: string): { layer: string; room: string | undefined } {
  const [, layer = "", room = "", deeper] = path.split("/")
  return { layer, room: layersWithRooms.includes(layer) && deeper !== undefined ? room : undefined }
}

/** `undefined`: allowed. */
function objection(from: string, to: string): string | undefined {
  if (!to.startsWith("src/")) return "the program imports nothing from outside src/"
  if (doors.some((door) => door.from.test(from) && door.to.test(to))) return undefined
  const [a, b] = [roomOf(from), roomOf(to)]
  if (rank(a.layer) < 0 || rank(b.layer) < 0)
    return "a folder without a layer: name it in test/structure/walls.test.ts"
  if (a.layer === "wire" && b.layer !== "wire" && to !== "src/domain/unreachable.ts")
    return "wire/ knows no business"
  if (
    ["sources", "warehouses"].includes(b.layer) &&
    b.room &&
    a.layer !== b.layer &&
    rank(a.layer) < rank("server")
  ) {
    return "only server/ (and what is above it) names concrete adapters"
  }
  if (a.layer === b.layer)
    return a.room && b.room && a.room !== b.room ? "sideways, between rooms" : undefined
  if (rank(a.layer) === rank(b.layer)) return "sideways, between layers of one rank"
  return rank(a.layer) < rank(b.layer) ? "upwards" : undefined
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

test("every door in the walls is in use", async () => {
  const files = await filesOf("src/**/*.ts")
  const unused = doors.filter(
    ({ from, to }) =>
      !files.some((file) => from.test(file.path) && importsOf(file).some((path) => to.test(path))),
  )
  assert.deepEqual(unused, [])
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
  assert.equal(objection("src/front-doors/rds/door.ts", "src/front-doors/door.ts"), undefined)
})
