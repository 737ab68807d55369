import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { copyOfTree, type Tree } from "../dialect/syntax-tree.ts"
import { become, childrenOf, dialectCall, operatorCall } from "./tree-nodes.ts"

/** The same call or window of another function, of arguments of its own. */
function like(node: Tree, name: string): Tree {
  return { ...copyOfTree(node), function_name: name, alias: "" }
}

/**
 * The average of integers is an integer, that of decimals has their scale. The engine's is a floating point number always. No rule
 * knows a column's type, so the type of a third aggregate is taken, which the engine drops when it plans.
 */
function average(node: Tree): boolean {
  if (childrenOf(node).length !== 1) return false
  const parts = ["sum", "count", "any_value"].map((name) => like(node, name))
  for (const part of parts.slice(2)) part.distinct = false
  return become(node, dialectCall("average", parts))
}

function ratioToReport(node: Tree): boolean {
  const [value] = childrenOf(node)
  if (node.class !== "WINDOW" || value === undefined)
    throw new PgError("42601", "RATIO_TO_REPORT needs OVER (…)")
  return become(node, operatorCall("/", [dialectCall("as_double", [copyOfTree(value)]), like(node, "sum")]))
}

/** Of an aggregate or a window. True: the node was changed. */
export function aggregateMeaning(node: Tree, name: string): boolean {
  if (name === "avg") return average(node)
  return name === "ratio_to_report" && ratioToReport(node)
}
