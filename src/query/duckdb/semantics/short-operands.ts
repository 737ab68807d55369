import { isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

const volatile = new Set(["random", "gen_random_uuid", "uuid", "nextval", "setseed"])

function mustStandOnce(operand: Tree): boolean {
  for (const node of nodesOf(operand))
    if (node.class === "SUBQUERY" || volatile.has(textAt(node, "function_name").toLowerCase())) return true
  return false
}

/** What a macro may write more than once: longer operands would make statements of exponential length, others two values. */
export function isShort(operand: TreeValue, nodesAtMost = 4): boolean {
  let nodes = 0
  for (const node of nodesOf(operand))
    if (typeof node.class === "string" && ++nodes > nodesAtMost) return false
  return !isTree(operand) || !mustStandOnce(operand)
}
