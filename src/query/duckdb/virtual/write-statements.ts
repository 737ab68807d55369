/** INSERT, UPDATE and DELETE of a virtual table, each as the query whose rows it needs. */
import { quoteIdentifier } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { cursorOver, type TokenCursor } from "../../text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import type { VirtualColumn, VirtualTable } from "../../virtual-table.ts"
import { engineType } from "./rows-text.ts"

/** A change of a virtual table. The columns of `query` are the table's, for UPDATE and DELETE, and then those of `set`. */
export interface VirtualWrite {
  verb: "INSERT" | "UPDATE" | "DELETE"
  table: VirtualTable
  /** The columns that get a value. */
  set: readonly VirtualColumn[]
  /** A SELECT that nobody has judged yet. */
  query: string
}

/** The virtual table that a name of up to three parts means. */
export type FindVirtual = (name: readonly string[]) => VirtualTable | undefined

/** `undefined`: it changes no virtual table. Throws 42809 (it cannot be changed so), 42601, 42703. */
export function virtualWrite(tokens: Token[], sql: string, find: FindVirtual): VirtualWrite | undefined {
  const [first] = tokens
  const cursor = cursorOver(tokens)
  const text = { cursor, tokens, sql }
  cursor.skip(1)
  if (isWord(first, "insert") && cursor.take("into")) return insert(text, find)
  if (isWord(first, "delete") && cursor.take("from")) return deleteRows(text, find)
  return isWord(first, "update") ? update(text, find) : undefined
}

/** A statement, and how far it is read. */
interface Text {
  cursor: TokenCursor
  tokens: readonly Token[]
  sql: string
}

interface Target {
  table: VirtualTable
  /** As it stands in the text. */
  name: string
}

function targetAt({ cursor, sql }: Text, find: FindVirtual): Target | undefined {
  if (cursor.isEnd() || cursor.at("(")) return undefined
  const start = cursor.position()
  const table = find(cursor.dotted(3))
  return table && { table, name: sql.slice(start, cursor.position()) }
}

function insert(text: Text, find: FindVirtual): VirtualWrite | undefined {
  const { cursor, sql } = text
  const target = targetAt(text, find)
  if (target === undefined) return undefined
  const { table } = target
  if (table.insert === undefined) throw unchangeable(table)
  // `(` may also begin the query.
  const set = cursor.at("(") && !cursor.isQueryAhead() ? columnList(cursor, table) : table.columns
  if (cursor.take("values")) return { verb: "INSERT", table, set, query: valuesQuery(text, set) }
  if (!cursor.isQueryAhead()) throw cursor.unexpected()
  return { verb: "INSERT", table, set, query: typedQuery(sql.slice(cursor.position()), set) }
}

/** VALUES with each value as its column's type, as PostgreSQL reads them: the engine would make one type of them. */
function valuesQuery(text: Text, set: readonly VirtualColumn[]): string {
  const { cursor } = text
  const rows: string[] = []
  do {
    if (!cursor.symbol("(")) throw cursor.unexpected()
    const values = [expression(text)]
    while (cursor.symbol(",")) values.push(expression(text))
    if (!cursor.symbol(")")) throw cursor.unexpected()
    if (values.length !== set.length) throw miscounted(values.length > set.length)
    rows.push(`(${values.map((value, at) => castTo(set[at], value)).join(", ")})`)
  } while (cursor.symbol(","))
  cursor.end()
  return `SELECT * FROM (VALUES ${rows.join(", ")}) AS inserted`
}

function miscounted(isMore: boolean): PgError {
  const [more, less] = isMore ? ["expressions", "target columns"] : ["target columns", "expressions"]
  return new PgError("42601", `INSERT has more ${more} than ${less}`)
}

function castTo(column: VirtualColumn | undefined, value: string): string {
  return `CAST((${value}\n) AS ${engineType(column?.type ?? "text")})`
}

function typedQuery(query: string, set: readonly VirtualColumn[]): string {
  const values = set.map((_column, at) => `v${at}`)
  const casts = set.map(({ type }, at) => `CAST(v${at} AS ${engineType(type)}) AS v${at}`)
  // The engine refuses a query of another number of columns only beside one of this number.
  const none = `SELECT ${set.map(() => "NULL").join(", ")} WHERE false`
  const rows = `(${none} UNION ALL (${query}\n)) AS inserted(${values.join(", ")})`
  return `SELECT ${casts.join(", ")} FROM ${rows}`
}

function columnList(cursor: TokenCursor, table: VirtualTable): VirtualColumn[] {
  const columns: VirtualColumn[] = []
  cursor.symbol("(")
  do columns.push(newColumn(columns, cursor.name(), table))
  while (cursor.symbol(","))
  if (!cursor.symbol(")")) throw cursor.unexpected()
  return columns
}

function newColumn(before: readonly VirtualColumn[], name: string, table: VirtualTable): VirtualColumn {
  const column = table.columns.find((one) => one.name === name.toLowerCase())
  if (column === undefined)
    throw new PgError("42703", `column "${name}" of relation "${table.name}" does not exist`)
  if (before.includes(column)) throw new PgError("42701", `column "${name}" specified more than once`)
  return column
}

function deleteRows(text: Text, find: FindVirtual): VirtualWrite | undefined {
  const { cursor } = text
  const target = targetAt(text, find)
  if (target === undefined) return undefined
  if (target.table.delete === undefined) throw unchangeable(target.table)
  const alias = aliasAt(cursor)
  const query = `SELECT ${columnsOf(target, alias)} FROM ${named(target, alias)} ${whereText(text)}`
  return { verb: "DELETE", table: target.table, set: [], query }
}

function update(text: Text, find: FindVirtual): VirtualWrite | undefined {
  const { cursor } = text
  const target = targetAt(text, find)
  if (target === undefined) return undefined
  const { table } = target
  if (table.update === undefined) throw unchangeable(table)
  const alias = aliasAt(cursor, "set")
  cursor.expect("set")
  const set: VirtualColumn[] = []
  const values: string[] = []
  do {
    const column = newColumn(set, cursor.name(), table)
    if (!cursor.symbol("=")) throw cursor.unexpected()
    set.push(column)
    values.push(castTo(column, expression(text)))
  } while (cursor.symbol(","))
  const columns = [columnsOf(target, alias), ...values].join(", ")
  const query = `SELECT ${columns} FROM ${named(target, alias)} ${whereText(text)}`
  return { verb: "UPDATE", table, set, query }
}

/** WHERE and what follows; "" at the statement's end. */
function whereText({ cursor, sql }: Text): string {
  if (!cursor.isEnd() && !cursor.isWord("where")) throw cursor.unexpected()
  return sql.slice(cursor.position())
}

/** The text up to the next comma, closing parenthesis or WHERE that is not inside of parentheses. */
function expression({ cursor, tokens, sql }: Text): string {
  const start = cursor.position()
  let depth = 0
  while (!cursor.isEnd()) {
    const token = tokens[cursor.index()]
    if (depth === 0 && (isSymbol(token, ",") || isWord(token, "where"))) break
    if (isSymbol(token, "(") || isSymbol(token, "[") || isSymbol(token, "{")) depth++
    if (isSymbol(token, ")") || isSymbol(token, "]") || isSymbol(token, "}")) depth--
    if (depth < 0) break
    cursor.skip(1)
  }
  const end = cursor.isEnd() ? sql.length : cursor.position()
  return sql.slice(start, end)
}

function aliasAt(cursor: TokenCursor, ...ends: string[]): string | undefined {
  if (cursor.take("as")) return cursor.name()
  return cursor.isEnd() || cursor.isWord("where", "using", "returning", ...ends) ? undefined : cursor.name()
}

function named({ name }: Target, alias: string | undefined): string {
  return alias === undefined ? name : `${name} AS ${quoteIdentifier(alias)}`
}

function columnsOf({ table }: Target, alias: string | undefined): string {
  const qualifier = quoteIdentifier(alias ?? table.name)
  return table.columns.map(({ name }) => `${qualifier}.${quoteIdentifier(name)}`).join(", ")
}

function unchangeable({ name }: VirtualTable): PgError {
  return new PgError(
    "42809",
    `cannot change "${name}" in this way: its rows are made when they are asked for`,
  )
}
