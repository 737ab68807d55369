import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token, tokenize } from "../../text/tokens.ts"
import { callEdits } from "./calls.ts"
import { addedColumnsEncoding, storageClauses } from "./create-table.ts"
import { applyEdits, closingsOf, type Edit } from "./edits.ts"
import { dialectFunctions, dialectSchema } from "./macros.ts"
import { similarMark } from "./similar-mark.ts"
import { restructured } from "./statements/restructured.ts"
import { superEdits } from "./super.ts"
import { temporaryNameEdits } from "./temporary-tables.ts"
import { collationEdits, typeEdits } from "./types.ts"
import { viewEdits } from "./views.ts"

export interface Rewritten {
  sql: string
  /** What the client should know. */
  notices: string[]
}

const setOperators = ["union", "except", "intersect", "minus"]

/** `SELECT TOP n …` becomes `SELECT … LIMIT n`, in parentheses where a set operation is near. */
function topEdits(tokens: Token[], at: number): Edit[] {
  const select = tokens[at]
  if (!select || !isWord(select, "select")) return []
  const topAt = isWord(tokens[at + 1], "distinct", "all") ? at + 2 : at + 1
  const [top, count] = [tokens[topAt], tokens[topAt + 1]]
  if (!top || !count || !isWord(top, "top") || count.kind !== "number") return []
  const end = queryEnd(tokens, topAt + 2)
  const isCombined = isWord(tokens[end], ...setOperators) || isWord(tokens[at - 1], ...setOperators, "all")
  const past = tokens[end - 1]?.end ?? count.end
  return [
    ...(isCombined ? [{ start: select.start, end: select.start, text: "(" }] : []),
    { start: top.start, end: count.end, text: "" },
    { start: past, end: past, text: ` LIMIT ${count.value}${isCombined ? ")" : ""}` },
  ]
}

/** The index after the last token of the SELECT that goes on here. */
function queryEnd(tokens: Token[], from: number): number {
  const closings = closingsOf(tokens)
  for (let at = from; at < tokens.length; at = Math.max(at, closings[at] ?? at) + 1) {
    const token = tokens[at]
    if (isSymbol(token, ")") || isSymbol(token, ";") || isWord(token, "select", ...setOperators)) return at
    if (isWord(token, "limit")) throw new PgError("42601", "TOP and LIMIT cannot stand in one query")
    // Nothing closes it: this is no query.
    if (isSymbol(token, "(") && closings[at] === -1) return tokens.length
  }
  return tokens.length
}

/** `B'101'` and `X'1F'`: the engine would take their letter for a part of the text. */
function refuseBitString(tokens: Token[], at: number, sql: string): void {
  const token = tokens[at]
  if (token?.kind !== "string" || !/^[bx]'/i.test(sql.slice(token.start, token.start + 2))) return
  throw new PgError("0A000", "bit strings are not supported", {
    hint: "Write FROM_HEX('…') or TO_VARBYTE('…', 'hex').",
    position: token.start + 1,
  })
}

function wordEdits(tokens: Token[], at: number): Edit[] {
  const [before, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]]
  if (token?.kind !== "word" || isSymbol(before, ".") || isSymbol(next, ".")) return []
  const replaced = (text: string, last: Token = token): Edit[] => [
    { start: token.start, end: last.end, text },
  ]
  switch (token.value) {
    case "sysdate":
      return isSymbol(next, "(") || isWord(before, "as") ? [] : replaced(`${dialectSchema}.getdate()`)
    case "similar":
      return isWord(next, "to") && next
        ? [{ start: next.end, end: next.end, text: ` '${similarMark}' ||` }]
        : []
    case "minus":
      return isWord(next, "select", "all", "distinct", "values", "with") || isSymbol(next, "(")
        ? replaced("EXCEPT")
        : []
    case "approximate":
      return approximateEdits(tokens, at)
    case "varchar":
    case "nvarchar":
    case "char":
    case "character":
    case "bpchar":
      return maxLengthEdits(tokens, at)
    default:
      return []
  }
}

function approximateEdits(tokens: Token[], at: number): Edit[] {
  const [token, count, open, distinct] = tokens.slice(at, at + 4)
  if (!token || !count) return []
  if (isWord(count, "count") && isSymbol(open, "(") && distinct && isWord(distinct, "distinct")) {
    return [{ start: token.start, end: distinct.end, text: "approx_count_distinct(" }]
  }
  return isWord(count, "percentile_disc") ? [{ start: token.start, end: token.end, text: "" }] : []
}

function maxLengthEdits(tokens: Token[], at: number): Edit[] {
  const [, open, max, close] = tokens.slice(at, at + 4)
  if (!open || !close || !isSymbol(open, "(") || !isWord(max, "max") || !isSymbol(close, ")")) return []
  return [{ start: open.start, end: close.end, text: "" }]
}

/** For a session that speaks the engine's dialect. */
export function asTyped(sql: string): Rewritten {
  return { sql, notices: [] }
}

/** Every word that anything above looks at: most statements have none, and are left alone without a look at their tokens. */
const anyOfThem =
  /\b(getdate|sysdate|nvl2?|decode|date_?add|date_?diff|date_?part|date_trunc|add_months|months_between|convert_timezone|convert|charindex|strtol|isnull|btrim|sha2|(to|from)_varbyte|regexp_(substr|count)|json_\w+|is_valid_json\w*|to_(char|date|timestamp)|listagg|approximate|top|array|object|minus|super|max|diststyle|distkey|sortkey|encode|backup|identity|ratio_to_report|varbyte|varbinary|bytea|collate|binding|similar|regexp_full_match|char|character|nchar|n?varchar|numeric|decimal|dec)\b|::|#[a-z_]|\b[bx]'/i

/** A call of one of the functions that the engine lacks. */
const anyFunction = new RegExp(`\\b(${[...dialectFunctions].join("|")})\\s*\\(`, "i")

const changedWords: ReadonlySet<string> = new Set([
  ...[
    "sysdate",
    "similar",
    "minus",
    "approximate",
    "select",
    "collate",
    "char",
    "character",
    "nchar",
    "varchar",
  ],
  ...["nvarchar", "bpchar", "numeric", "decimal", "dec", "super", "varbyte", "varbinary", "bytea"],
])

/** One of the rules may be about the token: most are about none, and each rule costs its time. */
function mayChange(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at]
  switch (token?.kind) {
    case "word":
      return changedWords.has(token.value) || isSymbol(tokens[at + 1], "(")
    case "symbol":
      return token.value === "::" || token.value === "#"
    case "string":
      return true
    default:
      return false
  }
}

/** What `statements/` looks for. */
const perhapsRestructured =
  /^\s*show\b|^[\s(]*(select|with)\b[\s\S]*(\binto\b|,\s*["\w]+\s*[.[])|\(\s*\+\s*\)/i

/** The cloud's SQL in the engine's words. Token by token, so that strings, names and comments stay as they are. */
export function fromRedshift(typed: string): Rewritten {
  const sql = perhapsRestructured.test(typed) ? restructured(typed, tokenize(typed)) : typed
  if (!anyOfThem.test(sql) && !anyFunction.test(sql)) return { sql, notices: [] }
  const tokens = tokenize(sql)
  const clauses = [storageClauses(tokens), addedColumnsEncoding(tokens)]
  const edits = [...clauses.flatMap((one) => one.edits), ...viewEdits(tokens)]
  for (const at of tokens.keys()) {
    if (!mayChange(tokens, at)) continue
    refuseBitString(tokens, at, sql)
    edits.push(
      ...callEdits(tokens, at, sql),
      ...topEdits(tokens, at),
      ...wordEdits(tokens, at),
      ...superEdits(tokens, at),
      ...typeEdits(tokens, at),
      ...collationEdits(tokens, at),
      ...temporaryNameEdits(tokens, at),
    )
  }
  const notices = clauses.flatMap((one) => one.notices)
  return { sql: edits.length === 0 ? sql : applyEdits(sql, edits), notices }
}
