import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import type { SqlParser, Tree } from "../dialect/syntax-tree.ts"
import { confineCalls } from "./confined.ts"
import type { MacroWeights } from "./macro-weights.ts"
import { refuseCostly } from "./measure.ts"

/**
 * Where the query of an INSERT, CREATE TABLE … AS or CREATE VIEW begins; undefined: it has none. VALUES are left out:
 * they may be more than the tree of a query may have.
 */
function queryStart(tokens: readonly Token[]): number | undefined {
  if (!isWord(tokens[0], "insert", "create")) return undefined
  let depth = 0
  for (const [at, token] of tokens.entries()) {
    if (isSymbol(token, "(")) depth++
    else if (isSymbol(token, ")")) depth--
    else if (depth === 0 && at > 1 && isWord(token, "select", "with", "from")) return token.start
  }
  return undefined
}

export interface WrittenQueries {
  parser: SqlParser
  macros: MacroWeights
  /** Gives a query the meaning of the session's dialect, in place; true: something was changed. */
  mean(tree: Tree): boolean
}

/**
 * A change by an administrator with its query bounded as every other; as it was where it has none, or where what
 * follows the query (ON CONFLICT, RETURNING) is no part of one. Throws 54001, 0A000, 54000.
 */
export async function boundedWrite(
  tokens: readonly Token[],
  sql: string,
  { parser, macros, mean }: WrittenQueries,
): Promise<string> {
  const start = queryStart(tokens)
  if (start === undefined) return sql
  const parsed = await parser.parse(sql.slice(start))
  if (parsed.kind !== "select") return sql
  const isMeant = mean(parsed.tree)
  const isChanged = confineCalls(parsed.tree) || isMeant
  refuseCostly(parsed.tree, macros)
  return isChanged ? sql.slice(0, start) + (await parser.deparse(parsed.tree)) : sql
}
