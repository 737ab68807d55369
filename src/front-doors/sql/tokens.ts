import { PgError } from "../../wire/pgwire/pg-error.ts"

/** A token of SQL, as DuckDB's lexer would cut it. `value` is lower case for words, unquoted for the rest. */
export interface Token {
  kind: "word" | "quoted" | "string" | "number" | "parameter" | "symbol"
  value: string
  start: number
  end: number
}

const patterns: [Token["kind"] | "space" | "comment" | "unfinished", RegExp][] = [
  ["space", /\s+/y],
  ["comment", /--[^\n]*/y],
  // A class alone inside its star: anything else is remembered character by character, and long strings are too long.
  ["string", /[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'/y],
  ["string", /(?:[uU]&|[xXbBnN])?'[^']*(?:''[^']*)*'/y],
  ["quoted", /(?:[uU]&)?"[^"]*(?:""[^"]*)*"/y],
  ["unfinished", /(?:[eEuUxXbBnN]&?)?['"]/y],
  ["string", /\$([\p{L}_][\p{L}\p{N}_]*)?\$[\s\S]*?\$\1\$/uy],
  // Nothing closes it. Taken for something else, each such mark would be looked for to the end of the text.
  ["unfinished", /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy],
  ["parameter", /\$[\p{L}\p{N}_]+|\?\d*/uy],
  ["unfinished", /\$/y],
  ["word", /[\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*/uy],
  ["number", /(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y],
  // An operator must not swallow a comment that starts inside what looks like its characters.
  ["symbol", /::|:=|\|\||(?:(?!--|\/\*)[<>!=~@#^&|*/%+-])+|[\s\S]/y],
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

const escaped: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" }

/** Of E'…', what stands for other characters stands for them. */
function unquoted(text: string): string {
  const inner = text.slice(text.indexOf("'") + 1, -1)
  if (!/^e/i.test(text)) return inner.replaceAll("''", "'")
  return inner.replace(/''|\\([\s\S])/g, (_all, character?: string) =>
    character === undefined ? "'" : (escaped[character] ?? character),
  )
}

function tokenValue(kind: Token["kind"], text: string): string {
  switch (kind) {
    case "word":
      return text.toLowerCase()
    case "quoted":
      return text.slice(text.indexOf('"') + 1, -1).replaceAll('""', '"')
    case "string":
      return text.startsWith("$")
        ? text.slice(text.indexOf("$", 1) + 1, text.lastIndexOf("$", text.length - 2))
        : unquoted(text)
    case "number":
    case "parameter":
    case "symbol":
      return text
  }
}

function matchAt(sql: string, at: number): { kind: (typeof patterns)[number][0]; end: number } {
  if (sql.startsWith("/*", at)) return { kind: "comment", end: blockCommentEnd(sql, at) }
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    if (pattern.test(sql)) return { kind, end: pattern.lastIndex }
  }
  return { kind: "unfinished", end: at + 1 }
}

interface Piece {
  kind: Token["kind"] | "space" | "comment"
  start: number
  end: number
}

/** More are work for the engine, and memory for us, that no statement is worth. */
const tokensAtMost = 2_000_000

function* piecesOf(sql: string): Generator<Piece> {
  for (let start = 0; start < sql.length; ) {
    const { kind, end } = matchAt(sql, start)
    if (kind === "unfinished")
      throw new PgError("42601", "unterminated quoted string or identifier", { position: start + 1 })
    yield { kind, start, end }
    start = end
  }
}

/** Cuts SQL into tokens without white space and comments. Throws 42601 on an unfinished string or comment. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  for (const { kind, start, end } of piecesOf(sql)) {
    if (kind === "space" || kind === "comment") continue
    if (tokens.length >= tokensAtMost) {
      throw new PgError("54000", `more than ${tokensAtMost} words, values and symbols in one message`, {
        hint: "Send it in parts.",
      })
    }
    tokens.push({ kind, value: tokenValue(kind, sql.slice(start, end)), start, end })
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
