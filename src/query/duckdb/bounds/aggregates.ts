import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { literalNumber, literalText } from "./growth.ts"
import { callOf, childrenOf, refused } from "./nodes.ts"

/** Each group reserves room for so many at once, which counts in no limit of the engine's. */
const keptAtMost = { approx_top_k: 100, reservoir_quantile: 8192 }

const quantilesAtMost = 1000

const hint = "See the limits of the SQL port: docs/sql/limits.md."

/** What a group keeps stands in the statement and is little. Throws 0A000. */
function fewKept(name: keyof typeof keptAtMost, at: number) {
  return (node: Tree): false => {
    const children = childrenOf(node)
    if (at >= children.length) return false
    const kept = literalNumber(children[at])
    if (kept === undefined || kept > keptAtMost[name])
      throw refused(`${name} of more than ${keptAtMost[name]}, or of a computed number,`, hint)
    return false
  }
}

/** Each group counts for each of its bins. */
function fewBins(node: Tree): boolean {
  const [value, bins, ...more] = childrenOf(node)
  if (value === undefined || bins === undefined) return false
  node.children = [value, callOf("bins", [bins]), ...more]
  return true
}

const listMakers = new Set(["list_value", "list_pack", "array_value", "construct_array"])

/** Constants, or a list of few that stands in the statement. */
function isShortList(node: TreeValue | undefined): boolean {
  if (!isTree(node)) return true
  if (["CONSTANT", "PARAMETER", "COLUMN_REF"].includes(textAt(node, "class"))) return true
  if (node.class === "CAST") return isShortList(node.child)
  const children = childrenOf(node)
  if (node.class === "FUNCTION" && !listMakers.has(textAt(node, "function_name").toLowerCase()))
    return node.is_operator === true && children.every(isShortList)
  return children.length <= quantilesAtMost && children.every(isShortList)
}

/** Each group's result has as many elements as there are quantiles. Throws 0A000. */
function fewQuantiles(node: Tree): false {
  if (!isShortList(childrenOf(node)[1]))
    throw refused(
      `${textAt(node, "function_name")} of a computed list, or of more than ${quantilesAtMost} values,`,
      hint,
    )
  return false
}

const byName: Record<string, (node: Tree) => boolean> = {
  approx_top_k: fewKept("approx_top_k", 1),
  reservoir_quantile: fewKept("reservoir_quantile", 2),
  histogram: fewBins,
  histogram_exact: fewBins,
  quantile: fewQuantiles,
  quantile_cont: fewQuantiles,
  quantile_disc: fewQuantiles,
  approx_quantile: fewQuantiles,
}

/** As an aggregate or over a window. True: the node was changed. Throws 0A000. */
export function confineAggregate(node: Tree): boolean {
  const name = textAt(node, "function_name").toLowerCase()
  return Object.hasOwn(byName, name) ? (byName[name]?.(node) ?? false) : false
}

/** `list_aggregate(list, 'name', …)` takes an aggregate's name as text. Throws 0A000. */
export function namedAggregate(node: Tree): false {
  const [, name, ...more] = childrenOf(node)
  const literal = literalText(name)?.toLowerCase()
  const isBounded = literal !== undefined && (Object.hasOwn(byName, literal) || literal === "bitstring_agg")
  const isOfOne = more.length === 0 || (more.length === 1 && isTree(more[0]) && more[0].class === "CONSTANT")
  if (literal === undefined || (isBounded && !isOfOne) || literal === "approx_top_k")
    throw refused(`${textAt(node, "function_name")} with this aggregate`, "Unnest the list and aggregate it.")
  return false
}
