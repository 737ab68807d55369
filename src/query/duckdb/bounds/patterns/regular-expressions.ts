import { isTree, type Tree, type TreeValue } from "../../dialect/syntax-tree.ts"
import { literalText } from "../growth.ts"
import { valueLimits } from "../macros.ts"
import { callOf, childrenOf, refuseVolatile, textOf } from "../nodes.ts"
import { patternWeight } from "./pattern-weight.ts"

const { freePatternWeight, patternWork } = valueLimits

/** Characters of text that may be searched with this pattern; undefined: a text of any length. */
export function textLimit(pattern: string): number | undefined {
  const weight = patternWeight(pattern)
  return weight <= freePatternWeight ? undefined : Math.floor(patternWork / weight)
}

function numberConstant(value: number): Tree {
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    alias: "",
    query_location: 0,
    value: { type: { id: "INTEGER", type_info: null }, is_null: false, value },
  }
}

/** A call that gives the text, or fails when it is longer than `limit` characters. */
export function textUpTo(text: TreeValue, limit: number): Tree {
  return callOf("text_up_to", [text, numberConstant(limit)])
}

/**
 * Bounds the first argument of a call `f(text, pattern, …)`: the heavier the pattern, the shorter the text may be.
 * Changes the node in place and returns true; false: the pattern is light enough for any text.
 */
export function weighedPattern(node: Tree): boolean {
  const [text, pattern, ...more] = childrenOf(node)
  if (!isTree(text) || !isTree(pattern)) return false
  const literal = literalText(pattern)
  const limit = literal === undefined ? undefined : textLimit(literal)
  if (literal !== undefined && limit === undefined) return false
  refuseVolatile("a pattern that is looked for in", literal === undefined ? [text, pattern] : [text])
  const bounded = limit === undefined ? callOf("text_for", [text, pattern]) : textUpTo(text, limit)
  node.children = [bounded, textOf(pattern), ...more]
  return true
}
