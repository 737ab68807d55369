/**
 * The engine runs the conditions of a statement in the order that it thinks best, those of the statement before those of the
 * policy too. A condition that fails for one value, and does so for a row that the policy hides, tells that there is such a row.
 * PostgreSQL calls what stops this a security barrier. Here, the columns of hidden rows are NULL to whatever is computed with them.
 */
import { foldName } from "../../../domain/sql-access.ts"
import type { FilteredView } from "../../governed-tables.ts"
import { isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { isTableNode } from "../rights/pin-relations.ts"

/**
 * Makes a policy's query `SELECT a, b FROM t WHERE c` into `SELECT CASE WHEN c THEN a END AS a, … FROM t WHERE c`, in place. The types
 * stay. Costs the engine what it saves by looking for a value in the table's own order: a scan of the columns that are read.
 *
 * @param subquery the node around the query
 */
export function addBarrier(subquery: Tree): void {
  const select = isTree(subquery.subquery) ? subquery.subquery.node : undefined
  if (!isTree(select) || select.type !== "SELECT_NODE" || !Array.isArray(select.select_list))
    throw new Error("a policy's query has a form that no barrier fits")
  const { where_clause: condition } = select
  if (!isTree(condition)) return
  select.select_list = select.select_list.map((item) => whereVisible(condition, item))
}

function whereVisible(condition: Tree, item: TreeValue): Tree {
  if (!isTree(item) || item.class === "STAR") throw new Error("a policy's query does not name its columns")
  const alias = textAt(item, "alias") || columnName(item)
  return {
    class: "CASE",
    type: "CASE_EXPR",
    alias,
    query_location: null,
    case_checks: [{ when_expr: structuredClone(condition), then_expr: { ...item, alias: "" } }],
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

/** Expressions that fail for no value, whatever is below them. */
const harmless: ReadonlySet<string> = new Set([
  "COLUMN_REF",
  "CONJUNCTION",
  "CONSTANT",
  "POSITIONAL_REFERENCE",
])
const harmlessOperators: ReadonlySet<string> = new Set([
  "OPERATOR_NOT",
  "OPERATOR_IS_NULL",
  "OPERATOR_IS_NOT_NULL",
])
/** Of a column as it is. */
const harmlessFunctions: ReadonlySet<string> = new Set(["avg", "count", "count_star", "max", "min", "sum"])
const ofConstants: ReadonlySet<string> = new Set(["BETWEEN", "COMPARISON"])

/**
 * Functions that look at the least and the greatest value of a column, hidden rows included, when a statement is planned: some fail on
 * them, one shows them. Behind a barrier a column has no such statistics. Found by calling every function that readers may call
 * (`test/governance/statistics.long.test.ts`).
 */
const readingStatistics: ReadonlySet<string> = new Set(
  `bitstring_agg century date_part datepart date_trunc datetrunc day dayofmonth dayofweek dayofyear decade epoch epoch_ms epoch_ns
  epoch_us era hour isodow isoyear julian microsecond millennium millisecond minute month nanosecond quarter second timezone
  timezone_hour timezone_minute week weekday weekofyear year yearweek`.split(/\s+/),
)

/** Whether rows that policies hide must be NULL to the query. */
export function needsBarrier(tree: Tree, views: readonly FilteredView[]): boolean {
  return canFail(tree, views) || readsStatistics(tree)
}

/** Macros of ours may hold any function. */
function readsStatistics(tree: Tree): boolean {
  for (const node of nodesOf(tree.statements ?? null)) {
    if (node.class !== "FUNCTION" && node.class !== "WINDOW") continue
    if (textAt(node, "catalog") === "memory") return true
    if (readingStatistics.has(textAt(node, "function_name").toLowerCase())) return true
  }
  return false
}

/**
 * Whether a condition of the query could fail for a value. What is not known to be harmless could: a cast, arithmetic, a function,
 * and a comparison of text with a number, for which the engine casts the text.
 */
function canFail(tree: Tree, views: readonly FilteredView[]): boolean {
  const isNumber = numberColumns(tree, views)
  for (const part of partsNearRows(tree)) {
    for (const node of nodesOf(part)) {
      if (typeof node.class === "string" && !isHarmless(node, isNumber)) return true
    }
  }
  return false
}

/**
 * The parts of a query that the engine may work out before the policy's condition. What the query itself returns, groups and sorts by is
 * worked out for the rows that passed every condition, if no condition is on it. In a subquery, conditions from outside can be.
 */
function* partsNearRows(tree: Tree): Generator<TreeValue> {
  const statement = Array.isArray(tree.statements) ? tree.statements[0] : undefined
  const select = isTree(statement) ? statement.node : undefined
  const isPlain =
    isTree(select) && select.type === "SELECT_NODE" && !isTree(select.having) && !isTree(select.qualify)
  if (!isPlain) {
    yield tree
    return
  }
  const { select_list, group_expressions, modifiers, ...near } = select
  yield near
  for (const node of nodesOf([select_list, group_expressions, modifiers].filter((one) => one !== undefined)))
    if (node.class === "SUBQUERY") yield node
}

function isHarmless(node: Tree, isNumber: IsNumber): boolean {
  const kind = textAt(node, "class")
  if (harmless.has(kind)) return true
  if (kind === "STAR") return node.columns !== true
  if (kind === "FUNCTION") return isHarmlessCall(node)
  if (kind === "OPERATOR" && harmlessOperators.has(textAt(node, "type"))) return true
  const isComparison = ofConstants.has(kind) || textAt(node, "type") === "COMPARE_IN"
  return isComparison && comparesColumnWithConstants(operandsOf(node), isNumber)
}

function isHarmlessCall(node: Tree): boolean {
  const isKnown = harmlessFunctions.has(textAt(node, "function_name").toLowerCase())
  return isKnown && Array.isArray(node.children) && node.children.every(isColumn)
}

function operandsOf(node: Tree): TreeValue[] {
  const { children, input, left, lower, right, upper } = node
  if (Array.isArray(children)) return children
  return [input, lower, upper, left, right].filter((one) => one !== undefined)
}

/** One column and constants of text, which are cast to the column's type once; or of numbers, where it holds numbers. */
function comparesColumnWithConstants(operands: readonly TreeValue[], isNumber: IsNumber): boolean {
  const [column, ...others] = operands.filter(isColumn)
  const constants = operands.filter((one) => !isColumn(one))
  if (column === undefined || others.length > 0 || !constants.every(isConstant)) return false
  return constants.every(isText) || isNumber(column)
}

function isColumn(value: TreeValue): value is Tree {
  return isTree(value) && value.class === "COLUMN_REF"
}

function isConstant(value: TreeValue): value is Tree {
  return isTree(value) && value.class === "CONSTANT"
}

function isText(constant: TreeValue): boolean {
  if (!isTree(constant) || !isTree(constant.value) || !isTree(constant.value.type)) return false
  return constant.value.type.id === "VARCHAR"
}

/** Whether a column holds numbers, whichever of the query's tables it is of. */
type IsNumber = (column: Tree) => boolean

/** A name means a column of numbers where every governed table has one of that name, and the query gives that name to nothing. */
function numberColumns(tree: Tree, views: readonly FilteredView[]): IsNumber {
  const given = new Set<string>()
  const tables = new Set<string>()
  for (const node of nodesOf(tree.statements ?? null)) {
    const { alias, aliases, column_name_alias: columns } = node
    for (const name of [alias, aliases, columns].flat())
      if (typeof name === "string") given.add(foldName(name))
    if (isTableNode(node)) tables.add(foldName(textAt(node, "table_name")))
  }
  const ofNumbers = views.map((view) => new Set((view.numberColumns ?? []).map(foldName)))
  return ({ column_names: names }) => {
    if (!Array.isArray(names) || names.length > 2) return false
    const [name = "", table] = names.map((one) => (typeof one === "string" ? foldName(one) : "")).reverse()
    // What is no table might be a column with fields.
    if (table !== undefined && !tables.has(table) && !given.has(table)) return false
    return !given.has(name) && ofNumbers.length > 0 && ofNumbers.every((one) => one.has(name))
  }
}
