import { isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { joining, literalNumber, literalText } from "./growth.ts"
import { singleReduce } from "./lambdas.ts"
import { valueLimits } from "./macros.ts"
import { bounded, callOf, childrenOf, refused, refuseVolatile } from "./nodes.ts"

/** Calls that take the product of two things, or the square of one. */

const { comparedBytes, comparedBytesInLambda } = valueLimits

/** Two texts; in a lambda, of whose parameters there are some, for each element of a list. */
export function distance(name: string) {
  return (node: Tree, parameters: readonly string[]): boolean => {
    const inLambda = parameters.length > 0
    const atMost = inLambda ? comparedBytesInLambda : comparedBytes
    const texts = childrenOf(node).slice(0, 2).map(literalText)
    const areShort = texts.every((one) => one !== undefined && Buffer.byteLength(one) <= atMost)
    return areShort ? false : bounded(node, inLambda ? `${name}_of_elements` : name)
  }
}

/** `equi_width_bins(low, high, count, nice)`: as many values are looked at for each row. */
export function fewWidths(node: Tree): boolean {
  const children = childrenOf(node)
  const count = literalNumber(children[2])
  if (children.length !== 4 || (count !== undefined && count <= valueLimits.bins)) return false
  return bounded(node, "equi_width_bins")
}

/** `map_concat` compares each entry with those of the other maps. */
export function fewEntries(node: Tree): boolean {
  const children = childrenOf(node)
  refuseVolatile("map_concat", children)
  node.children = children.map((child) => callOf("map_to_merge", [child]))
  return true
}

/** Texts or lists put together one after the other: each is copied as often as there are some behind it. */
export function fewJoined(node: Tree): boolean {
  singleReduce(node)
  const children = childrenOf(node)
  const [list, ...more] = children
  const lambda = children.find((child) => isTree(child) && child.class === "LAMBDA")
  if (list === undefined || list === lambda || !isTree(lambda) || !joins(lambda.expr ?? null)) return false
  refuseVolatile("list_reduce", [list])
  node.children = [callOf("list_to_join", [list]), ...more]
  return true
}

function joins(body: TreeValue): boolean {
  for (const node of nodesOf(body)) if (joining.has(textAt(node, "function_name").toLowerCase())) return true
  return false
}

const formatsAtMost = 16
const makesList = /^(list|array|string_split|str_split|split$|regexp_split|range|generate_series|flatten)/

/** Each text is tried with all formats. Throws 0A000. */
export function fewFormats(node: Tree): false {
  const formats = childrenOf(node)[1]
  if (!isTree(formats) || formats.class !== "FUNCTION") return false
  const name = textAt(formats, "function_name").toLowerCase()
  const isWritten = /^(list_value|list_pack)$/.test(name)
  if (!makesList.test(name) || (isWritten && childrenOf(formats).length <= formatsAtMost)) return false
  throw refused(
    `${textAt(node, "function_name")} with a computed list of formats, or more than ${formatsAtMost},`,
    "Write the formats into the statement.",
  )
}
