import { quoteIdentifier } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type TokenReader, tokenReader } from "../../text/token-reader.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"

export interface CopyOptions {
  format: "text" | "csv" | "binary"
  delimiter: string
  null: string
  header: boolean
  quote: string
  escape: string
  /** Columns that are quoted whatever they hold; undefined: none. */
  forceQuote: "all" | string[] | undefined
}

/** COPY … TO STDOUT: the query whose rows go out, and how. */
export interface CopyOutCommand {
  sql: string
  options: CopyOptions
}

type Given = Partial<Omit<CopyOptions, "forceQuote">> & Pick<CopyOptions, "forceQuote">

function wrong(message: string): PgError {
  return new PgError("22023", message)
}

/** undefined: not COPY TO STDOUT; any other COPY is somebody else's. */
export function copyOutCommand(tokens: Token[], text: string): CopyOutCommand | undefined {
  if (!isWord(tokens[0], "copy")) return undefined
  const afterSource = isSymbol(tokens[1], "(") ? closingOf(tokens, 1) + 1 : undefined
  const to = tokens.findIndex((token, at) => at >= (afterSource ?? 1) && isWord(token, "to"))
  if (to < 0 || !isWord(tokens[to + 1], "stdout")) return undefined
  const sql = afterSource === undefined ? queryOfTable(tokens.slice(1, to)) : insideOf(tokens, text, to)
  return { sql, options: completed(readOptions(tokenReader(tokens, to + 2))) }
}

function closingOf(tokens: Token[], opening: number): number {
  let depth = 0
  for (let at = opening; at < tokens.length; at++) {
    if (isSymbol(tokens[at], "(")) depth++
    if (isSymbol(tokens[at], ")") && --depth === 0) return at
  }
  throw new PgError("42601", "syntax error at end of input")
}

function insideOf(tokens: Token[], text: string, to: number): string {
  const [opening, closing] = [tokens[1], tokens[to - 1]]
  if (!opening || !closing || closingOf(tokens, 1) !== to - 1) throw tokenReader(tokens, to - 1).unexpected()
  return text.slice(opening.end, closing.start)
}

/** `t`, `s.t`, `d.s.t`, each with `(a, b)` after it. */
function queryOfTable(tokens: Token[]): string {
  const read = tokenReader(tokens)
  const names = [read.name()]
  while (read.takeSymbol(".")) names.push(read.name())
  let columns = "*"
  if (read.takeSymbol("(")) {
    columns = read.list(() => quoteIdentifier(read.name())).join(", ")
    if (!read.takeSymbol(")")) throw read.unexpected()
  }
  read.end()
  return `SELECT ${columns} FROM ${names.map(quoteIdentifier).join(".")}`
}

function readOptions(read: TokenReader): Given {
  const given: Given = { forceQuote: undefined }
  read.take("with")
  if (read.takeSymbol("(")) {
    read.list(() => readOption(read, given))
    if (!read.takeSymbol(")")) throw read.unexpected()
  } else while (!read.atEnd()) readOldOption(read, given)
  read.end()
  return given
}

function readOption(read: TokenReader, given: Given): void {
  const name = read.name()
  switch (name) {
    case "format":
      given.format = formatNamed(read.nameOrString())
      return
    case "header":
      given.header = read.sees("true", "false", "on", "off") || read.seesNumber() ? read.boolean() : true
      return
    case "delimiter":
    case "null":
    case "quote":
    case "escape":
      given[name] = read.string()
      return
    case "force_quote":
      given.forceQuote = read.takeSymbol("*") ? "all" : columnList(read)
      return
    case "encoding":
      requireUtf8(read.string())
      return
    default:
      throw new PgError("42601", `option "${name}" not recognized`)
  }
}

/** As it was written before PostgreSQL 9, and drivers still do: `WITH DELIMITER AS ',' NULL AS '' CSV HEADER`. */
function readOldOption(read: TokenReader, given: Given): void {
  if (read.take("csv")) given.format = "csv"
  else if (read.take("binary")) given.format = "binary"
  else if (read.take("header")) given.header = true
  else if (read.take("force", "quote")) {
    given.forceQuote = read.takeSymbol("*") ? "all" : read.list(() => read.name())
  } else {
    const name = (["delimiter", "delimiters", "null", "quote", "escape", "encoding"] as const).find((one) =>
      read.take(one),
    )
    if (name === undefined) throw read.unexpected()
    read.take("as")
    const value = read.string()
    if (name === "encoding") requireUtf8(value)
    else given[name === "delimiters" ? "delimiter" : name] = value
  }
}

function columnList(read: TokenReader): string[] {
  if (!read.takeSymbol("(")) throw read.unexpected()
  const names = read.list(() => read.name())
  if (!read.takeSymbol(")")) throw read.unexpected()
  return names
}

function formatNamed(name: string): CopyOptions["format"] {
  const found = (["text", "csv", "binary"] as const).find((one) => one === name.toLowerCase())
  if (found) return found
  throw wrong(`COPY format "${name}" not recognized`)
}

function requireUtf8(name: string): void {
  if (!/^(utf-?8|unicode)$/i.test(name)) throw new PgError("0A000", "COPY writes UTF8 only")
}

function completed(given: Given): CopyOptions {
  const format = given.format ?? "text"
  const options = {
    format,
    delimiter: given.delimiter ?? (format === "csv" ? "," : "\t"),
    null: given.null ?? (format === "csv" ? "" : "\\N"),
    header: given.header ?? false,
    quote: given.quote ?? '"',
    escape: given.escape ?? given.quote ?? '"',
    forceQuote: given.forceQuote,
  }
  check(options, given)
  return options
}

function check(options: CopyOptions, given: Given): void {
  const { format, delimiter, quote, escape: escapeCharacter } = options
  if (format === "binary" && (given.delimiter ?? given.null ?? given.header) !== undefined)
    throw wrong("cannot specify DELIMITER, NULL or HEADER in BINARY mode")
  if (format !== "csv" && (given.quote ?? given.escape ?? given.forceQuote) !== undefined)
    throw wrong("COPY QUOTE, ESCAPE and FORCE_QUOTE are available only in CSV mode")
  for (const [name, character] of Object.entries({ delimiter, quote, escape: escapeCharacter })) {
    if (Buffer.byteLength(character) !== 1 || /[\r\n]/.test(character))
      throw wrong(`COPY ${name} must be a single one-byte character, and no new line`)
  }
  if (/[\r\n]/.test(options.null) || options.null.includes(delimiter))
    throw wrong("COPY null representation cannot hold the delimiter or a new line")
  if (format === "text" && /[\\.a-z0-9]/.test(delimiter))
    throw wrong(`COPY delimiter cannot be "${delimiter}"`)
  if (format === "csv" && (delimiter === quote || options.null.includes(quote)))
    throw wrong("COPY quote must differ from the delimiter and not stand in the null representation")
}
