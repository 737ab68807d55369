import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import type { BoundValue } from "../values/parameters.ts"
import { replaceNode, stringConstant } from "./tree-parts.ts"

/** A call of `set_config`, which acts when the query runs. */
export interface SettingCall {
  name: string
  value: string | { parameter: number }
  isLocal: boolean
}

function refused(why: string): PgError {
  return new PgError("0A000", `set_config: ${why}`, { hint: "SET and SET LOCAL do the same." })
}

function booleanConstant(node: TreeValue | undefined): boolean | undefined {
  if (!isTree(node)) return undefined
  if (node.class === "CAST")
    return { t: true, f: false, true: true, false: false }[stringConstant(node.child) ?? ""]
  const value = isTree(node.value) ? node.value.value : undefined
  return typeof value === "boolean" ? value : undefined
}

function givenValue(node: TreeValue | undefined): SettingCall["value"] | undefined {
  if (!isTree(node)) return undefined
  if (node.class === "CAST") return givenValue(node.child)
  if (node.class === "PARAMETER") return { parameter: Number(textAt(node, "identifier")) }
  return stringConstant(node)
}

function isCall(node: TreeValue): node is Tree {
  return (
    isTree(node) &&
    node.class === "FUNCTION" &&
    textAt(node, "function_name").toLowerCase() === "set_config" &&
    ["", "pg_catalog"].includes(textAt(node, "schema").toLowerCase())
  )
}

function readCall(node: Tree): SettingCall {
  const [nameNode, valueNode, localNode] = Array.isArray(node.children) ? node.children : []
  const name = stringConstant(nameNode)
  const value = givenValue(valueNode)
  const isLocal = booleanConstant(localNode)
  if (name === undefined || value === undefined || isLocal === undefined)
    throw refused("the name and is_local must be constants, the value a text or a parameter")
  return { name, value, isLocal }
}

function asText(node: Tree): Tree {
  const [, value = null] = Array.isArray(node.children) ? node.children : []
  return {
    class: "CAST",
    type: "OPERATOR_CAST",
    alias: "",
    query_location: null,
    child: value,
    cast_type: { id: "VARCHAR", type_info: null },
    try_cast: false,
  }
}

/**
 * The calls of `set_config` in the list of a query without FROM; in their place stands the value. In a query of rows one is
 * taken only where it changes nothing (`SELECT set_config('bytea_output', 'hex', false) FROM pg_settings …`). `current`: a
 * setting's value now. undefined: there is no such call, and the tree is as it was. Throws 0A000 for a call anywhere else.
 */
export function takeSettingCalls(
  tree: Tree,
  current: (name: string) => string | undefined,
): SettingCall[] | undefined {
  const [statement] = Array.isArray(tree.statements) ? tree.statements : []
  const query = isTree(statement) && isTree(statement.node) ? statement.node : {}
  const list = Array.isArray(query.select_list) ? query.select_list : []
  const isOneRow = isTree(query.from_table) && query.from_table.type === "EMPTY"
  const calls: SettingCall[] = []
  const found = list.filter(isCall)
  for (const node of found) {
    const call = readCall(node)
    replaceNode(node, asText(node))
    const changes = current(call.name) !== call.value
    if (changes && !isOneRow) throw refused("it can be called in a query without FROM only")
    if (changes) calls.push(call)
  }
  if ([...nodesOf(tree.statements ?? null)].some(isCall))
    throw refused("it can be called in a query's list only")
  return found.length === 0 ? undefined : calls
}

/** What they set, with the statement's parameters as they are bound. Throws 22004 for a NULL. */
export function settingChanges(
  calls: readonly SettingCall[],
  bound: readonly BoundValue[],
): { name: string; value: string; isLocal: boolean }[] {
  return calls.map(({ name, value, isLocal }) => {
    const given = typeof value === "string" ? value : boundText(bound[value.parameter - 1])
    if (given === undefined) throw new PgError("22004", `the value of ${name} must not be null`)
    return { name, value: given, isLocal }
  })
}

function boundText(bound: BoundValue | undefined): string | undefined {
  return bound?.kind === "value" && typeof bound.value === "string" ? bound.value : undefined
}
