import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { literalNumber, literalText } from "./growth.ts"
import { valueLimits } from "./macros.ts"
import { bounded, callOf, childrenOf, refuseVolatile, toMacro } from "./nodes.ts"
import { isLinearSearch } from "./patterns/pattern-weight.ts"

const { madeOfLiterals, elementsOfLiterals, needleCharacters } = valueLimits

function tooLong(name: string, atMost: number, what: string): PgError {
  return new PgError("54000", `${name}: more than ${atMost} ${what}`, {
    hint: "See the limits of the SQL port: docs/sql/limits.md.",
  })
}

export function repeat(node: Tree): boolean {
  const [text, count] = childrenOf(node)
  const [length, times] = [literalText(text)?.length, literalNumber(count)]
  if (length === undefined || times === undefined) return bounded(node, "repeat")
  if (length * times > madeOfLiterals) throw tooLong("repeat", madeOfLiterals, "characters")
  return false
}

export function padding(name: string) {
  return (node: Tree): boolean => {
    const width = literalNumber(childrenOf(node)[1])
    if (width === undefined) return bounded(node, name)
    const atMost = valueLimits.madeCharacters
    if (width > atMost) throw tooLong(name, atMost, "characters")
    return false
  }
}

/** The arguments are the same for all rows. */
function areSameForAll(children: readonly TreeValue[]): boolean {
  const waiting = [...children]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value) waiting.push(item)
    if (!isTree(value)) continue
    if (["COLUMN_REF", "LAMBDA_REF", "SUBQUERY"].includes(textAt(value, "class"))) return false
    for (const child of Object.values(value)) if (typeof child === "object" && child) waiting.push(child)
  }
  return true
}

/** The macro of that name for what is another list for each row. */
const ofRows = (name: string, children: readonly TreeValue[]) =>
  areSameForAll(children) ? name : `${name}_of_rows`

export function resize(node: Tree): boolean {
  const children = childrenOf(node)
  const count = literalNumber(children[1])
  if (count === undefined) return bounded(node, ofRows("list_resize", children))
  if (count > elementsOfLiterals) throw tooLong("list_resize", elementsOfLiterals, "elements")
  return count > valueLimits.elements ? bounded(node, ofRows("list_resize", children)) : false
}

function isOfTimes(step: TreeValue | undefined): boolean {
  if (!isTree(step)) return false
  if (isTree(step.cast_type) && step.cast_type.id === "INTERVAL") return true
  if (
    /^(to_(years|months|days|hours|minutes|seconds|weeks|quarters|milliseconds|microseconds)|ago)$/i.test(
      textAt(step, "function_name"),
    )
  )
    return true
  if (isTree(step.value) && isTree(step.value.type) && step.value.type.id === "INTERVAL") return true
  return childrenOf(step).some(isOfTimes) || isOfTimes(step.child)
}

export function series(name: string) {
  return (node: Tree): boolean => {
    const children = childrenOf(node)
    const numbers = children.map(literalNumber)
    if (children.length === 0) return false
    if (numbers.every((one) => one !== undefined)) {
      const [first = 0, second, step = 1] = numbers
      const count = second === undefined ? first : (second - first) / (step || 1)
      if (count > elementsOfLiterals) throw tooLong(name, elementsOfLiterals, "elements")
      return false
    }
    return bounded(node, ofRows(isOfTimes(children[2]) ? `${name}_of_times` : name, children))
  }
}

/** Unless what is looked for stands in the statement and is short. */
export function search(macro: string) {
  return (node: Tree): boolean => {
    const needle = childrenOf(node)[1]
    const literal = literalText(needle)
    const isShort =
      literal !== undefined ? literal.length <= needleCharacters : literalNumber(needle) !== undefined
    return isShort ? false : bounded(node, macro)
  }
}

export function replace(node: Tree): boolean {
  const [, from, to] = childrenOf(node).map(literalText)
  const shrinks = from !== undefined && to !== undefined && to.length <= from.length
  return shrinks && from.length <= needleCharacters ? false : bounded(node, "replace")
}

export function replaceByExpression(node: Tree): boolean {
  const [, pattern, by, options] = childrenOf(node).map(literalText)
  const isOnce = childrenOf(node).length < 4 || (options !== undefined && !options.includes("g"))
  const isPlain = pattern !== undefined && (isOnce || isLinearSearch(pattern))
  if (!isPlain) return bounded(node, "regexp_replace")
  return by !== undefined && by.length <= 1 ? false : bounded(node, "regexp_replace_plain")
}

export function repeatedSearch(name: string) {
  return (node: Tree): boolean => {
    const pattern = literalText(childrenOf(node)[1])
    return pattern !== undefined && isLinearSearch(pattern) ? false : bounded(node, name)
  }
}

export function shallowArguments(node: Tree): boolean {
  const children = childrenOf(node)
  refuseVolatile(textAt(node, "function_name"), children)
  node.children = children.map((child) =>
    isTree(child) && !(literalText(child) !== undefined && (literalText(child)?.length ?? 0) <= 1000)
      ? callOf("json_value", [child])
      : child,
  )
  return true
}

/** CHARINDEX(needle, text). */
export function swappedSearch(node: Tree): boolean {
  const [needle, text] = childrenOf(node)
  if (needle === undefined || text === undefined) return false
  const literal = literalText(needle)
  if (literal !== undefined && literal.length <= needleCharacters) return false
  refuseVolatile("charindex", [needle])
  toMacro(node, "strpos", [text, needle])
  return true
}
