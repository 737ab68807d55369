import type { DuckDBConnection } from "@duckdb/node-api"
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

/** All macros that the engine has, its own and ours, as they are after the start. */
export async function macroWeights(connection: DuckDBConnection): Promise<MacroWeights> {
  const result = await connection.run(
    `SELECT lower(function_name), macro_definition, array_to_string(list_transform(parameters, lambda p: p), chr(0))
     FROM duckdb_functions() WHERE function_type = 'macro' AND macro_definition IS NOT NULL`,
  )
  const weights = new Map<string, MacroWeight>()
  for (const row of await result.getRows()) {
    const [name = "", definition = "", parameters = ""] = row.map(String)
    const weight = weightOf(definition, parameters === "" ? [] : parameters.split("\0"))
    weights.set(name, heavier(weights.get(name), weight))
  }
  return weights
}
