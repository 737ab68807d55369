/**
 * Behind a barrier the engine cannot look for a value in the table's own order. A condition that fails for no value (see
 * `comparisons.ts`) may be asked of the table itself, beside the policy's: rows for which it is not true would be left out in
 * any case. It tells of hidden rows what it would tell without a barrier: the time that it takes.
 */
import { foldName } from "../../../domain/sql-access.ts"
import type { FilteredView, ViewColumn } from "../../governed-tables.ts"
import { copyOfTree, isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { isTableNode } from "../rights/pin-relations.ts"
import {
  cannotFail,
  comparisonOf,
  isColumnNode,
  isConstantNode,
  isIntegerType,
  rejectsNull,
} from "./comparisons.ts"
import { givenNames } from "./given-names.ts"

/** The conditions of the query around it on columns of one of its tables. */
export interface Search {
  /** As the query writes it. */
  column: string
  condition: Tree
}

/** By the nodes of tables. */
export function searchesIn(tree: Tree): Map<Tree, Search[]> {
  const found = new Map<Tree, Search[]>()
  const given = givenNames(tree)
  for (const select of nodesOf(tree.statements ?? null)) {
    if (select.type !== "SELECT_NODE" || isTree(select.sample)) continue
    const tables = tablesOf(select.from_table)
    if (tables === undefined) continue
    const conditions = conjunctsOf(select.where_clause)
    for (const table of tables) {
      if (!isTableNode(table) || isTree(table.sample) || hasOwnColumns(table)) continue
      const label = foldName(labelOf(table))
      if (tables.filter((other) => foldName(labelOf(other)) === label).length > 1) continue
      const isAlone = tables.length === 1
      found.set(
        table,
        conditions.flatMap((condition) => {
          const column = columnOf(condition, isAlone ? ["", label] : [label])
          return column === undefined || given.has(foldName(column)) ? [] : [{ column, condition }]
        }),
      )
    }
  }
  return found
}

/** What is joined, unless what a table has beside the rows that match decides what comes out. */
function tablesOf(from: TreeValue | undefined): Tree[] | undefined {
  const tables: Tree[] = []
  const waiting = [from]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!isTree(next)) return undefined
    if (next.type !== "JOIN") tables.push(next)
    else if (isTree(next.sample) || !["REGULAR", "CROSS", "NATURAL"].includes(textAt(next, "ref_type")))
      return undefined
    else waiting.push(next.left, next.right)
  }
  return tables
}

function hasOwnColumns({ column_name_alias: columns }: Tree): boolean {
  return Array.isArray(columns) && columns.length > 0
}

function labelOf(table: Tree): string {
  const alias = textAt(table, "alias")
  return alias === "" ? textAt(table, "table_name") : alias
}

function conjunctsOf(condition: TreeValue | undefined): Tree[] {
  const found: Tree[] = []
  const waiting = [condition]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!isTree(next)) continue
    if (next.type === "CONJUNCTION_AND" && Array.isArray(next.children)) waiting.push(...next.children)
    else found.push(next)
  }
  return found
}

/** `labels`: what may stand before the column's name; "": nothing. */
function columnOf(condition: Tree, labels: readonly string[]): string | undefined {
  const names = comparisonOf(condition)?.column.column_names
  if (!rejectsNull(condition) || !Array.isArray(names)) return undefined
  const [name, table = "", ...more] = [...names].reverse()
  if (typeof name !== "string" || typeof table !== "string" || more.length > 0) return undefined
  return labels.includes(foldName(table)) ? name : undefined
}

/** Those of the conditions that may be asked of the table, as conditions on its columns. */
export function safeSearches(searches: readonly Search[], { columns = [] }: FilteredView): Tree[] {
  return searches.flatMap(({ column: name, condition }) => {
    const column = columns.find((one) => foldName(one.name) === foldName(name))
    if (column === undefined || !column.isClear || !isSafe(condition, column)) return []
    return [ofTable(condition, column)]
  })
}

function isSafe(condition: Tree, { type }: ViewColumn): boolean {
  const others = comparisonOf(condition)?.others ?? []
  return others.every(
    (one) =>
      (isConstantNode(one) && cannotFail(type, one)) ||
      // A parameter that is no integer equals none.
      (isParameter(one) && isIntegerType(type) && textAt(condition, "type") === "COMPARE_EQUAL"),
  )
}

function isParameter(value: TreeValue): value is Tree {
  return isTree(value) && value.class === "PARAMETER"
}

function ofTable(condition: Tree, { name, type }: ViewColumn): Tree {
  const copy = copyOfTree(condition)
  for (const node of [...nodesOf(copy)]) {
    if (isColumnNode(node)) node.column_names = [name]
    else if (isParameter(node)) castOrNull(node, type)
  }
  return copy
}

/** A value that is none of the column's becomes null, which equals nothing: it may not fail, and the column is not cast. In place. */
function castOrNull(parameter: Tree, type: string): void {
  const child = { ...parameter }
  for (const key of Object.keys(parameter)) delete parameter[key]
  Object.assign(parameter, {
    ...{ class: "CAST", type: "OPERATOR_CAST", alias: "", query_location: null, try_cast: true },
    child,
    cast_type: { id: type, type_info: null },
  })
}
