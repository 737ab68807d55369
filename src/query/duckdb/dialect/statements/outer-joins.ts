import { PgError } from "../../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "../../../text/tokens.ts"
import type { Edit } from "../edits.ts"
import { calledAs, clausesOf, outside, pieces, type Range, textOf } from "./clauses.ts"

/** `(+)` behind a column, at the index of its parenthesis. */
function isOuterMark(tokens: readonly Token[], at: number): boolean {
  const [open, plus, close] = tokens.slice(at, at + 3)
  return (
    isSymbol(open, "(") && isSymbol(plus, "+") && isSymbol(close, ")") && tokens[at - 1]?.kind !== "symbol"
  )
}

function refused(reason: string): PgError {
  return new PgError("0A000", `the operator (+): ${reason}`, { hint: "Write LEFT JOIN … ON." })
}

interface Condition {
  range: Range
  /** The table that may have no row for it. */
  optional: string
}

/** The conditions with a mark, and the table that each is about. */
function markedConditions(tokens: readonly Token[], where: Range): { marked: Condition[]; others: Range[] } {
  const all = pieces(tokens, where, (token, at) => isWord(token, "and") && !isOfBetween(tokens, at))
  const found: { marked: Condition[]; others: Range[] } = { marked: [], others: [] }
  for (const range of all) {
    const tables = new Set<string>()
    for (let at = range.from; at < range.to; at++) {
      if (!isOuterMark(tokens, at)) continue
      if (!isSymbol(tokens[at - 2], ".")) throw refused("the column before it needs its table's name")
      tables.add(tokens[at - 3]?.value.toLowerCase() ?? "")
    }
    const [optional, another] = tables
    if (another !== undefined) throw refused("it stands behind columns of two tables in one condition")
    if (optional === undefined) found.others.push(range)
    else found.marked.push({ range, optional })
  }
  return found
}

/** `a BETWEEN 1 AND 2`: the next word before it of these two is BETWEEN. */
function isOfBetween(tokens: readonly Token[], at: number): boolean {
  for (let before = at - 1; before >= 0; before--) {
    if (isWord(tokens[before], "between")) return true
    if (isWord(tokens[before], "and", "where", "or")) return false
  }
  return false
}

function withoutMarks(tokens: readonly Token[], sql: string, range: Range): string {
  let text = ""
  let from = range.from
  for (let at = range.from; at < range.to; at++) {
    if (!isOuterMark(tokens, at)) continue
    text += textOf(tokens, sql, { from, to: at })
    from = at + 3
  }
  const rest = textOf(tokens, sql, { from, to: range.to })
  return rest === "" ? text : `${text} ${rest}`
}

function joinEdits(tokens: readonly Token[], sql: string, from: Range, where: Range): Edit[] {
  if (outside(tokens, where, (token) => isWord(token, "or")).length > 0)
    throw refused("it cannot stand beside OR")
  const { marked, others } = markedConditions(tokens, where)
  if (outside(tokens, from, (token) => isWord(token, "join")).length > 0)
    throw refused("it cannot stand beside JOIN")
  const tables = pieces(tokens, from, (token) => isSymbol(token, ","))
  const isOptional = (table: Range) => marked.some(({ optional }) => optional === calledAs(tokens, table))
  const kept = tables.filter((table) => !isOptional(table))
  const joined = tables.filter(isOptional)
  const unknown = marked.find(({ optional }) => !joined.some((table) => calledAs(tokens, table) === optional))
  if (kept.length === 0 || unknown !== undefined) throw refused("its table does not stand in FROM")
  const joins = joined.map((table) => {
    const on = marked.filter(({ optional }) => optional === calledAs(tokens, table))
    return ` LEFT JOIN ${textOf(tokens, sql, table)} ON ${on.map(({ range }) => withoutMarks(tokens, sql, range)).join(" AND ")}`
  })
  const rows = kept.map((table) => textOf(tokens, sql, table)).join(" CROSS JOIN ")
  const conditions = others.map((range) => textOf(tokens, sql, range)).filter((text) => text !== "")
  const [first, last] = [tokens[from.from], tokens[where.to - 1]]
  if (first === undefined || last === undefined) return []
  const rest = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`
  return [{ start: first.start, end: last.end, text: `${rows}${joins.join("")}${rest}` }]
}

/** `WHERE a.x = b.y(+)` as a LEFT JOIN, at the index of its SELECT. Throws 0A000 for what cannot be written so. */
export function outerJoinEdits(tokens: readonly Token[], at: number, sql: string): Edit[] {
  if (!isWord(tokens[at], "select")) return []
  const clauses = clausesOf(tokens, at)
  if (clauses?.where === undefined) return []
  const { from, where } = clauses
  if (!tokens.slice(where.from, where.to).some((_, index) => isOuterMark(tokens, where.from + index)))
    return []
  return joinEdits(tokens, sql, from, where)
}
