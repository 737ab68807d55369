import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { copyOfTree, isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { isShort } from "./short-operands.ts"
import { become, childrenOf, dialectCall, engineCall, plainName, textConstant } from "./tree-nodes.ts"

/** PostgreSQL's functions of JSON that return rows, as lists of the engine's; the argument is the JSON. */
const lists: ReadonlyMap<string, (json: TreeValue) => Tree> = new Map([
  ["json_array_elements", (json) => engineCall("json_extract", [json, textConstant("$[*]")])],
  ["json_array_elements_text", (json) => engineCall("json_extract_string", [json, textConstant("$[*]")])],
  ["json_object_keys", (json) => engineCall("json_keys", [json])],
])

/** Those functions by all their names. */
export const jsonRowFunctions: ReadonlySet<string> = new Set(
  [...lists.keys()].flatMap((name) => [name, name.replace("json", "jsonb")]),
)

/** Functions of the engine that take a list: what they are given stays one. */
const takesList =
  /^(?:(?:list|array)_\w+|len|length|unnest|flatten|cardinality|apply|filter|reduce|aggregate|contains|to_json|as_series)$/

/** The series in the type of its numbers: the engine's are BIGINT, or TIMESTAMP. */
function typedSeries(call: Tree): Tree {
  const children = childrenOf(call)
  const [first, second, step = second] = children
  const isPlain = children.every((one) => isShort(one))
  const hasParameter = [...nodesOf(children)].some((one) => one.class === "PARAMETER")
  if (first === undefined || step === undefined || !isPlain || hasParameter) return call
  return dialectCall("as_series", [call, copyOfTree(first), copyOfTree(step)])
}

/** The list whose elements are the function's rows; undefined: the function returns one value. */
function listOf(call: Tree, name: string): Tree | undefined {
  const children = childrenOf(call)
  if (name === "generate_series") return children.length < 2 ? undefined : typedSeries(call)
  if (name === "string_to_table") return engineCall("string_split", children)
  const [json] = children
  const list = lists.get(name.replace(/^jsonb/, "json"))
  return json === undefined || children.length > 1 ? undefined : list?.(json)
}

function refusedIn(name: string, place: string): PgError {
  return new PgError("0A000", `set-returning function ${name} is not allowed in ${place}`, {
    hint: "Call it in FROM.",
  })
}

const conditionals = new Set(["CASE", "WINDOW"])

/** In place; inner calls first. True: something was changed. */
function rowsIn(value: TreeValue, place: string | undefined): boolean {
  if (Array.isArray(value)) return value.map((one) => rowsIn(one, place)).includes(true)
  if (!isTree(value) || value.class === "SUBQUERY" || Object.isFrozen(value)) return false
  const name = value.class === "FUNCTION" ? plainName(value) : undefined
  if (name !== undefined && takesList.test(name)) return false
  const inside = conditionals.has(textAt(value, "class")) ? textAt(value, "class") : place
  let isChanged = false
  for (const child of Object.values(value))
    if (typeof child === "object" && rowsIn(child, inside)) isChanged = true
  const list = name === undefined ? undefined : listOf({ ...value, alias: "" }, name)
  if (list === undefined) return isChanged
  if (inside !== undefined) throw refusedIn(name ?? "", inside)
  // The column keeps the name of the function that was asked for.
  const alias = textAt(value, "alias")
  return become(value, { ...engineCall("unnest", [list]), alias })
}

/**
 * A function in the list of a SELECT that returns rows in PostgreSQL, and one list in the engine, returns rows, in place. True:
 * something was changed. Throws 0A000 where PostgreSQL takes none.
 */
export function rowsInSelectList(select: Tree): boolean {
  const items = Array.isArray(select.select_list) ? select.select_list : []
  let isChanged = false
  for (const item of items) {
    const name = isTree(item) && item.class === "FUNCTION" ? plainName(item) : undefined
    if (!isTree(item) || !rowsIn(item, undefined)) continue
    isChanged = true
    if (name !== undefined && textAt(item, "alias") === "") item.alias = name
  }
  return isChanged
}
