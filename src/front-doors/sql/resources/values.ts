/** Constants and conditions of PostgreSQL's parse tree. */
import type { Node } from "libpg-query"
import { columnKey } from "../../../resources/columns.ts"
import type { Json } from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** A constant, also behind a cast or in `string(…)`. Throws 0A000 for anything else. */
export function constantOf(node: Node | undefined): Json {
  if (node !== undefined && "A_Const" in node) return plainConstant(node.A_Const)
  if (node !== undefined && "TypeCast" in node) return constantOf(node.TypeCast.arg)
  if (node !== undefined && "FuncCall" in node) {
    const { funcname, args } = node.FuncCall
    if (textOf(funcname?.at(-1)) === "string" && args?.length === 1) return constantOf(args[0])
  }
  if (node !== undefined && "ParamRef" in node)
    throw new PgError("0A000", "parameters cannot stand in changes of resources: give the values themselves")
  throw new PgError("0A000", "values in changes of resources must be constants")
}

/** The parse tree leaves out what is zero, false or empty. */
function plainConstant(constant: Extract<Node, { A_Const: unknown }>["A_Const"]): Json {
  if (constant.isnull === true) return null
  if (constant.sval !== undefined) return constant.sval.sval ?? ""
  if (constant.ival !== undefined) return constant.ival.ival ?? 0
  if (constant.boolval !== undefined) return constant.boolval.boolval ?? false
  if (constant.fval !== undefined) return Number(constant.fval.fval)
  throw new PgError("0A000", "values in changes of resources must be texts, numbers, truth values or NULL")
}

export function textOf(node: Node | undefined): string | undefined {
  return node !== undefined && "String" in node ? node.String.sval : undefined
}

/** Values by column, as `columnKey` has it. */
export type Conditions = ReadonlyMap<string, readonly Json[]>

/** What WHERE says: `column = constant` and `column IN (constants)`, joined by AND. Throws 0A000 for anything else. */
export function conditionsOf(where: Node | undefined): Conditions {
  const found = new Map<string, readonly Json[]>()
  const waiting = where === undefined ? [] : [where]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if ("BoolExpr" in node && node.BoolExpr.boolop === "AND_EXPR") {
      waiting.push(...(node.BoolExpr.args ?? []))
      continue
    }
    const [column, values] = conditionOf(node)
    if (found.has(column)) throw new PgError("0A000", `WHERE compares the column ${column} twice`)
    found.set(column, values)
  }
  return found
}

function conditionOf(node: Node): [column: string, values: Json[]] {
  const refused = new PgError(
    "0A000",
    "WHERE of a change of resources takes column = constant and column IN (constants), joined by AND",
  )
  if (!("A_Expr" in node)) throw refused
  const { kind, name, lexpr, rexpr } = node.A_Expr
  if (textOf(name?.[0]) !== "=") throw refused
  const [left, right] = [columnOf(lexpr), columnOf(rexpr)]
  if (kind === "AEXPR_IN" && left !== undefined && rexpr !== undefined && "List" in rexpr)
    return [left, (rexpr.List.items ?? []).map(constantOf)]
  if (kind !== "AEXPR_OP") throw refused
  if (left !== undefined) return [left, [constantOf(rexpr)]]
  if (right !== undefined) return [right, [constantOf(lexpr)]]
  throw refused
}

function columnOf(node: Node | undefined): string | undefined {
  if (node === undefined || !("ColumnRef" in node)) return undefined
  const name = textOf(node.ColumnRef.fields?.at(-1))
  return name === undefined ? undefined : columnKey(name)
}
