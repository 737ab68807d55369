import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isTree, type Tree, type TreeValue } from "../dialect/syntax-tree.ts"

/**
 * What one statement may have, judged on its tree, before the engine's binder sees it: the binder copies an expression
 * wherever its alias or its macro's parameter stands, binds nested subqueries several times over, and the planner takes
 * an exponential of the joins of one block. Measured on DuckDB 1.5.6 with 2 cores: 12 nested subqueries 0.3 s, 20 for
 * good; 50 joins 0.5 s, 100 for good; an expression of 16,000 copies 2 s.
 */
export const treeLimits = {
  /** Subqueries inside expressions of each other. */
  subqueries: 8,
  /** Queries inside each other, of any kind. */
  queries: 64,
  /** Queries with GROUP BY or aggregates inside each other. */
  groupings: 14,
  lambdas: 8,
  /** Joins, and subqueries in expressions, of one block that the planner orders as a whole. */
  joins: 50,
  /** Nodes that the binder adds by copying. */
  copies: 10_000,
  /** Columns that stars make. */
  columns: 4000,
  relations: 1000,
  ctes: 200,
  groupingSets: 64,
  pivotColumns: 1000,
  /** Times that a value may be put together with itself, through subqueries, too. */
  growth: 1000,
  /** The same where the statement makes long values itself. */
  growthOfLongValues: 32,
}

export function tooComplex(what: string, hint: string): PgError {
  return new PgError("54001", `statement too complex: ${what}`, { hint })
}

export const inSteps = "Do it in steps, through views or tables of your own."

/** What an expression becomes: nodes after copying, and how long its value is against a table's column. */
export interface Cost {
  size: number
  growth: number
}

export interface Column extends Cost {
  name: string
}

export interface Source {
  columns: Column[]
  /** Columns that are not listed, of tables. */
  others: number
  joins: number
  relations: number
  size: number
}

export interface Query extends Source {
  /** The planner may order its joins with those around it. */
  isMergeable: boolean
}

export interface Cte {
  query: Query
  /** Named once: the planner puts it in its place, and orders its joins with the others. */
  isMerged: boolean
}

/** Where an expression stands. */
export interface Place {
  ctes: ReadonlyMap<string, Cte>
  /** What names of columns stand for, aliases before columns. */
  names: ReadonlyMap<string, Cost>
  queries: number
  subqueries: number
  groupings: number
  lambdas: number
}

export const one: Cost = { size: 1, growth: 1 }
export const plus = ({ size, growth }: Cost): Cost => ({ size: size + 1, growth })
export const noSource: Source = { columns: [], others: 0, joins: 0, relations: 0, size: 0 }
export const aggregates =
  /^(sum|count|count_star|min|max|avg|list|array_agg|string_agg|listagg|first|last|any_value|mode|median)$/

export const treesOf = (value: TreeValue | undefined): Tree[] =>
  Array.isArray(value) ? value.filter(isTree) : []
export const lastName = (node: Tree): string => {
  const names = node.column_names
  return Array.isArray(names) ? String(names.at(-1) ?? "").toLowerCase() : ""
}

/** The columns under the names that `(…) t(a, b)` gives them. */
export function renamed(columns: Column[], names: TreeValue | undefined): Column[] {
  if (!Array.isArray(names) || names.length === 0) return columns
  return columns.map((column, at) => {
    const name = names[at]
    return typeof name === "string" ? { ...column, name: name.toLowerCase() } : column
  })
}

/** As PostgreSQL says of a table or a result that is too wide: its own code, "too_many_columns". */
export function tooWide(columns: number): PgError {
  return new PgError("54011", `statement too complex: more than ${columns} columns`, {
    hint: "Name the columns that you need.",
  })
}
