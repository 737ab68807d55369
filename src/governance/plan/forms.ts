import type { Cell } from "./cells.ts"
import type { Predicate } from "./predicates.ts"

export const always: Predicate = { kind: "constant", value: true }
export const never: Predicate = { kind: "constant", value: false }

/** True where all are; constants and repetitions are left out. */
export function all(of: readonly Predicate[]): Predicate {
  return joined("all", of)
}

/** True where one is; constants and repetitions are left out. */
export function any(of: readonly Predicate[]): Predicate {
  return joined("any", of)
}

function joined(kind: "all" | "any", of: readonly Predicate[]): Predicate {
  const ends = kind === "any"
  const flat = of.flatMap((one) => (one.kind === kind ? one.of : [one]))
  if (flat.some((one) => one.kind === "constant" && one.value === ends))
    return { kind: "constant", value: ends }
  const rest = new Map(flat.filter((one) => one.kind !== "constant").map((one) => [JSON.stringify(one), one]))
  const left = [...rest.values()]
  if (left.length === 0) return { kind: "constant", value: !ends }
  return left.length === 1 ? (left[0] as Predicate) : { kind, of: left }
}

export function not(of: Predicate): Predicate {
  if (of.kind === "constant") return { kind: "constant", value: !of.value }
  return of.kind === "not" ? of.of : { kind: "not", of }
}

/** True where it is true or unknown. */
export function isNotFalse(of: Predicate): Predicate {
  return of.kind === "constant" || of.kind === "fact" || of.kind === "isNull"
    ? of
    : { kind: "isNotFalse", of }
}

/** Cases that never hold are left out, and so is what stands behind one that always holds. */
export function choiceOf(cases: readonly { when: Predicate; then: Cell }[], otherwise: Cell): Cell {
  const possible = cases.filter(({ when }) => !(when.kind === "constant" && !when.value))
  const certain = possible.findIndex(({ when }) => when.kind === "constant")
  const kept = certain < 0 ? possible : possible.slice(0, certain)
  const last = certain < 0 ? otherwise : (possible[certain]?.then ?? { kind: "null" })
  return kept.length === 0 ? last : { kind: "choice", cases: kept, otherwise: last }
}
