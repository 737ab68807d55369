import { isSymbol, isWord, type Token } from "../../../text/tokens.ts"
import { closingsOf } from "../edits.ts"

/** Tokens from the first up to, and without, the last. */
export interface Range {
  from: number
  to: number
}

/** Indexes of tokens of a range outside parentheses for which the test holds. */
export function outside(
  tokens: readonly Token[],
  { from, to }: Range,
  test: (token: Token, at: number) => boolean,
): number[] {
  const closings = closingsOf(tokens)
  const found: number[] = []
  for (let at = from; at < to; at = Math.max(at, closings[at] ?? at) + 1) {
    const token = tokens[at]
    if (token !== undefined && test(token, at)) found.push(at)
  }
  return found
}

/** The pieces of a range between separators outside parentheses. */
export function pieces(
  tokens: readonly Token[],
  range: Range,
  isSeparator: (token: Token, at: number) => boolean,
): Range[] {
  const separators = outside(tokens, range, isSeparator)
  const starts = [range.from, ...separators.map((at) => at + 1)]
  return starts.map((from, at) => ({ from, to: separators[at] ?? range.to }))
}

const behindFrom = ["where", "group", "having", "qualify", "order", "limit", "offset", "window"]
const setOperators = ["union", "except", "intersect", "minus"]
const behindWhere = behindFrom.slice(1)

export interface SelectClauses {
  /** Behind FROM. */
  from: Range
  /** Behind WHERE; undefined: there is none. */
  where: Range | undefined
}

/** The clauses of the query whose SELECT stands at the index; undefined: it has no FROM. */
export function clausesOf(tokens: readonly Token[], select: number): SelectClauses | undefined {
  const closings = closingsOf(tokens)
  let [from, where, end]: (number | undefined)[] = [undefined, undefined, undefined]
  for (
    let at = select + 1;
    at < tokens.length && end === undefined;
    at = Math.max(at, closings[at] ?? at) + 1
  ) {
    const token = tokens[at]
    if (isSymbol(token, ")") || isSymbol(token, ";") || isWord(token, "select", ...setOperators)) end = at
    else if (from === undefined && isWord(token, "from")) from = at
    else if (from !== undefined && where === undefined && isWord(token, "where")) where = at
    else if (from !== undefined && isWord(token, ...behindWhere)) end = at
  }
  const last = end ?? tokens.length
  if (from === undefined) return undefined
  return {
    from: { from: from + 1, to: where ?? last },
    where: where === undefined ? undefined : { from: where + 1, to: last },
  }
}

export function textOf(tokens: readonly Token[], sql: string, { from, to }: Range): string {
  const [first, last] = [tokens[from], tokens[to - 1]]
  return first === undefined || last === undefined || to <= from ? "" : sql.slice(first.start, last.end)
}

const isName = (token: Token | undefined) => token?.kind === "word" || token?.kind === "quoted"

/** What a table of FROM is called in the query: its alias, or the last part of its name. */
export function calledAs(tokens: readonly Token[], { from, to }: Range): string | undefined {
  const last = tokens[to - 1]
  return to > from && isName(last) ? last?.value.toLowerCase() : undefined
}
