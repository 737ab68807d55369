import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import { callAt, type Edit } from "./edits.ts"

export function isCreateTable(tokens: readonly Token[]): boolean {
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

const knownStarts = new WeakMap<readonly Token[], number>()

/** Where the query of CREATE TABLE … AS begins: its words are its own. Found once for a statement. */
export function queryStart(tokens: readonly Token[]): number {
  const known = knownStarts.get(tokens)
  if (known !== undefined) return known
  let depth = 0
  const found = tokens.findIndex((token) => {
    if (isSymbol(token, "(")) depth++
    else if (isSymbol(token, ")")) depth--
    return depth === 0 && isWord(token, "as")
  })
  const start = found < 0 ? tokens.length : found
  knownStarts.set(tokens, start)
  return start
}

/** `ALTER TABLE t ADD [COLUMN] c type … ENCODE e`: the encoding is left out, and said. */
export function addedColumnsEncoding(tokens: Token[]): { edits: Edit[]; notices: string[] } {
  const none = { edits: [], notices: [] }
  if (!isWord(tokens[0], "alter") || !isWord(tokens[1], "table")) return none
  const add = tokens.findIndex((token) => isWord(token, "add"))
  // Behind ADD, COLUMN and IF NOT EXISTS comes a name, and then a type.
  const at = tokens.findIndex((token, index) => index > add + 2 && isWord(token, "encode"))
  const [encode, encoding] = [tokens[at], tokens[at + 1]]
  const isName = isWord(tokens[at - 1], "column", "exists")
  if (add < 0 || encode === undefined || encoding === undefined || isName) return none
  return {
    edits: [{ start: encode.start, end: encoding.end, text: "" }],
    notices: [ignored("ENCODE")],
  }
}

export function ignored(clauses: string): string {
  return `${clauses}: ignored, this warehouse has no nodes to spread rows over`
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
  return { edits, notices: names.size === 0 ? [] : [ignored([...names].sort().join(", "))] }
}
