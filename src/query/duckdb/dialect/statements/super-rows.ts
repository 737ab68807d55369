import { isSymbol, isWord, type Token } from "../../../text/tokens.ts"
import type { Edit } from "../edits.ts"
import { calledAs, clausesOf, pieces, type Range, textOf } from "./clauses.ts"

const isName = (token: Token | undefined) => token?.kind === "word" || token?.kind === "quoted"

/** The index behind a path: names, dots and places in brackets; undefined: it has no step. */
function pathEnd(tokens: readonly Token[], { from, to }: Range): number | undefined {
  let at = from + 1
  while (at < to) {
    if (isSymbol(tokens[at], ".") && isName(tokens[at + 1])) at += 2
    else if (isSymbol(tokens[at], "[") && tokens[at + 1]?.kind === "number" && isSymbol(tokens[at + 2], "]"))
      at += 3
    else break
  }
  return at === from + 1 ? undefined : at
}

interface Known {
  /** Names of elements of arrays before it, which may be arrays themselves. */
  elements: Set<string>
  /** Makes the name of its rows another than those of others in the statement. */
  number: number
}

/** `t.v AS e AT i`: the elements of the array `v` of the row of `t`, and their places. */
function rowsOf(tokens: readonly Token[], sql: string, item: Range, known: Known): string | undefined {
  const isElement = known.elements.has(tokens[item.from]?.value.toLowerCase() ?? "")
  const end = pathEnd(tokens, item) ?? (isElement ? item.from + 1 : undefined)
  if (end === undefined) return undefined
  let at = isWord(tokens[end], "as") ? end + 1 : end
  const element = tokens[at]
  if (!isName(element) || element === undefined || isWord(element, "at")) return undefined
  at++
  const index = isWord(tokens[at], "at") ? tokens[at + 1] : undefined
  if (index !== undefined) at += 2
  if (at !== item.to) return undefined
  known.elements.add(element.value.toLowerCase())
  const path = textOf(tokens, sql, { from: item.from, to: end })
  const named = [element, ...(index === undefined ? [] : [index])].map(({ start, end }) =>
    sql.slice(start, end),
  )
  const place = index === undefined ? "" : `, generate_subscripts(json_extract(${path}, '$[*]'), 1) - 1`
  return `LATERAL (SELECT unnest(json_extract(${path}, '$[*]'))::JSON${place}) AS millrace_rows_${known.number}(${named.join(", ")})`
}

/** A SUPER value of a table that stands before it in FROM, at the index of the query's SELECT. */
export function superRowsEdits(tokens: readonly Token[], at: number, sql: string): Edit[] {
  if (!isWord(tokens[at], "select")) return []
  const clauses = clausesOf(tokens, at)
  if (clauses === undefined) return []
  const before = new Set<string>()
  const elements = new Set<string>()
  const edits: Edit[] = []
  for (const item of pieces(tokens, clauses.from, (token) => isSymbol(token, ","))) {
    const [first, last] = [tokens[item.from], tokens[item.to - 1]]
    if (first !== undefined && last !== undefined && isName(first) && before.has(first.value.toLowerCase())) {
      const text = rowsOf(tokens, sql, item, { elements, number: at + edits.length })
      if (text !== undefined) edits.push({ start: first.start, end: last.end, text })
    }
    const atWord = isWord(tokens[item.to - 2], "at") ? { from: item.from, to: item.to - 2 } : item
    const name = calledAs(tokens, atWord)
    if (name !== undefined) before.add(name)
  }
  return edits
}
