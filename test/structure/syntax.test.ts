/** What the compiler's syntax trees and types tell of the code. */
import assert from "node:assert/strict"
import { after, test } from "node:test"
import { floatingPromises } from "./floating-promises.ts"
import { functionsOver } from "./function-lengths.ts"
import { longFunctions } from "./long-functions.ts"
import { openProgram } from "./program.ts"
import { type AllowedCount, booleanParameters, longParameterLists } from "./rules/long-parameter-lists.ts"
import { type Signature, signaturesOf, takesBooleanBesides } from "./rules/parameters.ts"
import { handMadeWaits } from "./rules/waits.ts"

const program = openProgram()
after(() => program.close())

const LONG_FUNCTION_LINES = 60
const samples = "test/structure/floating-samples.ts"

test("no promise floats: it is awaited, kept, caught, or let go with `void` by somebody who knows why", () => {
  const found = floatingPromises(program).filter((line) => !line.startsWith(samples))
  assert.deepEqual(found, [])
})

test("the rule against floating promises finds each of its samples and nothing else", () => {
  const found = floatingPromises(program).filter((line) => line.startsWith(samples))
  assert.deepEqual(
    found.map((line) => line.replace(/^.*?:\d+: /, "")),
    [
      "work()",
      'rm("x")',
      "client.end()",
      "stop?.()",
      "perhaps?.then(() => undefined)",
      "perhaps && work()",
      "work()",
      "(async () => undefined)()",
    ],
  )
})

test("no function is longer than 60 lines, unless it is listed with a reason, and no listed one grows", () => {
  const long = functionsOver(LONG_FUNCTION_LINES, program)
  const names = new Set(long.map(({ name }) => name))
  const grown = long.filter(({ name, lines }) => lines > (longFunctions.get(name)?.lines ?? 0))
  assert.deepEqual(
    grown.map(
      ({ name, lines }) => `${name}: ${lines} lines, ${longFunctions.get(name)?.lines ?? 60} allowed`,
    ),
    [],
    "make parts of it; test/structure/long-functions.ts lists what is long for a reason",
  )
  const listed = [...longFunctions.keys()].filter((name) => !names.has(name))
  assert.deepEqual(
    listed,
    [],
    "listed as long in test/structure/long-functions.ts, but short or gone: remove it",
  )
})

const waitsSamples = "test/structure/rules/waits-samples.ts"

/** Queues, deadlines and timers outside of `src/concurrency/`, and why they are made there. */
const allowedWaits: Record<string, string> = {
  "src/sources/postgres/stream/stream.ts: setTimeout":
    "The socket rests for 1 to 16 ms between small reads, up to hundreds of times a second: measured as it is.",
  "src/replication/batch/table-changes.ts: the tail of a queue":
    "No queue: the part of the table that is being written to staging, which a batch waits for.",
  "src/warehouses/duckdb/inspection/view.ts: the tail of a queue":
    "No queue: the query that runs, which closing waits for.",
  "src/supervisor/in-child.ts: setInterval":
    "The heartbeat of a child, which holds nothing but this room's own code.",
  "src/supervisor/supervised-process.ts: setInterval": "As the heartbeat.",
  "src/supervisor/supervised-process.ts: setTimeout": "As the heartbeat.",
  "src/cli/serve/stopping.ts: setTimeout": "The last word on a process that does not end.",
}

test("queues, deadlines, ticks and periodic tasks are those of src/concurrency/, unless listed with a reason", () => {
  const ours = handMadeWaits(program).filter(
    (line) => /^src\//.test(line) && !/^src\/concurrency\/|\.test\.ts:/.test(line),
  )
  const found = ours.map((line) => line.replace(/:\d+:/, ":"))
  assert.deepEqual(
    ours.filter((_, index) => !allowedWaits[found[index] ?? ""]),
    [],
    "use newSerialQueue, newOneAhead, startDeadline, within, pause, startTicks, startPeriodicTask or newNudgedTask",
  )
  assert.deepEqual(
    Object.keys(allowedWaits).filter((listed) => !found.includes(listed)),
    [],
    "allowed, but gone: remove it",
  )
})

test("the rule against hand-made waits finds each of its samples and nothing else", () => {
  const found = handMadeWaits(program).filter((line) => line.startsWith(waitsSamples))
  assert.deepEqual(
    found.map((line) => line.replace(/^.*?:\d+: /, "")),
    [
      "the tail of a queue",
      "setInterval",
      "setTimeout",
      "a race against time",
      "a race against time",
      "the tail of a queue",
    ],
  )
})

const MOST_ARGUMENTS = 4

function assertOnlyListed(found: readonly Signature[], listed: ReadonlyMap<string, AllowedCount>): void {
  const byFile = Map.groupBy(found, ({ path }) => path)
  const more = [...byFile].filter(([path, { length }]) => length > (listed.get(path)?.count ?? 0))
  assert.deepEqual(
    more.map(
      ([path, all]) => `${path}:${all.map(({ line }) => line)}: ${listed.get(path)?.count ?? 0} allowed`,
    ),
    [],
    "give them one object with names; test/structure/rules/long-parameter-lists.ts lists what is so for a reason",
  )
  const fewer = [...listed].filter(([path, { count }]) => (byFile.get(path)?.length ?? 0) < count)
  assert.deepEqual(
    fewer.map(([path, { count }]) => `${path}: ${byFile.get(path)?.length ?? 0}, ${count} listed`),
    [],
    "listed in test/structure/rules/long-parameter-lists.ts with more than there are: take them out",
  )
}

test("no function takes more than four arguments by place, unless its file is listed with a reason", () => {
  assertOnlyListed(
    signaturesOf(program).filter(({ parameters }) => parameters.length > MOST_ARGUMENTS),
    longParameterLists,
  )
})

test("no function takes a boolean beside other arguments, unless its file is listed with a reason", () => {
  assertOnlyListed(
    signaturesOf(program).filter((one) => takesBooleanBesides(one)),
    booleanParameters,
  )
})
