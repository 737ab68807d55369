import { ownValue } from "../../../domain/own-value.ts"
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

/** Names under which DuckDB's parser files what PostgreSQL calls otherwise. */
const engineNames: Record<string, string> = { count_star: "count", main: "?column?" }

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
      return node.is_operator === true || !/^[a-z_]\w*$/.test(name)
        ? "?column?"
        : (ownValue(engineNames, name) ?? name)
    }
    case "CAST":
      return isTree(node.child) && node.child.class !== "CONSTANT" ? nameOf(node.child) : castName(node)
    case "CASE":
      return "case"
    case "OPERATOR":
      return node.type === "OPERATOR_COALESCE" ? "coalesce" : "?column?"
    default:
      return "?column?"
  }
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
  return ownValue(typeNames, id) ?? "?column?"
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
