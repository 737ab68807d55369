import { isSymbol, isWord, type Token, tokenize } from "../tokens.ts"

/** Spaces in place of what is cut keep every position as the client counts it. */
function blank(sql: string, start: number, end: number): string {
  return sql.slice(0, start) + " ".repeat(end - start) + sql.slice(end)
}

/** `OPERATOR(pg_catalog.~)`: the index of its closing parenthesis. */
function operatorEnd(tokens: Token[], at: number): number | undefined {
  if (!isWord(tokens[at], "operator") || !isSymbol(tokens[at + 1], "(")) return undefined
  const close = tokens.findIndex((token, index) => index > at && isSymbol(token, ")"))
  const isQualified = isWord(tokens[at + 2], "pg_catalog") && isSymbol(tokens[at + 3], ".")
  return isQualified && close === at + 5 ? close : undefined
}

/** PostgreSQL spellings that DuckDB's parser refuses, as the clients' catalog queries have them. */
export function withoutPgSpellings(sql: string): string {
  if (!/operator\s*\(|pg_catalog\s*\.\s*text/i.test(sql)) return sql
  const tokens = tokenize(sql)
  let out = sql
  for (let i = 0; i < tokens.length; i++) {
    const [token, close] = [tokens[i], operatorEnd(tokens, i)]
    const [operator, closing, third] = [tokens[i + 4], tokens[close ?? -1], tokens[i + 2]]
    if (token && operator && closing) {
      out = blank(blank(out, token.start, operator.start), operator.end, closing.end)
    } else if (
      token &&
      third &&
      isWord(token, "pg_catalog") &&
      isSymbol(tokens[i + 1], ".") &&
      isWord(third, "text")
    ) {
      out = blank(out, token.start, third.start)
    }
  }
  return out
}
