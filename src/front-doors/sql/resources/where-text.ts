/** WHERE of a change of resources, as far as its tokens tell. */
import { isSymbol, isWord, type Token } from "../../../query/text/tokens.ts"
import { columnKey } from "../../../resources/columns.ts"

/** A value by its column, as `columnKey` has it; several of one column are IN's. */
export interface NamedValue {
  key: string
  value: string
}

/** What `column = value` and `column IN (values)`, joined by AND, name; undefined: it says something else. */
export function namedBy(where: readonly Token[], sql: string): NamedValue[] | undefined {
  const parts = conjuncts(where)
  if (parts === undefined) return undefined
  const found: NamedValue[] = []
  const seen = new Set<string>()
  for (const part of parts) {
    const named = namedValues(part, sql)
    const key = named?.[0]?.key
    if (named === undefined || key === undefined || seen.has(key)) return undefined
    seen.add(key)
    found.push(...named)
  }
  return found
}

/** Whether a condition on a column beside the region holds for every row. */
export function isBoundedBy(where: readonly Token[]): boolean {
  return (conjuncts(where) ?? []).some((part) => {
    const column = columnAt(part, 0)
    if (column === undefined || column.key === "region") return false
    const next = part[column.end]
    const compares = isWord(next, "in", "like", "ilike", "is", "between", "not", "similar")
    return compares || (next?.kind === "symbol" && /^[=<>!~]+$/.test(next.value))
  })
}

/** Parts that all must be true; undefined: there is an OR, or something behind the condition. */
function conjuncts(where: readonly Token[]): (readonly Token[])[] | undefined {
  const parts: (readonly Token[])[] = []
  let start = 0
  let isBetween = false
  for (const at of placesOutside(where, 0)) {
    const token = where[at]
    if (isWord(token, "or", "case", "order", "limit", "group", "union", "offset")) return undefined
    if (isWord(token, "between")) isBetween = true
    else if (isWord(token, "and") && isBetween) isBetween = false
    else if (isWord(token, "and")) {
      parts.push(where.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, where.slice(start)]
}

function namedValues(part: readonly Token[], sql: string): NamedValue[] | undefined {
  const column = columnAt(part, 0)
  if (column !== undefined && isSymbol(part[column.end], "="))
    return oneValue(column.key, part.slice(column.end + 1), sql)
  if (column !== undefined && isWord(part[column.end], "in"))
    return listed(column.key, part.slice(column.end + 1), sql)
  const equals = part.findIndex((token) => isSymbol(token, "="))
  const right = equals < 0 ? undefined : columnAt(part, equals + 1)
  return right?.end === part.length ? oneValue(right.key, part.slice(0, equals), sql) : undefined
}

function oneValue(key: string, tokens: readonly Token[], sql: string): NamedValue[] | undefined {
  if (tokens.length === 0 || !isWithoutColumns(tokens)) return undefined
  return [{ key, value: textOf(tokens, sql) }]
}

function listed(key: string, tokens: readonly Token[], sql: string): NamedValue[] | undefined {
  if (!isSymbol(tokens[0], "(") || !isSymbol(tokens.at(-1), ")")) return undefined
  const inner = tokens.slice(1, -1)
  const commas = placesOutside(inner, 0).filter((at) => isSymbol(inner[at], ","))
  const ends = [...commas, inner.length]
  const values = ends.map((end, at) => inner.slice(at === 0 ? 0 : (ends[at - 1] ?? 0) + 1, end))
  const named = values.map((one) => oneValue(key, one, sql)?.[0])
  return named.every((one) => one !== undefined) ? named : undefined
}

function textOf(tokens: readonly Token[], sql: string): string {
  return sql.slice(tokens[0]?.start, tokens.at(-1)?.end)
}

/** A column's name, perhaps behind its table's, and where it ends. */
function columnAt(tokens: readonly Token[], from: number): { key: string; end: number } | undefined {
  let at = from
  while (isName(tokens[at]) && isSymbol(tokens[at + 1], ".")) at += 2
  const name = tokens[at]
  if (name === undefined || !isName(name) || isSymbol(tokens[at + 1], "(")) return undefined
  return { key: columnKey(name.value), end: at + 1 }
}

function isName(token: Token | undefined): boolean {
  return token?.kind === "word" || token?.kind === "quoted"
}

/** Literals, parameters and calls on them: nothing that a row would have. */
export function isWithoutColumns(tokens: readonly Token[]): boolean {
  return tokens.every((token, at) => {
    if (token.kind === "quoted") return false
    if (token.kind !== "word" || /^(?:null|true|false|as)$/.test(token.value)) return true
    if (isSymbol(tokens[at + 1], "(")) return token.value !== "select"
    return isSymbol(tokens[at - 1], "::") || isWord(tokens[at - 1], "as")
  })
}

/** Places of the tokens outside of parentheses, up to the end or to the one that closes what is around `from`. */
export function placesOutside(tokens: readonly Token[], from: number): number[] {
  const found: number[] = []
  let depth = 0
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at]
    if (isSymbol(token, ")") || isSymbol(token, "]") || isSymbol(token, "}")) depth--
    if (depth < 0) break
    if (depth === 0) found.push(at)
    if (isSymbol(token, "(") || isSymbol(token, "[") || isSymbol(token, "{")) depth++
  }
  return found
}
