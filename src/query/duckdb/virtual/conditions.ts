/**
 * What a SELECT wants of a virtual table's columns: its conditions `column = value` and `column IN (values)` that hold for
 * every row of the result. A condition that is not understood is left out: the engine filters the rows in any case.
 */
import type { FilterValue, VirtualColumn, VirtualFilter, VirtualTable } from "../../virtual-table.ts"
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import type { BoundValue } from "../values/parameters.ts"

type Operand = { kind: "value"; value: FilterValue | null } | { kind: "parameter"; number: number }

/** The column is one of these. */
export interface Condition {
  column: VirtualColumn
  operands: Operand[]
}

/** The conditions of a SELECT_NODE on a virtual table that stands in its FROM. */
export function conditionsOn(select: Tree, node: Tree, table: VirtualTable): Condition[] {
  const isRenamed = Array.isArray(node.column_name_alias) && node.column_name_alias.length > 0
  // A sample is taken of all rows, and only then filtered.
  if (isRenamed || isTree(node.sample)) return []
  const scope = { alias: textAt(node, "alias").toLowerCase(), isAlone: select.from_table === node, table }
  return conjuncts(select.where_clause).flatMap((one) => conditionIn(one, scope) ?? [])
}

interface Scope {
  /** In lower case; a column is written with it, or without it where there is no other table. */
  alias: string
  isAlone: boolean
  table: VirtualTable
}

/** What must all be true: the parts of ANDs; a loop, so that a deep statement cannot exhaust the stack. */
function conjuncts(where: TreeValue | undefined): Tree[] {
  const found: Tree[] = []
  const waiting = [where]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (!isTree(next)) continue
    if (next.type === "CONJUNCTION_AND" && Array.isArray(next.children)) waiting.push(...next.children)
    else found.push(next)
  }
  return found
}

function conditionIn(node: Tree, scope: Scope): Condition | undefined {
  if (node.type === "COMPARE_EQUAL") {
    return conditionOf(node.left, [node.right], scope) ?? conditionOf(node.right, [node.left], scope)
  }
  if (node.type !== "COMPARE_IN" || !Array.isArray(node.children)) return undefined
  const [left, ...list] = node.children
  return conditionOf(left, list, scope)
}

function conditionOf(
  side: TreeValue | undefined,
  others: (TreeValue | undefined)[],
  scope: Scope,
): Condition | undefined {
  const column = columnOf(side, scope)
  if (column === undefined) return undefined
  const operands = others.map((other) => operandOf(other, column))
  return operands.every((one) => one !== undefined) ? { column, operands } : undefined
}

function columnOf(node: TreeValue | undefined, { alias, isAlone, table }: Scope): VirtualColumn | undefined {
  if (!isTree(node) || node.class !== "COLUMN_REF" || !Array.isArray(node.column_names)) return undefined
  const [name = "", qualifier, ...more] = node.column_names.map((one) => String(one).toLowerCase()).reverse()
  if (more.length > 0 || (qualifier === undefined ? !isAlone : qualifier !== alias)) return undefined
  return table.columns.find((column) => column.name === name)
}

function operandOf(node: TreeValue | undefined, column: VirtualColumn): Operand | undefined {
  if (!isTree(node)) return undefined
  if (node.class === "PARAMETER") {
    const number = Number(textAt(node, "identifier"))
    return Number.isInteger(number) ? { kind: "parameter", number } : undefined
  }
  // `'x'::text`, as many clients write it.
  if (node.class === "CAST" && isTree(node.cast_type) && node.cast_type.id === "VARCHAR")
    return isTextConstant(node.child) ? operandOf(node.child, column) : undefined
  if (node.class !== "CONSTANT" || !isTree(node.value)) return undefined
  if (node.value.is_null === true) return { kind: "value", value: null }
  const value = valueFor(column, node.value.value)
  return value === undefined ? undefined : { kind: "value", value }
}

function isTextConstant(node: TreeValue | undefined): boolean {
  return (
    isTree(node) && node.class === "CONSTANT" && isTree(node.value) && typeof node.value.value === "string"
  )
}

/** A value as the column's own; undefined: the engine would have to convert it. */
function valueFor({ type }: VirtualColumn, value: unknown): FilterValue | undefined {
  switch (type) {
    case "bigint":
    case "integer":
      if (typeof value === "bigint") return value
      return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined
    case "boolean":
      return typeof value === "boolean" ? value : undefined
    case "timestamp":
      return undefined
    default:
      return typeof value === "string" ? value : undefined
  }
}

/** The filter that the conditions make with these values of the client's parameters. */
export function filterOf(conditions: readonly Condition[], parameters: readonly BoundValue[]): VirtualFilter {
  const wanted = new Map<string, ReadonlySet<FilterValue>>()
  for (const condition of conditions) {
    const values = valuesOf(condition, parameters)
    if (values === undefined) continue
    const before = wanted.get(condition.column.name)
    wanted.set(condition.column.name, before?.intersection(values) ?? values)
  }
  return { valuesOf: (column) => wanted.get(column) }
}

function valuesOf(
  { column, operands }: Condition,
  parameters: readonly BoundValue[],
): ReadonlySet<FilterValue> | undefined {
  const values = new Set<FilterValue>()
  for (const operand of operands) {
    const value =
      operand.kind === "value" ? operand.value : parameterValue(column, parameters[operand.number - 1])
    if (value === undefined) return undefined
    // Nothing is equal to NULL.
    if (value !== null) values.add(value)
  }
  return values
}

function parameterValue(
  column: VirtualColumn,
  bound: BoundValue | undefined,
): FilterValue | null | undefined {
  if (bound?.kind === "null") return null
  return bound?.kind === "value" ? valueFor(column, bound.value) : undefined
}
