import fc from "fast-check"
import { active, type Cell, closed, type Transaction } from "./version-cases.ts"
import { type Change, unsent } from "./warehouse-rows.ts"

const word = fc.constantFrom("p", "q", "r")
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      key: fc.integer({ min: 1, max: 4 }),
      value: word,
      other: fc.option(word),
      how: fc.constantFrom("put", "delete", "move"),
    }),
  },
  { weight: 1, arbitrary: fc.constant("truncate" as const) },
)
/** Steps of one transaction at the source. */
export const transactionOf = fc.array(step, { minLength: 1, maxLength: 5 })
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What a source would send for these steps, and the versions that its transactions leave. */
export function replayed(drawn: readonly Step[][]): { transactions: Transaction[]; versions: Cell[][] } {
  let state = new Map<number, Cell[]>([
    [1, [1, "a", "b"]],
    [2, [2, "c", "d"]],
  ])
  const open = new Map([...state].map(([key, row]) => [key, { row, from: 0 }]))
  const versions: Cell[][] = []
  const transactions: Transaction[] = []
  for (const [index, steps] of drawn.entries()) {
    const at = (index + 1) * 10
    const changes: Change[] = []
    const touched = new Set<number>()
    for (const one of steps) state = taken(one, state, changes, touched)
    transactions.push({ atMs: at, changes })
    for (const key of touched) {
      const before = open.get(key)
      if (before !== undefined) versions.push(closed(before.row, before.from, at))
      const row = state.get(key)
      if (row === undefined) open.delete(key)
      else open.set(key, { row, from: at })
    }
  }
  for (const { row, from } of open.values()) versions.push(active(row, from))
  return { transactions, versions }
}

function taken(
  one: Step,
  state: Map<number, Cell[]>,
  changes: Change[],
  touched: Set<number>,
): Map<number, Cell[]> {
  if (one === "truncate") {
    changes.push("truncate")
    for (const key of state.keys()) touched.add(key)
    return new Map()
  }
  const { key, value, other, how } = one
  const after = new Map(state)
  const before = state.get(key)
  if (how === "delete") {
    if (before === undefined) return state
    changes.push(["delete", key])
    after.delete(key)
  } else if (how === "move" && before !== undefined) {
    const to = key + 10
    if (state.has(to)) return state
    changes.push(["moveFrom", key], ["moveTo", to, value, unsent])
    after.delete(key)
    after.set(to, [to, value, before[2] ?? null])
    touched.add(to)
  } else if (before === undefined) {
    changes.push(["insert", key, value, other])
    after.set(key, [key, value, other])
  } else {
    changes.push(["update", key, value, other === null ? unsent : other])
    after.set(key, [key, value, other === null ? (before[2] ?? null) : other])
  }
  touched.add(key)
  return after
}
