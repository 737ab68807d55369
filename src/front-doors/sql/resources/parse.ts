import type { Node, RangeVar } from "libpg-query"
import { columnKey } from "../../../resources/columns.ts"
import type { Json } from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type Conditions, conditionsOf, constantOf } from "./values.ts"

/** A change of resources, as it is written. Columns are as `columnKey` has them. */
export type ParsedChange = { /** Without the provider: `rds.integrations`. */ table: string } & (
  | { verb: "INSERT"; rows: ReadonlyMap<string, Json>[] }
  | { verb: "UPDATE"; set: ReadonlyMap<string, Json>; where: Conditions }
  | { verb: "DELETE"; where: Conditions }
)

/** Reads a statement by PostgreSQL's own grammar. Throws 42601, 0A000. */
export async function parseChange(text: string): Promise<ParsedChange> {
  const node = await statementOf(text)
  if ("InsertStmt" in node) {
    const { relation, cols = [], selectStmt, onConflictClause, withClause } = node.InsertStmt
    refuse({ "ON CONFLICT": onConflictClause, WITH: withClause })
    return { table: tableOf(relation), verb: "INSERT", rows: rowsOf(cols, selectStmt) }
  }
  if ("UpdateStmt" in node) {
    const { relation, targetList = [], whereClause, fromClause, withClause } = node.UpdateStmt
    refuse({ FROM: fromClause, WITH: withClause })
    return {
      table: tableOf(relation),
      verb: "UPDATE",
      set: setOf(targetList),
      where: conditionsOf(whereClause),
    }
  }
  if ("DeleteStmt" in node) {
    const { relation, whereClause, usingClause, withClause } = node.DeleteStmt
    refuse({ USING: usingClause, WITH: withClause })
    return { table: tableOf(relation), verb: "DELETE", where: conditionsOf(whereClause) }
  }
  throw new PgError("0A000", "this statement cannot be about resources")
}

async function statementOf(text: string): Promise<Node> {
  // Loaded when the first such statement comes: it is a grammar of 2 MB.
  const { parse, hasSqlDetails } = await import("libpg-query")
  try {
    const { stmts } = await parse(text)
    const statement = stmts?.length === 1 ? stmts[0]?.stmt : undefined
    if (statement !== undefined) return statement
  } catch (error) {
    if (!hasSqlDetails(error)) throw error
    const position = (error.sqlDetails?.cursorPosition ?? -1) + 1
    throw new PgError("42601", error.message, position > 0 ? { position } : {})
  }
  throw new PgError("42601", "one statement at a time")
}

function refuse(clauses: Record<string, unknown>): void {
  for (const [name, clause] of Object.entries(clauses))
    if (clause !== undefined) throw new PgError("0A000", `${name} is not supported in changes of resources`)
}

function tableOf(relation: RangeVar | undefined): string {
  return `${relation?.schemaname ?? ""}.${relation?.relname ?? ""}`
}

function rowsOf(columns: readonly Node[], query: Node | undefined): ReadonlyMap<string, Json>[] {
  const keys = columns.map((one) => columnKey(("ResTarget" in one ? one.ResTarget.name : undefined) ?? ""))
  if (keys.length === 0) throw new PgError("42601", "INSERT of resources names its columns")
  const twice = keys.find((key, at) => keys.indexOf(key) !== at)
  if (twice !== undefined) throw new PgError("42701", `column "${twice}" specified more than once`)
  return valueLists(query).map((values) => {
    if (values.length !== keys.length) throw new PgError("42601", "INSERT has not as many values as columns")
    return new Map(keys.map((key, at) => [key, constantOf(values[at])]))
  })
}

/** Of VALUES, or of a SELECT of constants. */
function valueLists(query: Node | undefined): Node[][] {
  if (query === undefined || !("SelectStmt" in query)) throw new PgError("42601", "INSERT needs values")
  const { valuesLists, targetList = [], ...clauses } = query.SelectStmt
  if (valuesLists !== undefined)
    return valuesLists.map((list) => ("List" in list ? (list.List.items ?? []) : []))
  if (clauses.op !== "SETOP_NONE" || clauses.fromClause !== undefined || clauses.whereClause !== undefined)
    throw new PgError("0A000", "INSERT of resources takes VALUES, or a SELECT of constants")
  return [targetList.map((one) => ("ResTarget" in one ? (one.ResTarget.val ?? one) : one))]
}

function setOf(targets: readonly Node[]): ReadonlyMap<string, Json> {
  const set = new Map<string, Json>()
  for (const target of targets) {
    const { name, val } = "ResTarget" in target ? target.ResTarget : {}
    const key = columnKey(name ?? "")
    if (set.has(key)) throw new PgError("42601", `multiple assignments to the column "${name}"`)
    set.set(key, constantOf(val))
  }
  return set
}
