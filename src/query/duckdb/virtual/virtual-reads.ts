/**
 * Puts rows in the place of virtual tables. Each place becomes a subquery over a parameter of ours behind the client's;
 * its value, the rows as text, is made for the caller whenever the statement begins to run. So nothing of one caller's
 * rows is kept where another could read it, and a prepared statement shows what is when it runs.
 */
import { VARCHAR } from "@duckdb/node-api"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { faultAsPgError } from "../../faults.ts"
import { requireReader, type VirtualCaller, type VirtualTable } from "../../virtual-table.ts"
import { isTree, nodesOf, type SqlParser, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import type { BoundValue } from "../values/parameters.ts"
import { type Condition, conditionsOn, filterOf } from "./conditions.ts"
import { rowsQuery, rowsText } from "./rows-text.ts"
import { isVirtual, type VirtualTables } from "./virtual-tables.ts"

/** One place in a statement that names a virtual table. Its rows are the parameter behind those before it. */
export interface VirtualRead {
  table: VirtualTable
  conditions: Condition[]
}

/** Has every virtual table of a judged tree read from a parameter, in place. In the order of their parameters. */
export async function substituteVirtual(
  tree: Tree,
  tables: VirtualTables,
  parser: SqlParser,
): Promise<VirtualRead[]> {
  const nodes = [...nodesOf(tree.statements ?? null)].filter(isVirtual)
  if (nodes.length === 0) return []
  const conditions = conditionsOf(tree, tables)
  const first = 1 + lastParameter(tree)
  const reads: VirtualRead[] = []
  for (const node of nodes) {
    const table = tables.of(node)
    if (table === undefined)
      throw new PgError("42P01", `relation "${textAt(node, "table_name")}" does not exist`)
    await becomeSubquery(node, rowsQuery(table, first + reads.length), parser)
    reads.push({ table, conditions: conditions.get(node) ?? [] })
  }
  return reads
}

/** Of each virtual table that stands in a FROM, alone or joined. */
function conditionsOf(tree: Tree, tables: VirtualTables): Map<Tree, Condition[]> {
  const found = new Map<Tree, Condition[]>()
  for (const select of nodesOf(tree.statements ?? null)) {
    if (select.type !== "SELECT_NODE") continue
    for (const node of joined(select.from_table)) {
      const table = tables.of(node)
      if (table !== undefined) found.set(node, conditionsOn(select, node, table))
    }
  }
  return found
}

function joined(from: TreeValue | undefined): Tree[] {
  const found: Tree[] = []
  const waiting = [from]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (!isTree(next)) continue
    if (next.type === "JOIN") waiting.push(next.left, next.right)
    else found.push(next)
  }
  return found
}

function lastParameter(tree: Tree): number {
  const numbers = [...nodesOf(tree.statements ?? null)]
    .filter((node) => node.class === "PARAMETER")
    .map((node) => Number(textAt(node, "identifier")))
  return Math.max(0, ...numbers.filter(Number.isInteger))
}

async function becomeSubquery(node: Tree, query: string, parser: SqlParser): Promise<void> {
  const parsed = await parser.parse(`SELECT * FROM (${query})`)
  const statement =
    parsed.kind === "select" && Array.isArray(parsed.tree.statements) && parsed.tree.statements[0]
  const select = statement && isTree(statement) && isTree(statement.node) ? statement.node : undefined
  const subquery = select?.from_table
  if (!isTree(subquery)) throw new Error("the rows of a virtual table could not be put into a statement")
  const { alias, sample, column_name_alias } = node
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, subquery, { alias, sample, column_name_alias })
}

/** What stands behind the client's parameters, made for the caller now. Throws PgError. */
export async function virtualValues(
  reads: readonly VirtualRead[],
  parameters: readonly BoundValue[],
  caller: VirtualCaller,
): Promise<BoundValue[]> {
  const values: BoundValue[] = []
  for (const { table, conditions } of reads) {
    requireReader(table, caller.access)
    const rows = await table.rows(caller, filterOf(conditions, parameters)).catch((error: unknown) => {
      throw faultAsPgError(error)
    })
    values.push({ kind: "value", value: rowsText(table, rows), type: VARCHAR })
  }
  return values
}

/** As above for EXPLAIN: tables that tell what they would ask for have no rows, and lines for the plan. */
export async function explainedValues(
  reads: readonly VirtualRead[],
  parameters: readonly BoundValue[],
  caller: VirtualCaller,
): Promise<{ values: BoundValue[]; lines: string[] }> {
  const values: BoundValue[] = []
  const lines: string[] = []
  for (const read of reads) {
    const { table, conditions } = read
    if (table.explain === undefined) {
      values.push(...(await virtualValues([read], parameters, caller)))
      continue
    }
    requireReader(table, caller.access)
    lines.push(...(await table.explain(filterOf(conditions, parameters))))
    values.push({ kind: "value", value: "[]", type: VARCHAR })
  }
  return { values, lines }
}

/** The most characters of a `character(n)` column of one of the tables; `undefined`: no such column. */
export function characterLength(reads: readonly VirtualRead[], column: string): number | undefined {
  for (const { table } of reads) {
    const type = table.columns.find(({ name }) => name === column)?.type
    if (typeof type === "object") return type.characters
  }
  return undefined
}
