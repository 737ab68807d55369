import { copyOfTree, isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { become, childrenOf, constantNumber, constantText, dialectCall, isParameter } from "./tree-nodes.ts"

const volatile = new Set(["random", "gen_random_uuid", "uuid", "nextval", "setseed"])

/** Written twice, it would be computed twice, or be another value the second time. */
function mustStandOnce(divisor: Tree): boolean {
  let nodes = 0
  for (const node of nodesOf(divisor)) {
    if (node.class === "SUBQUERY" || volatile.has(textAt(node, "function_name").toLowerCase())) return true
    if (typeof node.class === "string" && ++nodes > 12) return true
  }
  return false
}

/** The divisor so that zero is an error; itself where it cannot be zero. */
function checkedDivisor(divisor: TreeValue, dividend: TreeValue): TreeValue {
  if (!isTree(divisor)) return divisor
  const number = constantNumber(divisor)
  if (number !== undefined && number !== 0) return divisor
  // The engine gives a text that stands in the statement the dividend's type.
  if (constantText(divisor) !== undefined && !/^[\s0.+-]*$/.test(constantText(divisor) ?? "")) return divisor
  if (isParameter(divisor) && !isParameter(dividend) && constantNumber(dividend) === undefined)
    return dialectCall("nonzero_like", [divisor, copyOfTree(dividend)])
  return dialectCall(mustStandOnce(divisor) ? "nonzero_once" : "nonzero", [divisor])
}

/** An INTERVAL can be told where it is written as one. */
function isInterval(node: TreeValue | undefined): boolean {
  if (!isTree(node)) return false
  if (node.class === "CAST") return isTree(node.cast_type) && node.cast_type.id === "INTERVAL"
  if (node.class !== "FUNCTION") return false
  return /^to_(years|months|days|weeks|hours|minutes|seconds)$/.test(textAt(node, "function_name"))
}

/** Integers divide to an integer, and by zero not at all. True: the node was changed. */
export function arithmeticMeaning(node: Tree, name: string): boolean {
  const [dividend, divisor] = childrenOf(node)
  if (dividend === undefined || divisor === undefined || childrenOf(node).length !== 2) return false
  if (!["/", "//", "%", "mod"].includes(name) || isInterval(dividend)) return false
  const checked = checkedDivisor(divisor, dividend)
  // The engine's `//` is a division of integers where both sides are, and its `/` where one is not.
  const changed = name === "/" ? "//" : name
  if (checked === divisor && changed === name) return false
  return become(node, { ...node, function_name: changed, children: [dividend, checked] })
}
