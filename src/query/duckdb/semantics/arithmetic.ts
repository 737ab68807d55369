import { copyOfTree, isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { numberClass } from "./number-classes.ts"
import { isShort } from "./short-operands.ts"
import {
  become,
  childrenOf,
  constantNumber,
  constantText,
  dialectCall,
  isNull,
  isParameter,
} from "./tree-nodes.ts"

/** The divisor so that zero is an error; itself where it cannot be zero. */
function checkedDivisor(divisor: TreeValue, dividend: TreeValue): TreeValue {
  if (!isTree(divisor)) return divisor
  const number = constantNumber(divisor)
  if (number !== undefined && number !== 0) return divisor
  // The engine gives a text that stands in the statement the dividend's type.
  if (constantText(divisor) !== undefined && !/^[\s0.+-]*$/.test(constantText(divisor) ?? "")) return divisor
  if (isParameter(divisor) && !isParameter(dividend) && constantNumber(dividend) === undefined)
    return dialectCall("nonzero_like", [divisor, copyOfTree(dividend)])
  return dialectCall(isShort(divisor, 12) ? "nonzero" : "nonzero_once", [divisor])
}

/** An INTERVAL can be told where it is written as one. */
function isInterval(node: TreeValue | undefined): boolean {
  if (!isTree(node)) return false
  if (node.class === "CAST") return isTree(node.cast_type) && node.cast_type.id === "INTERVAL"
  if (node.class !== "FUNCTION") return false
  return /^to_(years|months|days|weeks|hours|minutes|seconds)$/.test(textAt(node, "function_name"))
}

/**
 * A quotient whose type depends on those of its operands: decimals have a scale that is computed from both. The engine's planner
 * computes it (`dialect/functions/quotients.ts`), since no rule knows a column's type.
 */
function typedQuotient(dividend: TreeValue, divisor: TreeValue, checked: TreeValue): Tree {
  return isShort(dividend) && isShort(divisor)
    ? dialectCall("quotient", [dividend, checked, copyOfTree(divisor)])
    : dialectCall("quotient_once", [dividend, checked])
}

/** Operands that have no decimals for sure, or whose type only the engine gives them. */
function isPlainQuotient(dividend: TreeValue, divisor: TreeValue): boolean {
  if ([dividend, divisor].some((one) => isNull(one) || isParameter(one) || constantText(one) !== undefined))
    return true
  const classes = [numberClass(dividend), numberClass(divisor)]
  return classes.includes("float") || classes.every((one) => one === "integer")
}

/** Integers divide to an integer, decimals to a decimal, and by zero not at all. True: the node was changed. */
export function arithmeticMeaning(node: Tree, name: string): boolean {
  const [dividend, divisor] = childrenOf(node)
  if (dividend === undefined || divisor === undefined || childrenOf(node).length !== 2) return false
  if (!["/", "//", "%", "mod"].includes(name) || isInterval(dividend)) return false
  const checked = checkedDivisor(divisor, dividend)
  if (name === "/" && !isPlainQuotient(dividend, divisor))
    return become(node, typedQuotient(dividend, divisor, checked))
  // The engine's `//` is a division of integers where both sides are, and its `/` where one is not.
  const changed = name === "/" ? "//" : name
  if (checked === divisor && changed === name) return false
  return become(node, { ...node, function_name: changed, children: [dividend, checked] })
}
