import { isTree, type Tree, type TreeValue } from "../dialect/syntax-tree.ts"

/** Puts `by` in the place of a node; the name of its column stays. */
export function replaceNode(node: Tree, by: Tree): void {
  const alias = node.alias
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, by)
  if (typeof alias === "string" && alias !== "") node.alias = alias
}

export function constant(value: string | number): Tree {
  const id = typeof value === "string" ? "VARCHAR" : Math.abs(value) < 2 ** 31 ? "INTEGER" : "BIGINT"
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    alias: "",
    query_location: 0,
    value: { type: { id, type_info: null }, is_null: false, value },
  }
}

/** A call of a function of `functions.ts`. */
export function catalogCall(name: string, argument: TreeValue): Tree {
  return {
    class: "FUNCTION",
    type: "FUNCTION",
    alias: "",
    query_location: 0,
    function_name: name,
    schema: "pgcat",
    children: [argument],
    filter: null,
    order_bys: { type: "ORDER_MODIFIER", orders: [] },
    distinct: false,
    is_operator: false,
    export_state: false,
    catalog: "memory",
  }
}

/** The text of a constant; undefined: it is none, or none of text. */
export function stringConstant(node: TreeValue | undefined): string | undefined {
  if (!isTree(node) || node.class !== "CONSTANT" || !isTree(node.value)) return undefined
  return typeof node.value.value === "string" ? node.value.value : undefined
}
