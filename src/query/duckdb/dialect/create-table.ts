import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import { callAt, type Edit } from "./edits.ts"

function isCreateTable(tokens: Token[]): boolean {
  if (!isWord(tokens[0], "create")) return false
  const at = tokens.findIndex(
    (token, index) => index > 0 && !isWord(token, "temp", "temporary", "local", "or", "replace"),
  )
  return isWord(tokens[at], "table")
}

/** Past a parenthesis that opens at `at`, if one does. */
function pastParentheses(tokens: Token[], at: number): number {
  if (!isSymbol(tokens[at], "(")) return at
  return (callAt(tokens, at)?.close ?? at) + 1
}

/** The end of a clause about storage that begins here; undefined: none does. */
function clauseEnd(tokens: Token[], at: number): number | undefined {
  const token = tokens[at]
  if (isWord(token, "diststyle", "encode")) return at + 2
  if (isWord(token, "backup") && isWord(tokens[at + 1], "yes", "no")) return at + 2
  if (isWord(token, "distkey")) return pastParentheses(tokens, at + 1)
  if (isWord(token, "compound", "interleaved") && isWord(tokens[at + 1], "sortkey"))
    return pastParentheses(tokens, at + 2)
  if (isWord(token, "sortkey"))
    return isWord(tokens[at + 1], "auto") ? at + 2 : pastParentheses(tokens, at + 1)
  return undefined
}

/** What can come before such a clause: a name of a column never does. */
function isClausePlace(tokens: Token[], at: number): boolean {
  const before = tokens[at - 1]
  const isName = isWord(before, "table", "exists") || ["(", ",", "."].some((sign) => isSymbol(before, sign))
  return at > 2 && !isName
}

/** Where the table's query begins: its words are its own. */
function queryStart(tokens: Token[]): number {
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if (isSymbol(token, "(")) depth++
    else if (isSymbol(token, ")")) depth--
    else if (depth === 0 && isWord(token, "as")) return index
  }
  return tokens.length
}

/** Clauses of CREATE TABLE that place rows on the cloud's nodes: left out, and said. Throws PgError for IDENTITY. */
export function storageClauses(tokens: Token[]): { edits: Edit[]; notices: string[] } {
  if (!isCreateTable(tokens)) return { edits: [], notices: [] }
  const edits: Edit[] = []
  const names = new Set<string>()
  const end = queryStart(tokens)
  for (let at = 0; at < end; at++) {
    const token = tokens[at]
    if (token === undefined || !isClausePlace(tokens, at)) continue
    if (isWord(token, "identity") && (isSymbol(tokens[at + 1], "(") || isWord(tokens[at - 1], "as"))) {
      throw new PgError("0A000", "IDENTITY columns are not supported", {
        hint: "Make a sequence, and give the column DEFAULT nextval('sequence').",
      })
    }
    const past = clauseEnd(tokens, at)
    const last = tokens[(past ?? 0) - 1]
    if (past === undefined || last === undefined) continue
    edits.push({ start: token.start, end: last.end, text: "" })
    names.add((isWord(token, "compound", "interleaved") ? "sortkey" : token.value).toUpperCase())
    at = past - 1
  }
  const notices =
    names.size === 0
      ? []
      : [`${[...names].sort().join(", ")}: ignored, this warehouse has no nodes to spread rows over`]
  return { edits, notices }
}
