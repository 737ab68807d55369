import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { functionName, joining, literalText } from "./growth.ts"
import { lambdaParameters } from "./lambdas.ts"
import { childrenOf } from "./nodes.ts"
import { treeLimits } from "./tree-limits.ts"

/** What a text put into each element of a list counts for: too much where the statement makes long texts itself. */
const growthOfElements = treeLimits.growthOfLongValues + 1

const makers = new Set(
  "list_transform list_apply array_transform array_apply apply list_reduce array_reduce reduce".split(" "),
)

/** Whether some name below, of a column or of a lambda's parameter, is not one of these; and whether anything is joined. */
function joinsOthers(body: TreeValue, own: readonly string[]): boolean {
  let joins = false
  let others = false
  const waiting: TreeValue[] = [body]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value) waiting.push(item)
    if (!isTree(value)) continue
    if (joining.has(functionName(value))) joins = true
    if (Array.isArray(value.column_names) && !own.includes(String(value.column_names[0]).toLowerCase()))
      others = true
    if (value.class === "SUBQUERY") others = true
    for (const child of Object.values(value)) if (typeof child === "object" && child) waiting.push(child)
  }
  return joins && others
}

/**
 * How much longer a list becomes than its elements by a value from outside that each element gets: one call makes all
 * of them, and cannot be stopped meanwhile.
 */
export function growthInLists(node: Tree): number {
  const name = functionName(node)
  const children = childrenOf(node)
  if (name === "list_resize" || name === "array_resize") {
    const filler = children[2]
    const isShort =
      filler === undefined ||
      (isTree(filler) && filler.class === "CONSTANT" && (literalText(filler)?.length ?? 0) < 1000)
    return isShort ? 1 : growthOfElements
  }
  if (!makers.has(name)) return 1
  const lambda = children.find((child) => isTree(child) && textAt(child, "class") === "LAMBDA")
  if (!isTree(lambda)) return 1
  return joinsOthers(lambda.expr ?? null, lambdaParameters(lambda)) ? growthOfElements : 1
}
