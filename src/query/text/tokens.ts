import { foldName } from "../../domain/sql-access.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { stringValue } from "./string-values.ts"

/** A token of SQL, as DuckDB's lexer would cut it. `value` is lower case for words, unquoted for the rest. */
export interface Token {
  kind: "word" | "quoted" | "string" | "number" | "parameter" | "symbol"
  value: string
  start: number
  end: number
}

/** What DuckDB's parser takes for white space; of Unicode's just these (asked of the engine: `tokens-engine.test.ts`). */
const whiteSpace = "\\t\\n\\v\\f\\r \\u00a0\\u2000-\\u200b\\u202f\\u205f\\u2060\\u3000\\ufeff"
/** Every other character outside ASCII can be part of a name. */
const letters =
  "A-Za-z_\\u0080-\\u009f\\u00a1-\\u1fff\\u200c-\\u202e\\u2030-\\u205e\\u2061-\\u2fff\\u3001-\\ufefe\\uff00-\\u{10ffff}"
const space = new RegExp(`[${whiteSpace}]+`, "uy")
const lineComment = /--[^\n\r]*/y
// A class alone inside its star: anything else is remembered character by character, and long strings are too long.
const plainText = /[^']*(?:''[^']*)*'/y
const escapedText = /[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'/y

const wordPattern = new RegExp(`[${letters}][${letters}0-9$]*`, "uy")
const numberPattern = /(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?/y

const patterns: [Token["kind"] | "space" | "comment" | "unfinished", RegExp][] = [
  ["space", space],
  ["comment", lineComment],
  ["string", new RegExp(`[eE]'${escapedText.source}`, "y")],
  ["string", new RegExp(`(?:[uU]&|[xXbBnN])?'${plainText.source}`, "y")],
  ["quoted", /(?:[uU]&)?"[^"]*(?:""[^"]*)*"/y],
  ["unfinished", /(?:[eEuUxXbBnN]&?)?['"]/y],
  ["string", new RegExp(`\\$([${letters}][${letters}0-9]*)?\\$[\\s\\S]*?\\$\\1\\$`, "uy")],
  // Nothing closes it. Taken for something else, each such mark would be looked for to the end of the text.
  ["unfinished", new RegExp(`\\$(?:[${letters}][${letters}0-9]*)?\\$`, "uy")],
  [
    "parameter",
    new RegExp(`\\$(?:\\d+(?:_\\d+)*|[${letters}][${letters}0-9]*)|\\?(?:\\d+(?:_\\d+)*)?`, "uy"),
  ],
  ["unfinished", /\$/y],
  ["word", wordPattern],
  ["number", numberPattern],
  // An operator must not swallow a comment that starts inside what looks like its characters.
  ["symbol", /::|:=|(?:(?!--|\/\*)[<>!=~@#^&|`*/%+-])+|[\s\S]/y],
]

/** Where a block comment that starts at `at` ends; comments nest. */
function blockCommentEnd(sql: string, at: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = at
  let depth = 0
  for (let match = marks.exec(sql); match; match = marks.exec(sql)) {
    depth += match[0] === "/*" ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  throw new PgError("42601", "unterminated /* comment", { position: at + 1 })
}

function tokenValue(kind: Token["kind"], text: string, continued: string | undefined): string {
  switch (kind) {
    case "word":
      // Of ASCII only, as the engine does: other letters that fold to one of these (K, the Kelvin sign) make no keyword.
      return foldName(text)
    case "quoted":
      return text.slice(text.indexOf('"') + 1, -1).replaceAll('""', '"')
    case "string":
      return stringValue(text, continued)
    case "number":
    case "parameter":
    case "symbol":
      return text
  }
}

interface Match {
  kind: (typeof patterns)[number][0]
  end: number
  /** Of a string that goes on in a later line: what is between its quotes. */
  continued?: string
}

/** By ASCII code: what a piece that begins so is for sure; 0: the patterns decide. */
const certain = { word: 1, number: 2, single: 3, perhapsString: 4 } as const
const kindOfCode = new Uint8Array(128)
for (const letter of "acdfghijklmopqrstvwyzACDFGHIJKLMOPQRSTVWYZ_")
  kindOfCode[letter.charCodeAt(0)] = certain.word
for (const letter of "beunxBEUNX") kindOfCode[letter.charCodeAt(0)] = certain.perhapsString
for (const digit of "0123456789") kindOfCode[digit.charCodeAt(0)] = certain.number
for (const sign of "(),;[]{}") kindOfCode[sign.charCodeAt(0)] = certain.single

/** Behind a letter: the letter belongs to a string or a quoted name, as in `e'…'` and `u&"…"`. */
const quotes = /['"&]/

/** Most pieces can be told by their first character, or the first two. */
function certainMatch(sql: string, at: number): Match | undefined {
  switch (kindOfCode[sql.charCodeAt(at)]) {
    case certain.perhapsString:
      if (quotes.test(sql.charAt(at + 1))) return undefined
      wordPattern.lastIndex = at
      wordPattern.test(sql)
      return { kind: "word", end: wordPattern.lastIndex }
    case certain.word:
      wordPattern.lastIndex = at
      wordPattern.test(sql)
      return { kind: "word", end: wordPattern.lastIndex }
    case certain.number:
      numberPattern.lastIndex = at
      numberPattern.test(sql)
      return { kind: "number", end: numberPattern.lastIndex }
    case certain.single:
      return { kind: "symbol", end: at + 1 }
    default:
      return undefined
  }
}

function matchAt(sql: string, at: number): Match {
  const known = certainMatch(sql, at)
  if (known !== undefined) return known
  if (sql.startsWith("/*", at)) return { kind: "comment", end: blockCommentEnd(sql, at) }
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    if (!pattern.test(sql)) continue
    const end = pattern.lastIndex
    return kind === "string" && sql[end - 1] === "'" ? wholeString(sql, at, end) : { kind, end }
  }
  return { kind: "unfinished", end: at + 1 }
}

/** `'a'` and `'b'` with a line's end between them are one string, in which escapes mean what they mean in its beginning. */
function wholeString(sql: string, at: number, firstEnd: number): Match {
  const body = /[eE]/.test(sql[at] ?? "") ? escapedText : plainText
  let end = firstEnd
  let continued: string | undefined
  for (let next = continuationAt(sql, end); next !== undefined; next = continuationAt(sql, end)) {
    body.lastIndex = next
    if (!body.test(sql)) return { kind: "unfinished", end }
    end = body.lastIndex
    continued ??= sql.slice(sql.indexOf("'", at) + 1, firstEnd - 1)
    continued += sql.slice(next, end - 1)
  }
  return continued === undefined ? { kind: "string", end } : { kind: "string", end, continued }
}

/** Where a string goes on, behind the quote. */
function continuationAt(sql: string, stringEnd: number): number | undefined {
  let at = stringEnd
  for (let before = -1; before !== at; ) {
    before = at
    for (const pattern of [space, lineComment]) {
      pattern.lastIndex = at
      if (pattern.test(sql)) at = pattern.lastIndex
    }
  }
  return sql[at] === "'" && /[\n\r]/.test(sql.slice(stringEnd, at)) ? at + 1 : undefined
}

interface Piece {
  kind: Token["kind"] | "space" | "comment"
  start: number
  end: number
  continued: string | undefined
}

/** More are work for the engine, and memory for us, that no statement is worth. */
const tokensAtMost = 2_000_000

/** Every character of the text, from `from` on, is in one of them. Throws 42601. */
export function* piecesOf(sql: string, from = 0): Generator<Piece> {
  // Once for each text: whoever goes on behind a place has been here.
  const zero = from === 0 ? sql.indexOf("\0") : -1
  // The engine's text ends there.
  if (zero >= 0)
    throw new PgError("42601", "a statement cannot contain a null character", { position: zero + 1 })
  for (let start = from; start < sql.length; ) {
    const { kind, end, continued } = matchAt(sql, start)
    if (kind === "unfinished")
      throw new PgError("42601", "unterminated quoted string or identifier", { position: start + 1 })
    yield { kind, start, end, continued }
    start = end
  }
}

/** Cuts SQL into tokens without white space and comments. Throws 42601 on an unfinished string or comment. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  for (const { kind, start, end, continued } of piecesOf(sql)) {
    if (kind === "space" || kind === "comment") continue
    if (tokens.length >= tokensAtMost) {
      throw new PgError("54000", `more than ${tokensAtMost} words, values and symbols in one message`, {
        hint: "Send it in parts.",
      })
    }
    tokens.push({ kind, value: tokenValue(kind, sql.slice(start, end), continued), start, end })
  }
  return tokens
}

/** The text without strings, quoted names and line comments: what may look like operators to a lexer. */
export function outsideOfText(sql: string): string {
  let rest = ""
  for (const { kind, start, end } of piecesOf(sql)) {
    const isText = kind === "string" || kind === "quoted" || sql.startsWith("--", start)
    rest += isText ? " " : sql.slice(start, end)
  }
  return rest
}

export function isWord(token: Token | undefined, ...words: string[]): boolean {
  return token?.kind === "word" && words.includes(token.value)
}

export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === "symbol" && token.value === symbol
}

/** The statements of a text, cut at top-level semicolons; empty ones are left out. */
export function splitStatements(sql: string): string[] {
  const parts: string[] = []
  let start = 0
  let any = false
  for (const token of tokenize(sql)) {
    if (isSymbol(token, ";")) {
      if (any) parts.push(sql.slice(start, token.start))
      start = token.end
      any = false
    } else any = true
  }
  if (any) parts.push(sql.slice(start))
  return parts
}
