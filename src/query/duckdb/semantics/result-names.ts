import { isTree, nodesOf, type Tree } from "../dialect/syntax-tree.ts"
import { resultName } from "../values/column-names.ts"

function isCastOfColumn(item: Tree): boolean {
  return item.class === "CAST" && isTree(item.child) && item.child.class === "COLUMN_REF"
}

/** What becomes of a query. */
export interface Meant {
  /** Its columns become those of a table or a view, and keep their names with it. */
  isStored: boolean
}

/** A star, or a call on one: columns that only the engine knows. */
function isOfManyColumns(item: Tree): boolean {
  for (const node of nodesOf(item)) if (node.class === "STAR") return true
  return false
}

/** A name that the engine would give otherwise: `count` for `count_star()`, `x` for `CAST(x AS …)`. */
function nameItems(select: Tree, only: (item: Tree) => boolean, unnamed?: string): boolean {
  if (!Array.isArray(select.select_list)) return false
  let isChanged = false
  for (const item of select.select_list) {
    if (!isTree(item) || item.alias !== "" || item.class === "COLUMN_REF" || !only(item)) continue
    const name = resultName(item) ?? unnamed
    if (name === undefined || isOfManyColumns(item)) continue
    item.alias = name
    isChanged = true
  }
  return isChanged
}

/**
 * Names the columns of queries inside the statement as Redshift does, and those of the statement by which it is sorted. What the
 * statement itself returns has its names from `values/column-names.ts`, unless a table or a view is made of it.
 */
export function nameResults(tree: Tree, { isStored }: Meant): boolean {
  const [statement] = Array.isArray(tree.statements) ? tree.statements : []
  const outer = isTree(statement) ? statement.node : undefined
  let isChanged = false
  for (const node of nodesOf(tree.statements ?? null)) {
    if (node.type !== "SELECT_NODE") continue
    if (node === outer && isStored) {
      if (nameItems(node, () => true, "?column?")) isChanged = true
      continue
    }
    const isOuter = node === outer
    const isSorted = Array.isArray(node.modifiers) && node.modifiers.length > 0
    if (nameItems(node, isOuter ? (item) => isSorted && isCastOfColumn(item) : () => true)) isChanged = true
  }
  return isChanged
}
