import { tokenize } from "../../text/tokens.ts"

/** What a call of a macro becomes: the binder puts the macro's text in its place, and each argument where its name is. */
export interface MacroWeight {
  /** Words and symbols of its text. */
  size: number
  /** How often each argument comes in it. */
  copies: readonly number[]
}

/** By lower-case name; of several forms, the heaviest. */
export type MacroWeights = ReadonlyMap<string, MacroWeight>

function weightOf(definition: string, parameters: readonly string[]): MacroWeight {
  const tokens = tokenize(definition)
  const counts = new Map<string, number>()
  for (const { kind, value } of tokens) {
    if (kind !== "word" && kind !== "quoted") continue
    const name = value.toLowerCase()
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return { size: tokens.length, copies: parameters.map((one) => counts.get(one.toLowerCase()) ?? 0) }
}

function heavier(one: MacroWeight | undefined, other: MacroWeight): MacroWeight {
  if (one === undefined) return other
  const length = Math.max(one.copies.length, other.copies.length)
  const copies = Array.from({ length }, (_none, at) => Math.max(one.copies[at] ?? 0, other.copies[at] ?? 0))
  return { size: Math.max(one.size, other.size), copies }
}

/** Of all macros that the engine has, its own and ours: each form with its text and the names of its parameters. */
export function macroWeights(
  forms: Iterable<{ name: string; definition: string; parameters: readonly string[] }>,
): MacroWeights {
  const weights = new Map<string, MacroWeight>()
  for (const { name, definition, parameters } of forms)
    weights.set(name, heavier(weights.get(name), weightOf(definition, parameters)))
  return weights
}
