import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import { isCreateTable, queryStart } from "./create-table.ts"
import type { Edit } from "./edits.ts"
import { lengthEdits, plainNumericEdits } from "./length-types.ts"

const isName = (token: Token | undefined) => token?.kind === "word" || token?.kind === "quoted"

/** A name of a type may stand here: behind `::` and `AS`, or behind a column's name where columns are defined. */
export function isTypePlace(tokens: readonly Token[], at: number): boolean {
  const [before, next] = [tokens[at - 1], tokens[at + 1]]
  if (isSymbol(before, "::")) return true
  if (isWord(before, "as")) return isSymbol(next, ")") || isSymbol(next, "(")
  return isColumnsType(tokens, at)
}

function isColumnsType(tokens: readonly Token[], at: number): boolean {
  const [name, beforeName] = [tokens[at - 1], tokens[at - 2]]
  if (isCreateTable(tokens)) {
    const isFirst = isSymbol(beforeName, "(") || isSymbol(beforeName, ",")
    return isName(name) && isFirst && at < queryStart(tokens)
  }
  if (!isWord(tokens[0], "alter")) return false
  return isWord(name, "type") || (isName(name) && isWord(beforeName, "add", "column", "exists"))
}

/** Past `(…)` behind the token, if it stands there. */
function pastLength(tokens: readonly Token[], at: number): number {
  return isSymbol(tokens[at + 1], "(") && isSymbol(tokens[at + 3], ")") ? at + 3 : at
}

/** The cloud's types that the engine has under another name. */
export function typeEdits(tokens: readonly Token[], at: number): Edit[] {
  const token = tokens[at]
  if (isWord(token, "char", "character", "nchar", "varchar", "nvarchar")) return lengthEdits(tokens, at)
  if (isWord(token, "numeric", "decimal", "dec"))
    return isTypePlace(tokens, at) ? plainNumericEdits(tokens, at) : []
  if (!isWord(token, "super", "varbyte", "varbinary", "bytea") || token === undefined) return []
  if (!isTypePlace(tokens, at)) return []
  if (token.value === "super") return [{ start: token.start, end: token.end, text: "JSON" }]
  const last = tokens[pastLength(tokens, at)] ?? token
  return last === token && token.value === "bytea"
    ? []
    : [{ start: token.start, end: last.end, text: "BLOB" }]
}

/** `COLLATE CASE_SENSITIVE` is what the engine does without a word. */
export function collationEdits(tokens: readonly Token[], at: number): Edit[] {
  const [token, collation] = [tokens[at], tokens[at + 1]]
  if (token === undefined || collation === undefined || !isWord(token, "collate")) return []
  const isSensitive = isWord(collation, "case_sensitive", "cs")
  if (!isSensitive && !isWord(collation, "case_insensitive", "ci")) return []
  return [{ start: token.start, end: collation.end, text: isSensitive ? "" : "COLLATE NOCASE" }]
}
