import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import { allowedTableFunctions, type FunctionLists, isDeniedFunction } from "./allowed-functions.ts"
import { checkRelation } from "./select-guard.ts"

export interface WriteRules {
  user: string
  isAdmin: boolean
  database: string
  databases(): string[]
  isReplicated(database: string): boolean
  hiddenSchemas: ReadonlySet<string>
  /** As GuardRules.known. */
  known?: ReadonlySet<string>
  functions: FunctionLists
  enginePgViews: ReadonlySet<string>
}

export interface WriteStatement {
  /** `CREATE TABLE`, `INSERT`: the command tag without its counts. */
  verb: string
  /** Where the engine is to let it write. */
  writesIn: string
}

type Name = string[]

const creatable = ["table", "view", "schema", "sequence", "type", "index"]
/** Nobody makes functions here; those that a database brought along can be removed. */
const droppable = [...creatable, "function", "macro"]
const alterable = ["table", "view", "sequence"]
const verbs = ["insert", "update", "delete", "truncate", "merge", "create", "drop", "alter"]

function notSupported(what: string): PgError {
  return new PgError("0A000", `${what} is not supported on this port`, {
    hint: "SELECT, EXPLAIN, SHOW and transactions are; an administrator may also write tables in databases that are not replicated.",
  })
}

function denied(message: string): PgError {
  return new PgError("42501", message)
}

function unexpected(token: Token | undefined): PgError {
  if (!token) return new PgError("42601", "syntax error at end of input")
  return new PgError("42601", `syntax error at or near "${token.value}"`, { position: token.start + 1 })
}

/** A dotted name and how many tokens it took. */
function nameAt(tokens: Token[], at: number): { name: Name; end: number } {
  const name: Name = []
  for (let i = at; ; i += 2) {
    const token = tokens[i]
    if (token?.kind !== "word" && token?.kind !== "quoted") throw unexpected(token)
    name.push(token.value)
    if (!isSymbol(tokens[i + 1], ".")) return { name, end: i + 1 }
  }
}

/** Past words that may or may not stand there. */
function skip(tokens: Token[], at: number, ...words: string[]): number {
  let i = at
  while (isWord(tokens[i], ...words)) i++
  return i
}

export interface Target {
  verb: string
  isSchema: boolean
  names: Name[]
}

function objectKind(tokens: Token[], at: number, kinds: string[], statement: string): string {
  const token = tokens[at]
  if (token?.kind === "word" && kinds.includes(token.value)) return token.value
  throw notSupported(`${statement} ${token?.value.toUpperCase() ?? ""}`.trim())
}

function createTarget(tokens: Token[]): Target {
  const at = skip(tokens, 1, "or", "replace", "temp", "temporary", "unique")
  const kind = objectKind(tokens, at, creatable, "CREATE")
  const nameStart = skip(tokens, at + 1, "if", "not", "exists")
  const verb = `CREATE ${kind.toUpperCase()}`
  if (kind !== "index") return { verb, isSchema: kind === "schema", names: [nameAt(tokens, nameStart).name] }
  const on = tokens.findIndex((token) => isWord(token, "on"))
  if (on < 0) throw unexpected(undefined)
  return { verb, isSchema: false, names: [nameAt(tokens, on + 1).name] }
}

function dropTarget(tokens: Token[]): Target {
  const kind = objectKind(tokens, 1, droppable, "DROP")
  const names: Name[] = []
  const nameStart = kind === "macro" || kind === "function" ? skip(tokens, 2, "table") : 2
  for (let at = skip(tokens, nameStart, "if", "exists"); ; ) {
    const { name, end } = nameAt(tokens, at)
    names.push(name)
    if (!isSymbol(tokens[end], ",")) break
    at = end + 1
  }
  return { verb: `DROP ${kind.toUpperCase()}`, isSchema: kind === "schema", names }
}

/** The word that decides, past a WITH clause. */
function verbIndex(tokens: Token[]): number {
  if (!isWord(tokens[0], "with")) return 0
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if (isSymbol(token, "(")) depth++
    if (isSymbol(token, ")")) depth--
    if (depth === 0 && index > 0 && isWord(token, "insert", "update", "delete", "merge")) return index
  }
  return 0
}

/** What a statement that writes names. Throws PgError. */
export function targetOf(tokens: Token[]): Target {
  const at = verbIndex(tokens)
  const first = tokens[at]
  if (first?.kind !== "word" || !verbs.includes(first.value)) {
    throw notSupported(first ? first.value.toUpperCase().slice(0, 40) : "this statement")
  }
  const one = (verb: string, nameStart: number): Target => ({
    verb,
    isSchema: false,
    names: [nameAt(tokens, nameStart).name],
  })
  switch (first.value) {
    case "insert":
      return one("INSERT", skip(tokens, at + 1, "or", "replace", "ignore", "into"))
    case "update":
      return one("UPDATE", at + 1)
    case "delete":
      return one("DELETE", skip(tokens, at + 1, "from"))
    case "merge":
      return one("MERGE", skip(tokens, at + 1, "into"))
    case "truncate":
      return one("TRUNCATE TABLE", skip(tokens, at + 1, "table"))
    case "create":
      return createTarget(tokens)
    case "drop":
      return dropTarget(tokens)
    default: {
      const kind = objectKind(tokens, 1, alterable, "ALTER")
      return one(`ALTER ${kind.toUpperCase()}`, skip(tokens, 2, "if", "exists", "only"))
    }
  }
}

/** Every database the name could mean: where the engine might choose, all choices must be allowed. */
function databasesMeant(name: Name, isSchema: boolean, rules: WriteRules): string[] {
  const [first = ""] = name
  const named = rules.databases().find((one) => one.toLowerCase() === first.toLowerCase())
  const unqualifiedLength = isSchema ? 1 : 2
  const meant = named !== undefined && (name.length > 1 || isSchema) ? [named] : []
  if (name.length <= unqualifiedLength) meant.push(rules.database)
  return meant
}

/** Throws unless it may be written; the database that is. */
export function checkTarget(target: Target, rules: WriteRules): string {
  const databases = target.names.map((name) => databaseOf(name, target, rules))
  return databases[0] ?? rules.database
}

function databaseOf(name: Name, target: Target, rules: WriteRules): string {
  const lower = name.map((part) => part.toLowerCase())
  const meant = databasesMeant(name, target.isSchema, rules)
  const [first] = meant
  if (first === undefined || lower.includes("memory") || lower.includes("system")) {
    throw denied(`permission denied for ${name.join(".")}`)
  }
  const last = lower.length - 1
  if (lower.some((part, at) => rules.hiddenSchemas.has(part) && (at < last || target.isSchema))) {
    throw denied(`permission denied for schema ${name.at(-2) ?? name[0]}`)
  }
  const replicated = meant.find((one) => rules.isReplicated(one))
  if (replicated !== undefined) throw readOnlyDatabase(target.verb, replicated)
  return target.isSchema && name.length === 1 ? rules.database : first
}

export function readOnlyDatabase(verb: string, database: string): PgError {
  return new PgError("25006", `cannot execute ${verb}: database "${database}" is replicated and read-only`, {
    hint: "Write in a database of your own, such as dev.",
  })
}

const fromEnds = [
  "where",
  "group",
  "order",
  "limit",
  "set",
  "select",
  "having",
  "union",
  "returning",
  "on",
  "values",
  "when",
  "default",
]

const fromStarts = ["from", "join", "using", "into", "table"]
/** A table may stand right behind them. */
const tableVerbs = [
  "summarize",
  "describe",
  "desc",
  "show",
  "pivot",
  "pivot_wider",
  "unpivot",
  "pivot_longer",
]
/** Behind these a parenthesis goes on with the tables of FROM; behind any other word it holds arguments or a query. */
const beforeTables = [...fromStarts, ...tableVerbs, "lateral"]

function opensTables(before: Token | undefined, isInFrom: boolean): boolean {
  if (isWord(before, ...tableVerbs)) return true
  return isInFrom && (before?.kind === "symbol" || isWord(before, ...beforeTables))
}

/** Of a query's list of tables: it goes on behind a comma, also behind the condition of a join. */
type TableList = "none" | "tables" | "condition"

function tableListAfter(token: Token, list: TableList): TableList | undefined {
  if (isWord(token, ...fromStarts)) return "tables"
  if (isWord(token, "on") && list !== "none") return "condition"
  if (isWord(token, ...fromEnds)) return "none"
  return isSymbol(token, ",") && list === "condition" ? "tables" : undefined
}

/** Behind them TABLE says what kind of object is meant. */
const definitionWords = ["create", "alter", "drop", "truncate", "temp", "temporary", "replace"]

/** By token: a table may stand there. Tracks each parenthesis on its own. */
export function tablePlaces(tokens: readonly Token[]): boolean[] {
  const lists: TableList[] = ["none"]
  return tokens.map((token, index) => {
    const before = tokens[index - 1]
    const list = lists.at(-1) ?? "none"
    const isPlace = list === "tables" || isWord(before, ...tableVerbs)
    if (isSymbol(token, "(")) lists.push(opensTables(before, list === "tables") ? "tables" : "none")
    else if (isSymbol(token, ")") && lists.length > 1) lists.pop()
    else if (isWord(token, "table") && isWord(before, ...definitionWords)) lists[lists.length - 1] = "none"
    else lists[lists.length - 1] = tableListAfter(token, list) ?? list
    return isPlace
  })
}

/** In FROM a quoted string is a file to the engine. */
function checkNoFileInFrom(tokens: Token[], isTablePlace: readonly boolean[]): void {
  const file = tokens.find(({ kind }, index) => kind === "string" && isTablePlace[index])
  if (file !== undefined) throw denied("permission denied for files")
}

function checkIdentifier(tokens: Token[], index: number, rules: WriteRules): void {
  const token = tokens[index]
  if (token?.kind !== "word" && token?.kind !== "quoted") return
  const name = token.value.toLowerCase()
  if (isSymbol(tokens[index + 1], "(")) {
    const refusedTable = rules.functions.table.has(name) && !allowedTableFunctions.has(name)
    if (refusedTable || isDeniedFunction(name)) throw denied(`permission denied for function ${name}`)
  }
  if (rules.enginePgViews.has(name) || name === "pg_catalog" || name === "information_schema") {
    throw new PgError("0A000", "system catalogs cannot be used in a statement that writes")
  }
}

/**
 * Every dotted name is held against the rules for relations; most are columns, and pass. Where no table can stand, a name is
 * not taken for a file, and neither is the first that is the statement's target: that is made by it, or must be there.
 */
function checkNames(
  tokens: Token[],
  isTablePlace: readonly boolean[],
  target: Target,
  rules: WriteRules,
): void {
  const targets = new Set(target.names.map((name) => name.join("\0")))
  for (const [index, token] of tokens.entries()) {
    checkIdentifier(tokens, index, rules)
    const isStart = (token.kind === "word" || token.kind === "quoted") && !isSymbol(tokens[index - 1], ".")
    if (!isStart) continue
    const parts: string[] = [token.value]
    for (let i = index + 1; isSymbol(tokens[i], "."); i += 2) {
      const next = tokens[i + 1]
      if (next?.kind !== "word" && next?.kind !== "quoted") break
      parts.push(next.value)
    }
    const [name = "", schema = "", catalog = ""] = parts.slice(-3).reverse()
    const isTarget = targets.delete(parts.join("\0"))
    checkRelation(catalog, schema, name, { ...rules, isNoTable: isTarget || isTablePlace[index] !== true })
  }
}

/** The one type of the engine's own that it lets be made again; in that database every cast to JSON would be one to that. */
function refuseHidingType({ verb, names }: Target): void {
  if (verb !== "CREATE TYPE" || names[0]?.at(-1)?.toLowerCase() !== "json") return
  throw new PgError("42710", 'type "json" already exists')
}

/**
 * A statement that changes something: by whom, where, and with what inside. It has no tree to walk, so its tokens are
 * judged, and anything not recognised is refused. Throws PgError.
 */
export function guardWrite(tokens: Token[], sql: string, rules: WriteRules): WriteStatement {
  const target = targetOf(tokens)
  if (!rules.isAdmin) throw denied(`permission denied: user "${rules.user}" may only read`)
  refuseHidingType(target)
  const writesIn = checkTarget(target, rules)
  if (tokens.some((token) => /^u&/i.test(sql.slice(token.start, token.end)))) throw notSupported("U& quoting")
  const places = tablePlaces(tokens)
  checkNoFileInFrom(tokens, places)
  checkNames(tokens, places, target, rules)
  return { verb: target.verb, writesIn }
}
