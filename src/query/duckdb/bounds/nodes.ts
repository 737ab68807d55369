import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

export function refused(what: string, hint: string): PgError {
  return new PgError("0A000", `${what} is not supported`, { hint })
}

export const childrenOf = (node: Tree): TreeValue[] => (Array.isArray(node.children) ? node.children : [])

/** Where a macro that takes texts takes a number; the engine finds no type for a parameter that stands in it twice. */
const numbersAt: ReadonlyMap<string, number> = new Map([
  ["repeat", 1],
  ["lpad", 1],
  ["rpad", 1],
  ["split_part", 2],
])
const ofTexts =
  /^(repeat|[lr]pad|split_part|replace|strpos|contains|string_split|json_value|text_.*|regexp_.*|string_split_regex)$/

function typedParameter(child: TreeValue, type: "INTEGER" | "VARCHAR"): TreeValue {
  if (!isTree(child) || child.class !== "PARAMETER") return child
  return {
    class: "CAST",
    type: "OPERATOR_CAST",
    alias: "",
    query_location: 0,
    child: { ...child, alias: "" },
    cast_type: { id: type, type_info: null },
    try_cast: false,
  }
}

/** A parameter as a text; any other node as it is. */
export const textOf = (child: TreeValue): TreeValue => typedParameter(child, "VARCHAR")

function typed(name: string, child: TreeValue, at: number): TreeValue {
  if (!ofTexts.test(name)) return child
  return typedParameter(child, numbersAt.get(name) === at ? "INTEGER" : "VARCHAR")
}

/** A call of one of our macros, which keeps everything else of the node. */
export function toMacro(node: Tree, name: string, children: TreeValue[] = childrenOf(node)): void {
  Object.assign(node, {
    class: "FUNCTION",
    type: "FUNCTION",
    function_name: `bounded_${name}`,
    schema: "redshift",
    catalog: "memory",
    children: children.map((child, at) => typed(name, child, at)),
    is_operator: false,
  })
}

export function callOf(name: string, children: TreeValue[]): Tree {
  const call: Tree = {
    alias: "",
    query_location: 0,
    filter: null,
    order_bys: { type: "ORDER_MODIFIER", orders: [] },
    distinct: false,
    export_state: false,
  }
  toMacro(call, name, children)
  return call
}

export function negated(node: Tree): Tree {
  return {
    class: "OPERATOR",
    type: "OPERATOR_NOT",
    alias: textAt(node, "alias"),
    query_location: 0,
    children: [{ ...node, alias: "" }],
  }
}

export function become(node: Tree, other: Tree): void {
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, other)
}

export function textConstant(value: string): Tree {
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    alias: "",
    query_location: 0,
    value: { type: { id: "VARCHAR", type_info: null }, is_null: false, value },
  }
}

const volatile = new Set("random gen_random_uuid uuid uuidv4 uuidv7 setseed nextval".split(" "))

/** A bounded function looks at its arguments before it uses them: they must be the same both times. */
export function refuseVolatile(name: string, children: readonly TreeValue[]): void {
  const waiting: TreeValue[] = [...children]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value) waiting.push(item)
    if (!isTree(value)) continue
    if (volatile.has(textAt(value, "function_name").toLowerCase()))
      throw refused(`${name} of a value that is another each time`, "Make the value in a subquery.")
    for (const child of Object.values(value)) if (typeof child === "object" && child) waiting.push(child)
  }
}

/** Uses the macro in the function's place. */
export function bounded(node: Tree, macro: string): true {
  const children = childrenOf(node)
  refuseVolatile(textAt(node, "function_name"), children)
  toMacro(node, macro)
  return true
}
