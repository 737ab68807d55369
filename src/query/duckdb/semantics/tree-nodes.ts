import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

export const childrenOf = (node: Tree): TreeValue[] => (Array.isArray(node.children) ? node.children : [])

/** A call of one of the engine's functions. */
export function engineCall(name: string, children: TreeValue[]): Tree {
  return {
    class: "FUNCTION",
    type: "FUNCTION",
    alias: "",
    query_location: null,
    function_name: name,
    schema: "",
    catalog: "",
    children,
    filter: null,
    order_bys: { type: "ORDER_MODIFIER", orders: [] },
    distinct: false,
    is_operator: false,
    export_state: false,
  }
}

/** A call of one of the functions of `dialect/macros.ts`. */
export function dialectCall(name: string, children: TreeValue[]): Tree {
  return Object.assign(engineCall(name, children), { schema: "redshift", catalog: "memory" })
}

export function operatorCall(operator: string, children: TreeValue[]): Tree {
  return Object.assign(engineCall(operator, children), { is_operator: true })
}

export function textConstant(value: string): Tree {
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    alias: "",
    query_location: null,
    value: { type: { id: "VARCHAR", type_info: null }, is_null: false, value },
  }
}

export function numberConstant(value: number): Tree {
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    alias: "",
    query_location: null,
    value: { type: { id: "INTEGER", type_info: null }, is_null: false, value },
  }
}

/** `CAST(child AS type)`, of a type without parameters. */
export function castTo(child: TreeValue, type: string): Tree {
  return {
    class: "CAST",
    type: "OPERATOR_CAST",
    alias: "",
    query_location: null,
    child,
    cast_type: { id: type, type_info: null },
    try_cast: false,
  }
}

export function not(child: Tree): Tree {
  return {
    class: "OPERATOR",
    type: "OPERATOR_NOT",
    alias: "",
    query_location: null,
    children: [child],
  }
}

/** Puts another node in its place; the name of its column stays. */
export function become(node: Tree, other: Tree): true {
  const alias = textAt(node, "alias")
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, other, alias === "" ? {} : { alias })
  return true
}

export function constantText(node: TreeValue | undefined): string | undefined {
  if (!isTree(node) || node.class !== "CONSTANT" || !isTree(node.value)) return undefined
  return typeof node.value.value === "string" ? node.value.value : undefined
}

/** A number that stands in the statement; a decimal's digits without their point. */
export function constantNumber(node: TreeValue | undefined): number | undefined {
  if (!isTree(node)) return undefined
  if (node.class === "FUNCTION" && node.function_name === "-" && childrenOf(node).length === 1) {
    const below = constantNumber(childrenOf(node)[0])
    return below === undefined ? undefined : -below
  }
  if (node.class !== "CONSTANT" || !isTree(node.value)) return undefined
  const { value } = node.value
  // Beyond what a number holds exactly, the parser keeps the digits as they were written.
  return typeof value === "number" ? value : undefined
}

export const isParameter = (node: TreeValue | undefined): boolean =>
  isTree(node) && node.class === "PARAMETER"

/** The function's name where it is the engine's own, in lower case; undefined: another schema's. */
export function plainName(node: Tree): string | undefined {
  const schema = textAt(node, "schema").toLowerCase()
  // The engine's parser puts what has a grammar of its own (EXTRACT, SUBSTRING) into `main`.
  if (!["", "pg_catalog", "main"].includes(schema)) return undefined
  return textAt(node, "function_name").toLowerCase()
}

export function isNull(node: TreeValue | undefined): boolean {
  return isTree(node) && node.class === "CONSTANT" && isTree(node.value) && node.value.is_null === true
}
