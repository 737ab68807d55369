import { isSymbol, isWord, type Token } from "../../../text/tokens.ts"
import type { Edit } from "../edits.ts"
import { outside } from "./clauses.ts"

/** `SELECT … INTO [TEMP] [TABLE] name FROM …` as CREATE TABLE … AS. */
export function selectIntoEdits(tokens: readonly Token[]): Edit[] {
  const [first] = tokens
  if (first === undefined || !isWord(first, "select", "with")) return []
  const all = { from: 0, to: tokens.length }
  const [into] = outside(tokens, all, (token) => isWord(token, "into"))
  const [select] = outside(tokens, all, (token) => isWord(token, "select"))
  const [from = tokens.length] = outside(tokens, all, (token) => isWord(token, "from"))
  if (into === undefined || select === undefined || into < select || into > from) return []
  let at = into + 1
  const isTemporary = isWord(tokens[at], "temp", "temporary")
  if (isTemporary) at++
  if (isWord(tokens[at], "table")) at++
  const isShort = isSymbol(tokens[at], "#")
  const start = tokens[at]
  if (isShort) at++
  while (isSymbol(tokens[at + 1], ".")) at += 2
  const last = tokens[at]
  const intoToken = tokens[into]
  if (start === undefined || last === undefined || intoToken === undefined) return []
  const name = tokens
    .slice(tokens.indexOf(start), at + 1)
    .map(written)
    .join("")
  return [
    {
      start: first.start,
      end: first.start,
      text: `CREATE ${isTemporary || isShort ? "TEMP " : ""}TABLE ${isShort ? `"${name}"` : name} AS `,
    },
    { start: intoToken.start, end: last.end, text: "" },
  ]
}

function written({ kind, value }: Token): string {
  return kind === "quoted" ? `"${value.replaceAll('"', '""')}"` : value
}
