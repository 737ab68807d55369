import { isSymbol, isWord, type Token, tokenize } from "../../text/tokens.ts"

/** Spaces in place of what is cut, in order, keep every position as the client counts it. */
function blanked(sql: string, cuts: readonly { start: number; end: number }[]): string {
  let out = ""
  let at = 0
  for (const { start, end } of cuts) {
    out += sql.slice(at, start) + " ".repeat(end - start)
    at = end
  }
  return out + sql.slice(at)
}

/** `OPERATOR(pg_catalog.~)`: its operator and its closing parenthesis. */
function operatorAt(tokens: Token[], at: number): { operator: Token; close: Token } | undefined {
  if (!isWord(tokens[at], "operator") || !isSymbol(tokens[at + 1], "(")) return undefined
  if (!isWord(tokens[at + 2], "pg_catalog") || !isSymbol(tokens[at + 3], ".")) return undefined
  const [operator, close] = tokens.slice(at + 4, at + 6)
  if (!operator || !close || isSymbol(operator, ")") || !isSymbol(close, ")")) return undefined
  return { operator, close }
}

/**
 * `AS NOT MATERIALIZED (`: past its words. The engine would copy the query into each place that names it, which doubles
 * it with every step, and does not say so in its tree.
 */
function notMaterializedEnd(tokens: Token[], at: number): Token | undefined {
  const isHint =
    isWord(tokens[at], "not") && isWord(tokens[at + 1], "materialized") && isSymbol(tokens[at + 2], "(")
  return isHint && isWord(tokens[at - 1], "as") ? tokens[at + 1] : undefined
}

/**
 * Without PostgreSQL's spellings that DuckDB's parser refuses, as the clients' catalog queries have them, and without
 * the hint that costs too much.
 */
export function withoutPgSpellings(sql: string): string {
  if (!/operator\s*\(|pg_catalog\s*\.\s*text|materialized/i.test(sql)) return sql
  const tokens = tokenize(sql)
  const cuts: { start: number; end: number }[] = []
  for (const [at, token] of tokens.entries()) {
    const found = operatorAt(tokens, at)
    const third = tokens[at + 2]
    const hint = notMaterializedEnd(tokens, at)
    if (hint) cuts.push({ start: token.start, end: hint.end })
    if (found) {
      cuts.push({ start: token.start, end: found.operator.start })
      cuts.push({ start: found.operator.end, end: found.close.end })
    } else if (isWord(token, "pg_catalog") && isSymbol(tokens[at + 1], ".") && third && isWord(third, "text"))
      cuts.push({ start: token.start, end: third.start })
  }
  return blanked(sql, cuts)
}
