import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import { applyEdits, type Edit } from "../dialect/edits.ts"
import type { SqlParser, Tree } from "../dialect/syntax-tree.ts"

/** A part of a change that means something by itself behind this beginning of a query. */
interface Piece {
  /** Indexes of its first token, and of the one behind its last. */
  from: number
  to: number
  before: "SELECT " | "SELECT * FROM "
}

/** What a rule of this room could be about. */
const meantWords = [
  ..."like ilike similar avg substr substring concat extract date_part datepart mod ratio_to_report over order".split(
    " ",
  ),
  ..."select char varchar character bpchar nchar nvarchar to_char to_date to_timestamp int integer bigint smallint boolean bool date timestamp double float float4 float8 real exp chr round power generate_series string_to_table".split(
    " ",
  ),
]

function mayMean(tokens: readonly Token[], { from, to }: Piece): boolean {
  for (let at = from; at < to; at++) {
    const token = tokens[at]
    if (token?.kind === "symbol" && /[/%~|]|->/.test(token.value)) return true
    if (isWord(token, ...meantWords) || (token?.kind === "word" && token.value.startsWith("redshift_")))
      return true
  }
  return false
}

/** Indexes of tokens outside parentheses for which the test holds. */
function outside(
  tokens: readonly Token[],
  test: (token: Token) => boolean,
  from = 0,
  to = tokens.length,
): number[] {
  const found: number[] = []
  let depth = 0
  for (let at = from; at < to; at++) {
    const token = tokens[at]
    if (token === undefined) break
    if (isSymbol(token, ")")) depth--
    if (depth === 0 && test(token)) found.push(at)
    if (isSymbol(token, "(")) depth++
  }
  return found
}

/** Behind a word outside parentheses, up to the next of the clauses' words; undefined: the word is not there. */
function clause(tokens: readonly Token[], word: string, ends: readonly string[]): Piece | undefined {
  const [at] = outside(tokens, (token) => isWord(token, word))
  if (at === undefined) return undefined
  const [to = tokens.length] = outside(
    tokens,
    (token) => isWord(token, ...ends) || isSymbol(token, ";"),
    at + 1,
  )
  return { from: at + 1, to, before: "SELECT " }
}

/** What lies between commas outside parentheses. */
function items(tokens: readonly Token[], { from, to, before }: Piece): Piece[] {
  const commas = outside(tokens, (token) => isSymbol(token, ","), from, to)
  const starts = [from, ...commas.map((at) => at + 1)]
  return starts.map((start, at) => ({ from: start, to: commas[at] ?? to, before }))
}

/** The values of `SET a = 1, b = 2`. */
function assigned(tokens: readonly Token[], all: Piece): Piece[] {
  return items(tokens, all).flatMap((piece) => {
    const [equals] = outside(tokens, (token) => isSymbol(token, "="), piece.from, piece.to)
    return equals === undefined ? [] : [{ ...piece, from: equals + 1 }]
  })
}

/** Each value of each row of `VALUES (…), (…)`. */
function rowValues(tokens: readonly Token[], all: Piece): Piece[] {
  return items(tokens, all).flatMap(({ from, to, before }) =>
    isSymbol(tokens[from], "(") && isSymbol(tokens[to - 1], ")")
      ? items(tokens, { from: from + 1, to: to - 1, before })
      : [],
  )
}

function piecesOf(tokens: readonly Token[]): Piece[] {
  const tables = (word: string): Piece[] => {
    const found = clause(tokens, word, ["where", "returning"])
    return found === undefined ? [] : [{ ...found, before: "SELECT * FROM " }]
  }
  const [first] = tokens
  const condition = clause(tokens, "where", ["returning"])
  const conditions = condition === undefined ? [] : [condition]
  if (isWord(first, "delete")) return [...tables("using"), ...conditions]
  if (isWord(first, "update")) {
    const set = clause(tokens, "set", ["from", "where", "returning"])
    return [...(set === undefined ? [] : assigned(tokens, set)), ...tables("from"), ...conditions]
  }
  if (!isWord(first, "insert")) return []
  const values = clause(tokens, "values", ["on", "returning"])
  return values === undefined ? [] : rowValues(tokens, values)
}

/**
 * Gives the expressions of an UPDATE, a DELETE or the VALUES of an INSERT the meaning that those of a query have. The engine has no
 * tree of such statements: each expression is parsed for itself.
 *
 * @param mean gives a tree its meaning, in place; true: something was changed
 */
export async function meanPieces(
  tokens: readonly Token[],
  sql: string,
  parser: SqlParser,
  mean: (tree: Tree) => boolean,
): Promise<string> {
  const edits: Edit[] = []
  for (const piece of piecesOf(tokens)) {
    const [first, last] = [tokens[piece.from], tokens[piece.to - 1]]
    if (!first || !last || piece.to <= piece.from || !mayMean(tokens, piece)) continue
    const parsed = await parser.parse(piece.before + sql.slice(first.start, last.end))
    // What is no expression by itself (DEFAULT, or an error) is the engine's to judge.
    if (parsed.kind !== "select" || !mean(parsed.tree)) continue
    const text = await parser.deparse(parsed.tree)
    if (!text.startsWith(piece.before))
      throw new PgError("0A000", "this form of expression is not supported in a change")
    edits.push({ start: first.start, end: last.end, text: text.slice(piece.before.length) })
  }
  return edits.length === 0 ? sql : applyEdits(sql, edits)
}
