import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, type Token, tokenize } from "../../text/tokens.ts"
import { nodesOf, type Parsed, type SqlParser, type Tree, textAt } from "./syntax-tree.ts"

/**
 * PostgreSQL binds `->` and `->>` as tightly as `||`. The engine's grammar binds them more weakly than `=`, `IS` and `NOT`, since `->`
 * also begins the body of a lambda, and the tree no longer says where parentheses stood. So the parser gets other operators in their
 * place, as long as they are, which it binds as PostgreSQL binds all it has no rule for.
 */
const stands: ReadonlyMap<string, string> = new Map([
  ["->", "*>"],
  ["->>", "*>>"],
])
const meant: ReadonlyMap<string, string> = new Map([...stands].map(([arrow, stand]) => [stand, arrow]))

/** Functions that take a lambda; in any other place an arrow is a path into JSON. */
const takesLambda = /^(?:(?:list|array)_(?:transform|apply|filter|reduce)|apply|filter|reduce)$/

/** An operator ends before a sign: `j->-1`. */
const arrowAt = /^->>?(?=[+-]*$)/

/** The function in whose parentheses a token stands, for each depth. */
function callsAround(tokens: readonly Token[]) {
  const names: string[] = []
  return {
    pass: (at: number): void => {
      if (isSymbol(tokens[at], "(")) names.push(tokens[at - 1]?.value.toLowerCase() ?? "")
      else if (isSymbol(tokens[at], ")")) names.pop()
    },
    inner: () => names.at(-1) ?? "",
  }
}

/** `, x ->` and `, (x, i) ->` in a call that takes a lambda. */
function beginsLambda(tokens: readonly Token[], at: number, call: string): boolean {
  if (!takesLambda.test(call)) return false
  if (!isSymbol(tokens[at - 1], ")")) return isSymbol(tokens[at - 2], ",")
  let open = at - 1
  while (open > 0 && !isSymbol(tokens[open], "(")) open--
  return isSymbol(tokens[open - 1], ",")
}

/** Throws 42883 for an operator that only this file uses. */
function withStands(sql: string): string {
  const tokens = tokenize(sql)
  const calls = callsAround(tokens)
  let out = ""
  let end = 0
  for (const [at, token] of tokens.entries()) {
    calls.pass(at)
    if (token.kind !== "symbol") continue
    if (meant.has(token.value))
      throw new PgError("42883", `operator does not exist: ${token.value}`, { position: token.start + 1 })
    const [arrow] = arrowAt.exec(token.value) ?? []
    if (arrow === undefined || beginsLambda(tokens, at, calls.inner())) continue
    out += sql.slice(end, token.start) + stands.get(arrow)
    end = token.start + arrow.length
  }
  return out + sql.slice(end)
}

const functions: ReadonlyMap<string, string> = new Map([
  ["->", "json_extract"],
  ["->>", "json_extract_string"],
])

/**
 * A path into JSON by the name of its function, in place: written as an arrow, the engine would group it otherwise, and try each of those
 * inside each other as a lambda, too. False: the node is none.
 */
export function arrowAsCall(node: Tree, name: string): boolean {
  const call = node.is_operator === true ? functions.get(name) : undefined
  if (call === undefined) return false
  Object.assign(node, { function_name: call, is_operator: false })
  return true
}

/** In place. */
function restore(tree: Tree): void {
  for (const node of nodesOf(tree)) {
    const arrow = meant.get(textAt(node, "function_name"))
    if (arrow !== undefined) node.function_name = arrow
  }
}

function asWritten({ code, message, position, hint }: PgError): PgError {
  const said = message.replace(/\*>>?/, (stand) => meant.get(stand) ?? stand)
  return new PgError(code, said, { ...(position !== undefined && { position }), ...(hint && { hint }) })
}

/** A parser that binds operators as PostgreSQL's does. */
export function parserOfPostgres(parser: SqlParser): SqlParser {
  return {
    ...parser,
    parse: async (sql): Promise<Parsed> => {
      if (!/->|\*>/.test(sql)) return parser.parse(sql)
      const parsed = await parser.parse(withStands(sql))
      if (parsed.kind === "select") restore(parsed.tree)
      return parsed.kind === "broken" ? { kind: "broken", error: asWritten(parsed.error) } : parsed
    },
  }
}
