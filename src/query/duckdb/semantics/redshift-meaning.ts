import { arrowAsCall } from "../dialect/arrows.ts"
import { nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { aggregateMeaning } from "./aggregates.ts"
import { arithmeticMeaning } from "./arithmetic.ts"
import { castMeaning, comparisonMeaning } from "./casts.ts"
import { functionMeaning } from "./functions.ts"
import { fullMatchName, patternMeaning } from "./patterns.ts"
import { type Meant, nameResults } from "./result-names.ts"
import { rowsInSelectList } from "./set-returning.ts"
import { plainName } from "./tree-nodes.ts"

/** `regexp_full_match` that a client called by its name: `rewrite.ts` put it into our schema, to tell it from `~`. */
function isCalledByName(node: Tree): boolean {
  return textAt(node, "schema") === "redshift" && textAt(node, "function_name") === fullMatchName
}

function giveMeaning(node: Tree): boolean {
  if (node.class === "CAST") return castMeaning(node)
  if (node.class === "COMPARISON") return comparisonMeaning(node)
  if (node.class !== "FUNCTION" && node.class !== "WINDOW") return false
  if (isCalledByName(node)) {
    Object.assign(node, { schema: "", catalog: "" })
    return true
  }
  const name = plainName(node)
  if (name === undefined) return false
  if (arrowAsCall(node, name)) return true
  if (aggregateMeaning(node, name)) return true
  if (node.class === "WINDOW") return false
  return patternMeaning(node, name) || arithmeticMeaning(node, name) || functionMeaning(node, name)
}

/**
 * Puts Redshift's meaning of operators and functions into a query, in place. True: something was changed. Throws PgError for what has
 * no exact counterpart.
 */
export function meanAsRedshift(tree: Tree, meant: Meant): boolean {
  let isChanged = nameResults(tree, meant)
  for (const node of nodesOf(tree.statements ?? null))
    if (node.type === "SELECT_NODE" && rowsInSelectList(node)) isChanged = true
  // From the inside out: what a rule copies has been given its meaning already.
  for (const node of [...nodesOf(tree.statements ?? null)].reverse()) {
    if (giveMeaning(node)) isChanged = true
  }
  return isChanged
}
