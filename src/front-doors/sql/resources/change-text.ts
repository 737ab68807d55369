/** Reads INSERT, UPDATE, REPLACE and DELETE of resources: each becomes a query whose rows say what is to be done. */
import { cursorOver, type TokenCursor } from "../../../query/text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../../query/text/tokens.ts"
import { columnKey } from "../../../resources/columns.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type ChangeTarget, changeTarget, isNaming } from "./change-target.ts"
import { isBoundedBy, isWithoutColumns, namedBy, placesOutside } from "./where-text.ts"

/** What a cell of the query's rows means. Keys are as `columnKey` has them. */
export interface ChangeColumn {
  /** `assigned`: what a row that is there already gets (ON CONFLICT DO UPDATE). */
  role: "value" | "where" | "identifier" | "assigned"
  key: string
}

/** A change as it is written. `columns` are those of `query`, whose values are all text. */
export interface ChangeText {
  verb: "INSERT" | "UPDATE" | "REPLACE" | "DELETE"
  target: ChangeTarget
  columns: ChangeColumn[]
  query: string
  /** Of INSERT: what becomes of a row that is there already; absent: the request fails. */
  onConflict?: { kind: "nothing" | "update"; target: string[] | undefined }
  /**
   * `named`: the one row of the query has the values that name the resources. `chosen`: its rows are the resources; `isBounded`: a condition
   * on a column beside the region holds for each.
   */
  choice: { kind: "named" } | { kind: "chosen"; isBounded: boolean } | { kind: "new" }
}

/** A statement without its RETURNING, and how far it is read. */
interface Text {
  tokens: Token[]
  sql: string
  cursor: TokenCursor
}

/** @param tokens of the statement up to its RETURNING. Throws 42601, 42701, 42P01. */
export function readChange(tokens: Token[], sql: string): ChangeText {
  const text = { tokens, sql: sql.slice(0, tokens.at(-1)?.end ?? 0), cursor: cursorOver(tokens) }
  const [first] = tokens
  text.cursor.skip(1)
  if (isWord(first, "insert")) return insertion(text)
  if (isWord(first, "delete")) return deletion(text)
  return assignment(text, isWord(first, "replace") ? "REPLACE" : "UPDATE")
}

function insertion(text: Text): ChangeText {
  const { cursor } = text
  const isIgnoring = cursor.take("ignore")
  cursor.take("into")
  const { target } = targetAt(text)
  if (!cursor.at("(")) throw new PgError("42601", "INSERT of resources names its columns")
  const keys = columnList(cursor)
  const conflictAt = conflictIn(text)
  const rows = rowsQuery(head(text, conflictAt), keys)
  const values = keys.map((key): ChangeColumn => ({ role: "value", key }))
  const common = { verb: "INSERT", target, choice: { kind: "new" } } as const
  if (conflictAt === undefined) {
    const onConflict = { kind: "nothing", target: undefined } as const
    const query = `SELECT ${textsOf(keys)} FROM ${rows}`
    return { ...common, columns: values, query, ...(isIgnoring && { onConflict }) }
  }
  const { onConflict, assigned } = conflictClause(text, conflictAt)
  const set = assigned.map(({ value }) => asText(value))
  return {
    ...common,
    columns: [...values, ...assigned.map(({ key }): ChangeColumn => ({ role: "assigned", key }))],
    query: `SELECT ${[textsOf(keys), ...set].join(", ")} FROM ${rows}`,
    onConflict,
  }
}

function textsOf(keys: readonly string[]): string {
  return keys.map((key) => asText(`excluded."${key}"`)).join(", ")
}

function asText(expression: string): string {
  return `CAST((${expression}\n) AS VARCHAR)`
}

/** Which tokens stand in front of the clause at `end`. */
function head({ tokens, sql, cursor }: Text, end: number | undefined): Text {
  if (end === undefined) return { tokens, sql, cursor }
  const kept = tokens.slice(0, end)
  const inner = cursorOver(kept)
  inner.skip(cursor.index())
  return { tokens: kept, sql: sql.slice(0, kept.at(-1)?.end ?? 0), cursor: inner }
}

/** VALUES or a query, as a relation `excluded` with the columns `keys`. */
function rowsQuery(text: Text, keys: readonly string[]): string {
  const { cursor, sql } = text
  const names = keys.map((key) => `"${key}"`).join(", ")
  if (cursor.take("values")) return `(VALUES ${valueLists(text, keys.length)}) AS excluded(${names})`
  if (!cursor.isQueryAhead()) throw cursor.unexpected()
  // The engine refuses a query of another number of columns only beside one of this number.
  const none = `SELECT ${keys.map(() => "NULL").join(", ")} WHERE false`
  return `(${none} UNION ALL (${sql.slice(cursor.position())}\n)) AS excluded(${names})`
}

function valueLists(text: Text, width: number): string {
  const { cursor } = text
  const rows: string[] = []
  do {
    if (!cursor.symbol("(")) throw cursor.unexpected()
    const values = [expression(text)]
    while (cursor.symbol(",")) values.push(expression(text))
    if (!cursor.symbol(")")) throw cursor.unexpected()
    if (values.length !== width) throw new PgError("42601", "INSERT has not as many values as columns")
    // Each as text: the engine would make one type of a column's values.
    rows.push(`(${values.map(asText).join(", ")})`)
  } while (cursor.symbol(","))
  cursor.end()
  return rows.join(", ")
}

function conflictIn({ tokens, cursor }: Text): number | undefined {
  const at = placesOutside(tokens, cursor.index()).find(
    (index) => isWord(tokens[index], "on") && isWord(tokens[index + 1], "conflict", "duplicate"),
  )
  return at
}

interface Assigned {
  key: string
  value: string
}

/** `ON CONFLICT [(columns)] DO NOTHING | DO UPDATE SET …`, or `ON DUPLICATE KEY UPDATE …`. */
function conflictClause(
  text: Text,
  at: number,
): { onConflict: NonNullable<ChangeText["onConflict"]>; assigned: Assigned[] } {
  const cursor = cursorOver(text.tokens)
  cursor.skip(at + 1)
  const rest = { ...text, cursor }
  if (cursor.take("duplicate")) {
    cursor.expect("key")
    cursor.expect("update")
    return { onConflict: { kind: "update", target: undefined }, assigned: assignments(rest) }
  }
  cursor.expect("conflict")
  const target = cursor.at("(") ? columnList(cursor) : undefined
  cursor.expect("do")
  if (cursor.take("nothing")) {
    cursor.end()
    return { onConflict: { kind: "nothing", target }, assigned: [] }
  }
  cursor.expect("update")
  cursor.expect("set")
  const assigned = assignments(rest)
  cursor.end()
  return { onConflict: { kind: "update", target }, assigned }
}

function assignment(text: Text, verb: "UPDATE" | "REPLACE"): ChangeText {
  const { cursor, sql } = text
  const place = targetAt(text)
  const alias = aliasAt(cursor, "set")
  cursor.expect("set")
  const set = assignments(text)
  const others = cursor.take("from") ? until(text, "where") : undefined
  const values = set.map(({ key }): ChangeColumn => ({ role: "value", key }))
  const where = whereTokens(text)
  const isPlain = others === undefined && set.every((one) => isWithoutColumns(one.tokens))
  const named = isPlain ? namedIn(place, where, sql) : undefined
  if (named) return namedChange({ verb, target: place.target }, { named, values, set })
  return chosenChange({ verb, place, alias, others, where, sql, values, set: set.map(({ value }) => value) })
}

function deletion(text: Text): ChangeText {
  const { cursor, sql } = text
  cursor.expect("from")
  const place = targetAt(text)
  const alias = aliasAt(cursor, "using")
  const others = cursor.take("using") ? until(text, "where") : undefined
  const where = whereTokens(text)
  const named = others === undefined ? namedIn(place, where, sql) : undefined
  if (named) return namedChange({ verb: "DELETE", target: place.target }, { named, values: [], set: [] })
  return chosenChange({ verb: "DELETE", place, alias, others, where, sql, values: [], set: [] })
}

/** The values by which WHERE names resources; undefined: they must be looked for. */
function namedIn({ target }: Target, where: readonly Token[], sql: string): Assigned[] | undefined {
  const named = namedBy(where, sql)
  return named !== undefined && isNaming(target, new Set(named.map(({ key }) => key))) ? named : undefined
}

function namedChange(
  change: Pick<ChangeText, "verb" | "target">,
  parts: { named: Assigned[]; values: ChangeColumn[]; set: readonly Assigned[] },
): ChangeText {
  const { named, values, set } = parts
  const where = named.map(({ key }): ChangeColumn => ({ role: "where", key }))
  const cells = [...named, ...set].map(({ value }) => asText(value))
  return {
    ...change,
    choice: { kind: "named" },
    columns: [...where, ...values],
    query: `SELECT ${cells.length === 0 ? "NULL" : cells.join(", ")}`,
  }
}

interface Chosen {
  verb: ChangeText["verb"]
  place: Target
  alias: string | undefined
  others: string | undefined
  where: readonly Token[]
  sql: string
  values: ChangeColumn[]
  set: readonly string[]
}

function chosenChange({ verb, place, alias, others, where, sql, values, set }: Chosen): ChangeText {
  const name = alias ?? place.bare
  const from = [`${place.name} AS "${name}"`, ...(others === undefined ? [] : [others])].join(", ")
  const cells = [`"${name}".identifier`, ...set.map(asText)].join(", ")
  const condition = where.length === 0 ? "" : ` WHERE ${sql.slice(where[0]?.start, where.at(-1)?.end)}`
  return {
    verb,
    target: place.target,
    choice: { kind: "chosen", isBounded: isBoundedBy(where) },
    columns: [{ role: "identifier", key: "identifier" }, ...values],
    query: `SELECT ${cells} FROM ${from}${condition}`,
  }
}

interface Target {
  target: ChangeTarget
  /** As it stands in the text. */
  name: string
  /** Its last part. */
  bare: string
}

function targetAt({ cursor, sql }: Text): Target {
  const start = cursor.position()
  const [, schema = "", name = "", ...more] = cursor.dotted(3)
  if (name === "" || more.length > 0) throw cursor.unexpectedBefore()
  const written = sql.slice(start, cursor.isEnd() ? sql.length : cursor.position())
  return { target: changeTarget(`${schema}.${name}`.toLowerCase()), name: written, bare: name }
}

function columnList(cursor: TokenCursor): string[] {
  const keys: string[] = []
  cursor.symbol("(")
  do addKey(keys, cursor.name())
  while (cursor.symbol(","))
  if (!cursor.symbol(")")) throw cursor.unexpected()
  return keys
}

function addKey(keys: string[], name: string): void {
  const key = columnKey(name)
  if (keys.includes(key)) throw new PgError("42701", `column "${name}" specified more than once`)
  keys.push(key)
}

/** `column = expression` up to FROM, WHERE or the end. */
function assignments(text: Text): (Assigned & { tokens: readonly Token[] })[] {
  const { cursor, tokens } = text
  const keys: string[] = []
  const found: (Assigned & { tokens: readonly Token[] })[] = []
  do {
    const name = cursor.name()
    if (keys.includes(columnKey(name)))
      throw new PgError("42601", `multiple assignments to the column "${name}"`)
    addKey(keys, name)
    if (!cursor.symbol("=")) throw cursor.unexpected()
    const start = cursor.index()
    const value = expression(text, "from", "where")
    found.push({ key: columnKey(name), value, tokens: tokens.slice(start, cursor.index()) })
  } while (cursor.symbol(","))
  return found
}

function aliasAt(cursor: TokenCursor, ...ends: string[]): string | undefined {
  if (cursor.take("as")) return cursor.name()
  return cursor.isEnd() || cursor.isWord("where", ...ends) ? undefined : cursor.name()
}

/** The text up to one of the words outside of parentheses, or to the end. */
function until({ cursor, tokens, sql }: Text, word: string): string {
  const start = cursor.position()
  const from = cursor.index()
  const end = placesOutside(tokens, from).find((at) => isWord(tokens[at], word)) ?? tokens.length
  cursor.skip(end - from)
  return sql.slice(start, tokens[end - 1]?.end ?? start)
}

/** Behind WHERE, to the end; none: there is no WHERE. */
function whereTokens({ cursor, tokens }: Text): readonly Token[] {
  if (cursor.isEnd()) return []
  cursor.expect("where")
  if (cursor.isEnd()) throw cursor.unexpected()
  return tokens.slice(cursor.index())
}

/** The text up to the next comma, closing parenthesis or one of the words that is not inside of parentheses. */
function expression({ cursor, tokens, sql }: Text, ...ends: string[]): string {
  const from = cursor.index()
  const start = cursor.position()
  const outside = placesOutside(tokens, from)
  const end =
    outside.find((at) => isSymbol(tokens[at], ",") || isWord(tokens[at], ...ends)) ?? endOf(outside, from)
  if (end === from) throw cursor.unexpected()
  cursor.skip(end - from)
  return sql.slice(start, tokens[end - 1]?.end ?? start)
}

function endOf(outside: readonly number[], from: number): number {
  return (outside.at(-1) ?? from - 1) + 1
}
