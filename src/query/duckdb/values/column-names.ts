import { ownValue } from "../../../domain/own-value.ts"
import { markedLength } from "../dialect/length-types.ts"
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

/** Names under which DuckDB's parser files what PostgreSQL calls otherwise. */
const engineNames: Record<string, string> = {
  count_star: "count",
  main: "?column?",
  quantile_cont: "percentile_cont",
  quantile_disc: "percentile_disc",
}

function nameOf(node: Tree): string {
  const alias = textAt(node, "alias")
  if (alias !== "") return alias
  switch (node.class) {
    case "COLUMN_REF": {
      const names = node.column_names
      const last = Array.isArray(names) ? names.at(-1) : undefined
      return typeof last === "string" ? last : "?column?"
    }
    case "FUNCTION":
    case "WINDOW": {
      const name = textAt(node, "function_name").toLowerCase()
      const [child] = Array.isArray(node.children) ? node.children : []
      if (name === "super_text" && isTree(child)) return nameOf(child)
      // The engine's parser calls `~` and SIMILAR TO so; a client's own call is in our schema.
      if (name === "regexp_full_match" && textAt(node, "schema") === "") return "?column?"
      return node.is_operator === true || !/^[a-z_]\w*$/.test(name)
        ? "?column?"
        : (ownValue(engineNames, name) ?? name)
    }
    case "CAST":
      return isTree(node.child) && node.child.class !== "CONSTANT" ? nameOf(node.child) : castName(node)
    case "CASE":
      return "case"
    case "SUBQUERY":
      return subqueryName(node)
    case "OPERATOR":
      return node.type === "OPERATOR_COALESCE" ? "coalesce" : "?column?"
    default:
      return "?column?"
  }
}

/** A query in an expression is named as its one column; EXISTS after itself. */
function subqueryName(node: Tree): string {
  if (node.subquery_type === "EXISTS") return "exists"
  const select =
    node.subquery_type === "SCALAR" && isTree(node.subquery) ? selectOf(node.subquery.node) : undefined
  const [item] = Array.isArray(select?.select_list) ? select.select_list : []
  return isTree(item) ? nameOf(item) : "?column?"
}

/** `'1'::int` is named after its type, by PostgreSQL's name of it. */
const typeNames: Record<string, string> = {
  BOOLEAN: "bool",
  SMALLINT: "int2",
  INTEGER: "int4",
  BIGINT: "int8",
  FLOAT: "float4",
  DOUBLE: "float8",
  DECIMAL: "numeric",
  VARCHAR: "text",
  BLOB: "bytea",
  DATE: "date",
  TIME: "time",
  TIMESTAMP: "timestamp",
  "TIMESTAMP WITH TIME ZONE": "timestamptz",
  INTERVAL: "interval",
  UUID: "uuid",
  JSON: "json",
}

function castName(node: Tree): string {
  const id = isTree(node.cast_type) ? textAt(node.cast_type, "id") : ""
  const info = isTree(node.cast_type) ? node.cast_type.type_info : null
  const marked = isTree(info) ? markedLength(textAt(info, "name").toLowerCase()) : undefined
  if (marked !== undefined) return marked.kind === "char" ? "bpchar" : "varchar"
  return ownValue(typeNames, id) ?? "?column?"
}

/** The name that a result has without being given one; undefined: `?column?`, which no statement can use. */
export function resultName(node: Tree): string | undefined {
  const name = nameOf(node)
  return name === "?column?" ? undefined : name
}

function selectOf(node: TreeValue | undefined): Tree | undefined {
  if (!isTree(node)) return undefined
  if (node.type === "SELECT_NODE") return node
  if (node.type === "SET_OPERATION_NODE")
    return selectOf(node.left ?? (Array.isArray(node.children) ? node.children[0] : undefined))
  return undefined
}

/**
 * The result's column names as PostgreSQL gives them (`count`, not `count_star()`), or `undefined` where the engine
 * must say (a star stands for columns only it knows).
 */
export function pgColumnNames(tree: Tree): string[] | undefined {
  const statement = Array.isArray(tree.statements) ? tree.statements[0] : undefined
  const select = isTree(statement) ? selectOf(statement.node) : undefined
  const list = select?.select_list
  if (!Array.isArray(list)) return undefined
  const names: string[] = []
  for (const item of list) {
    if (!isTree(item) || item.class === "STAR" || item.type === "COLUMNS") return undefined
    names.push(nameOf(item))
  }
  return names
}
