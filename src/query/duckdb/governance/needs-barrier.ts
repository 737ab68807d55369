/** What of a statement makes a barrier necessary. */
import { foldName } from "../../../domain/sql-access.ts"
import type { FilteredView } from "../../governed-tables.ts"
import { isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { isTableNode } from "../rights/pin-relations.ts"
import {
  type Comparison,
  cannotFail,
  comparisonOf,
  isColumnNode,
  isConstantNode,
  typeOfConstant,
} from "./comparisons.ts"
import { givenNames } from "./given-names.ts"

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
  const typesOf = columnTypes(tree, views)
  for (const part of partsNearRows(tree)) {
    for (const node of nodesOf(part)) {
      if (typeof node.class === "string" && !isHarmless(node, typesOf)) return true
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

function isHarmless(node: Tree, typesOf: ColumnTypes): boolean {
  const kind = textAt(node, "class")
  if (harmless.has(kind)) return true
  if (kind === "STAR") return node.columns !== true
  if (kind === "FUNCTION") return isHarmlessCall(node)
  if (kind === "OPERATOR" && harmlessOperators.has(textAt(node, "type"))) return true
  const comparison = comparisonOf(node)
  return comparison !== undefined && isHarmlessComparison(comparison, typesOf)
}

function isHarmlessCall(node: Tree): boolean {
  const isKnown = harmlessFunctions.has(textAt(node, "function_name").toLowerCase())
  return isKnown && Array.isArray(node.children) && node.children.every(isColumnNode)
}

/** Texts are cast to the column's type once; a number is compared with a column that is known to hold numbers. */
function isHarmlessComparison({ column, others }: Comparison, typesOf: ColumnTypes): boolean {
  const { types, isCertain } = typesOf(column)
  return others.every((one) => {
    if (!isConstantNode(one) || !types.every((type) => cannotFail(type, one))) return false
    return isCertain || typeOfConstant(one) === "VARCHAR"
  })
}

/** The types that a column of this name has in the governed tables. `isCertain`: it is a column of one of these. */
type ColumnTypes = (column: Tree) => { types: readonly string[]; isCertain: boolean }

/** A name means a column of a governed table where every one of these has it, and the query gives that name to nothing. */
function columnTypes(tree: Tree, views: readonly FilteredView[]): ColumnTypes {
  const given = givenNames(tree)
  const tables = new Set<string>()
  for (const node of nodesOf(tree.statements ?? null))
    if (isTableNode(node)) tables.add(foldName(textAt(node, "table_name")))
  const ofViews = views.map(
    ({ columns = [] }) => new Map(columns.map(({ name, type }) => [foldName(name), type])),
  )
  return ({ column_names: names }) => {
    if (!Array.isArray(names) || names.length > 2) return { types: [], isCertain: false }
    const [name = "", table] = names.map((one) => (typeof one === "string" ? foldName(one) : "")).reverse()
    const types = ofViews.flatMap((columns) => columns.get(name) ?? [])
    // What is no table might be a column with fields.
    const isOfTable = table === undefined || tables.has(table) || given.has(table)
    return {
      types,
      isCertain: isOfTable && !given.has(name) && types.length > 0 && types.length === views.length,
    }
  }
}
