/**
 * The engine runs the conditions of a statement in the order that it thinks best, those of the statement before those of the
 * policy too. A condition that fails for one value, and does so for a row that the policy hides, tells that there is such a row.
 * PostgreSQL calls what stops this a security barrier. Here, the columns of hidden rows are NULL to whatever is computed with them.
 */
import { copyOfTree, isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

/**
 * Makes a policy's query `SELECT a, b FROM t WHERE c` into `SELECT CASE WHEN c THEN a END AS a, … FROM t WHERE c`, in place. The types
 * stay. Without `searches` it costs the engine what it saves by looking for a value in the table's own order: a scan of the columns
 * that are read.
 *
 * @param subquery the node around the query
 * @param searches conditions that are asked of the table beside the policy's own: see `searches.ts`
 */
export function addBarrier(subquery: Tree, searches: readonly Tree[] = []): void {
  const select = isTree(subquery.subquery) ? subquery.subquery.node : undefined
  if (!isTree(select) || select.type !== "SELECT_NODE" || !Array.isArray(select.select_list))
    throw new Error("a policy's query has a form that no barrier fits")
  const { where_clause: condition } = select
  if (!isTree(condition)) return
  select.select_list = select.select_list.map((item) => whereVisible(condition, item))
  if (searches.length > 0) select.where_clause = allOf([condition, ...searches])
}

function allOf(children: Tree[]): Tree {
  return { class: "CONJUNCTION", type: "CONJUNCTION_AND", alias: "", query_location: null, children }
}

function whereVisible(condition: Tree, item: TreeValue): Tree {
  if (!isTree(item) || item.class === "STAR") throw new Error("a policy's query does not name its columns")
  const alias = textAt(item, "alias") || columnName(item)
  return {
    class: "CASE",
    type: "CASE_EXPR",
    alias,
    query_location: null,
    case_checks: [{ when_expr: copyOfTree(condition), then_expr: { ...item, alias: "" } }],
    else_expr: {
      class: "CONSTANT",
      type: "VALUE_CONSTANT",
      alias: "",
      query_location: null,
      value: { type: { id: "NULL", type_info: null }, is_null: true },
    },
  }
}

function columnName(item: Tree): string {
  const name = Array.isArray(item.column_names) ? item.column_names.at(-1) : undefined
  if (typeof name !== "string") throw new Error("a policy's query has a column without a name")
  return name
}
