import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { operatorCall } from "../semantics/tree-nodes.ts"
import { catalogCall, constant, replaceNode, stringConstant } from "./tree-parts.ts"

/** Columns that are an `int2vector` or an `oidvector` in PostgreSQL: written `1 2`, and counted from 0. */
const vectors = new Set(["indkey", "indoption", "indclass", "indcollation", "proargtypes"])

function isVector(node: TreeValue | undefined): node is Tree {
  if (!isTree(node) || node.class !== "COLUMN_REF" || !Array.isArray(node.column_names)) return false
  const name = node.column_names.at(-1)
  return typeof name === "string" && vectors.has(name.toLowerCase())
}

/** `ix.indkey::varchar`: as PostgreSQL writes such a column. */
function rewriteVectorText(node: Tree): void {
  const isText = isTree(node.cast_type) && node.cast_type.id === "VARCHAR"
  if (node.class !== "CAST" || !isText || !isVector(node.child)) return
  replaceNode(node, catalogCall("vector_text", node.child))
}

/** `i.indkey[n - 1]`: the engine counts from 1. */
function rewriteVectorPlace(node: Tree): void {
  if (node.type !== "ARRAY_EXTRACT" || !Array.isArray(node.children)) return
  const [vector, place = null] = node.children
  if (isVector(vector)) node.children = [vector, operatorCall("+", [place, constant(1)])]
}

/** `SELECT unnest(x)`, as the engine's parser makes it of `ANY (x)`: its x. */
function onlyUnnested(query: TreeValue | undefined): TreeValue | undefined {
  const select = isTree(query) && isTree(query.node) ? query.node : {}
  const [call] = Array.isArray(select.select_list) ? select.select_list : []
  const isAlone = isTree(select.from_table) && select.from_table.type === "EMPTY"
  if (!isAlone || !isTree(call) || textAt(call, "function_name") !== "unnest") return undefined
  return Array.isArray(call.children) ? call.children[0] : undefined
}

/** `a.attnum = ANY (i.indkey)`: in the condition of an outer join the engine takes no query. */
function rewriteAny(node: Tree): void {
  if (node.class !== "SUBQUERY" || node.subquery_type !== "ANY" || node.comparison_type !== "COMPARE_EQUAL")
    return
  const list = onlyUnnested(node.subquery)
  if (!isTree(list) || list.class !== "COLUMN_REF") return
  replaceNode(
    node,
    Object.assign(operatorCall("list_contains", [list, node.child ?? null]), { is_operator: false }),
  )
}

/** PostgreSQL's catalogs are asked with its own reading of `~` (a match anywhere), of array literals and of vectors. In place. */
export function rewriteCatalogHabits(node: Tree): void {
  if (node.class === "FUNCTION" && node.function_name === "regexp_full_match")
    node.function_name = "regexp_matches"
  const text = stringConstant(node)
  if (text !== undefined && /^\{\d*\}$/.test(text) && isTree(node.value))
    node.value.value = `[${text.slice(1, -1)}]`
  rewriteVectorText(node)
  rewriteVectorPlace(node)
  rewriteAny(node)
}
