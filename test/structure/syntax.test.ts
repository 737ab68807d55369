/** What the compiler's syntax trees and types tell of the code. */
import assert from "node:assert/strict"
import { after, test } from "node:test"
import { floatingPromises } from "./floating-promises.ts"
import { functionsOver } from "./function-lengths.ts"
import { longFunctions } from "./long-functions.ts"
import { openProgram } from "./program.ts"

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
