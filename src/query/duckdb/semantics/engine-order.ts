import { nodesOf, type Tree } from "../dialect/syntax-tree.ts"

/**
 * For a session that asks for the engine's dialect: NULLs last in every order, as the engine has it unless it is configured. This
 * program's engine is configured to sort as Redshift does.
 */
export function orderAsEngine(tree: Tree): boolean {
  let isChanged = false
  for (const node of nodesOf(tree.statements ?? null)) {
    if (node.null_order !== "ORDER_DEFAULT") continue
    node.null_order = "NULLS LAST"
    isChanged = true
  }
  return isChanged
}
