import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { aggregates, treesOf } from "./tree-limits.ts"

/** How often each name stands for a table, by lower-case name. */
export function usesOfTables(tree: Tree): Map<string, number> {
  const uses = new Map<string, number>()
  const waiting: TreeValue[] = [tree.statements ?? null]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value) waiting.push(item)
    if (!isTree(value)) continue
    if (value.type === "BASE_TABLE") {
      const name = textAt(value, "table_name").toLowerCase()
      uses.set(name, (uses.get(name) ?? 0) + 1)
    }
    for (const child of Object.values(value)) if (typeof child === "object" && child) waiting.push(child)
  }
  return uses
}

/** Whether an expression stands for several columns: `*`, `COLUMNS(…) + 1`. */
export function hasStar(item: Tree): boolean {
  const waiting: TreeValue[] = [item]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const each of value) waiting.push(each)
    if (!isTree(value) || value.class === "SUBQUERY") continue
    if (value.class === "STAR") return true
    for (const child of Object.values(value)) if (typeof child === "object" && child) waiting.push(child)
  }
  return false
}

/** Whether a query gathers rows: the planner then takes what is below for itself. */
export function isGrouped(node: Tree): boolean {
  if (Array.isArray(node.group_expressions) && node.group_expressions.length > 0) return true
  return treesOf(node.select_list).some(
    (item) => item.class === "FUNCTION" && aggregates.test(textAt(item, "function_name").toLowerCase()),
  )
}
