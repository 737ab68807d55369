import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { pgTable } from "../../../../test/support/pg-table.ts"
import type { Described } from "../stream/relation.ts"
import { columnNumbers } from "./column-numbers.ts"
import "../../../../test/support/seed.ts"

/** Types that become one another without the rows being written anew; nothing else changes a type unnoticed. */
const kinds = [[23], [25, 1043], [1700]]

interface Column {
  number: number
  kind: number
  type: number
}

/** A table's live columns, and the highest number given out. */
interface State {
  columns: Column[]
  attributes: number
}

type Step = { kind: "add"; type: number } | { kind: "drop" | "retype"; which: number }

function after({ columns, attributes }: State, step: Step): State {
  if (step.kind === "add") {
    const number = attributes + 1
    const kind = step.type % kinds.length
    return { columns: [...columns, { number, kind, type: kinds[kind]?.[0] ?? 0 }], attributes: number }
  }
  const at = step.which % Math.max(columns.length, 1)
  if (step.kind === "drop") return { columns: columns.filter((_, index) => index !== at), attributes }
  const retyped = columns.map((column, index) => {
    const types = kinds[column.kind] ?? []
    return index === at ? { ...column, type: types[step.which % types.length] ?? 0 } : column
  })
  return { columns: retyped, attributes }
}

const tableOf = ({ columns, attributes }: State) =>
  pgTable({
    attributes,
    columns: columns.map(({ number, type }) => ({ number, name: `c${number}`, typeOid: type })),
  })

const describedOf = ({ columns }: State): Described => ({
  schema: "public",
  name: "t",
  identity: "f",
  columns: columns.map(({ number, type }) => ({
    name: `c${number}`,
    typeOid: type,
    typeModifier: -1,
    isKey: true,
  })),
})

const numbersOf = ({ columns }: State) => columns.map(({ number }) => number)

const adding = fc.record({ kind: fc.constant("add" as const), type: fc.nat(9) })
const others = fc.record({ kind: fc.constantFrom("drop" as const, "retype" as const), which: fc.nat(9) })
const dropping = fc.record({ kind: fc.constant("drop" as const), which: fc.nat(9) })
const nothing: State = { columns: [], attributes: 0 }

/** What the table was, is where the stream describes it, and is in the catalog. */
function history(first: Step[], second: Step[], third: Step[]): [State, State, State] {
  const known = first.reduce(after, nothing)
  const there = second.reduce(after, known)
  return [known, there, third.reduce(after, there)]
}

function found([known, there, current]: [State, State, State]): number[] | undefined {
  return columnNumbers(tableOf(known), describedOf(there), tableOf(current))
}

const steps = (step: fc.Arbitrary<Step>, maxLength = 5) => fc.array(step, { maxLength })
const any: fc.Arbitrary<Step> = fc.oneof(adding, others)

test("whatever happened, the numbers are right or not told", () => {
  fc.assert(
    fc.property(steps(any, 8), steps(any), steps(any), (first, second, third) => {
      const states = history(first, second, third)
      const numbers = found(states)
      if (numbers !== undefined) assert.deepEqual(numbers, numbersOf(states[1]))
    }),
    { numRuns: 3_000 },
  )
})

test("where columns are only added they are told, however far ahead the catalog is", () => {
  fc.assert(
    fc.property(steps(any, 8), steps(adding), steps(adding), (first, second, third) => {
      const states = history(first, second, third)
      assert.deepEqual(found(states), numbersOf(states[1]))
    }),
  )
})

test("where columns are only dropped they are told, if the catalog is not ahead", () => {
  fc.assert(
    fc.property(steps(any, 8), steps(dropping), (first, second) => {
      const states = history(first, second, [])
      assert.deepEqual(found(states), numbersOf(states[1]))
    }),
  )
})

test("one column for another of its type: it may be the old one or the new", () => {
  const known = { columns: [{ number: 1, kind: 0, type: 23 }], attributes: 1 }
  const now = { columns: [{ number: 2, kind: 0, type: 23 }], attributes: 2 }
  const later = { columns: [{ number: 3, kind: 1, type: 25 }], attributes: 3 }
  assert.equal(found([known, now, later]), undefined)
})

test("a catalog that is older than what is known tells nothing", () => {
  const state = { columns: [{ number: 1, kind: 0, type: 23 }], attributes: 1 }
  assert.equal(found([{ ...state, attributes: 2 }, state, state]), undefined)
})

test("too many columns that came or went are not tried", () => {
  const columns = Array.from({ length: 20 }, (_, index) => ({ number: index + 1, kind: 0, type: 23 }))
  const all = { columns, attributes: 20 }
  const half = { columns: columns.slice(0, 10), attributes: 20 }
  const rest = { columns: columns.slice(0, 2), attributes: 20 }
  assert.equal(found([all, half, rest]), undefined)
})
