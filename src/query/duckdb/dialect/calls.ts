import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import { dateFormatEdits } from "./date-formats.ts"
import { datePart } from "./date-parts.ts"
import { type Call, callAt, type Edit } from "./edits.ts"
import { dialectFunctions, dialectSchema } from "./macros.ts"

/** The same under another name. */
const renamed = new Map([
  ["nvl", "coalesce"],
  ["isnull", "coalesce"],
])
/** SUPER values of values; `ARRAY(SELECT …)` is the engine's. */
const superConstructors = new Map([
  ["array", "json_array"],
  ["object", "json_object"],
])
/** Functions that the engine has with fewer arguments, where it means something else. */
const leastArguments = new Map([["decode", 3]])
const takesDatePart = new Set(["dateadd", "datediff", "date_part", "datepart", "date_trunc"])
/** Before these a name with a parenthesis is a table with its columns, not a call. */
const beforeTables = [
  "into",
  "table",
  "with",
  "recursive",
  "view",
  "as",
  "exists",
  "join",
  "update",
  "references",
]

function replacing(token: Token, text: string): Edit {
  return { start: token.start, end: token.end, text }
}

function partEdit(name: string, first: Token | undefined, second: Token | undefined): Edit[] {
  if (!takesDatePart.has(name) || !first || !isSymbol(second, ",")) return []
  if (first.kind !== "word" && first.kind !== "string") return []
  const part = datePart(first.value)
  return part === undefined ? [] : [replacing(first, `'${part}'`)]
}

/** LISTAGG's order stands behind it in the cloud, inside it in the engine; its separator is '' unless given. */
function listaggEdits(tokens: Token[], call: Call): Edit[] {
  const close = tokens[call.close]
  const [within, group, open, order] = tokens.slice(call.close + 1, call.close + 5)
  if (close === undefined) return []
  const separator = call.commas.length === 0 ? ", ''" : ""
  const isOrdered =
    isWord(within, "within") && isWord(group, "group") && isSymbol(open, "(") && isWord(order, "order")
  if (isOrdered && open) return [{ start: close.start, end: open.end, text: `${separator} ` }]
  return separator === "" ? [] : [{ start: close.start, end: close.start, text: separator }]
}

/** `CONVERT(type, value)`. */
function convertEdits(tokens: Token[], at: number, call: Call, sql: string): Edit[] {
  const [name, open, comma, close] = [
    tokens[at],
    tokens[at + 1],
    tokens[call.commas[0] ?? -1],
    tokens[call.close],
  ]
  if (!name || !open || !comma || !close || call.commas.length !== 1) return []
  const type = sql.slice(open.end, comma.start).trim()
  return [
    { start: name.start, end: comma.end, text: "CAST(" },
    { start: close.start, end: close.end, text: ` AS ${type})` },
  ]
}

/** JSON_EXTRACT_PATH_TEXT's last argument may say that text which is no JSON counts as NULL. */
function pathTextEdits(tokens: Token[], at: number, call: Call): Edit[] {
  const comma = tokens[call.commas.at(-1) ?? -1]
  const last = tokens[call.close - 1]
  const [name, close] = [tokens[at], tokens[call.close]]
  if (!name || !close || !comma || !isWord(last, "true", "false") || tokens[call.close - 2] !== comma)
    return []
  const suffix = isWord(last, "true") ? "_if_valid" : ""
  return [
    replacing(name, `${dialectSchema}.json_extract_path_text${suffix}`),
    { start: comma.start, end: close.start, text: "" },
  ]
}

/** A call of one of the cloud's functions, at the index of its name. Throws PgError. */
export function callEdits(tokens: Token[], at: number, sql: string): Edit[] {
  const name = tokens[at]
  const before = tokens[at - 1]
  if (name?.kind !== "word" || !isSymbol(tokens[at + 1], "(") || isSymbol(before, ".")) return []
  if (isWord(before, ...beforeTables)) return []
  const call = callAt(tokens, at + 1)
  if (call === undefined) return []
  if (name.value === "listagg") return listaggEdits(tokens, call)
  if (name.value === "convert") return convertEdits(tokens, at, call, sql)
  const formatted = dateFormatEdits(tokens, at, call)
  if (formatted.length > 0) return formatted
  const path = name.value === "json_extract_path_text" ? pathTextEdits(tokens, at, call) : []
  if (path.length > 0) return path
  const made = superConstructors.get(name.value)
  if (made !== undefined)
    return isWord(tokens[at + 2], "select", "with", "values") || isSymbol(tokens[at + 2], "(")
      ? []
      : [replacing(name, made)]
  const edits = partEdit(name.value, tokens[at + 2], tokens[at + 3])
  const simple = renamed.get(name.value)
  if (simple !== undefined) return [...edits, replacing(name, simple)]
  const isOwn =
    dialectFunctions.has(name.value) && call.commas.length + 1 >= (leastArguments.get(name.value) ?? 0)
  return isOwn ? [...edits, replacing(name, `${dialectSchema}.${name.value}`)] : edits
}
