import type { DataFilter, FilterClause, FilterForm, NamePattern } from "./data-filter.ts"
import { parseNameRegex } from "./data-filter-regex.ts"

const dataFilterLimits = { clauses: 99, patternLength: 256, length: 25_600 } as const

/** The filter that applies to a two-part source when none is given; the cloud stores and shows it so. */
const includeEverything = "include: *.*"

const allowedCharacters = /^[a-zA-Z0-9_ "\\\-$,*.:?+/]*$/
const nameCharacter = /[a-zA-Z0-9_$-]/
/** More than this helps nobody. */
const mistakesShown = 5

/** A mistake and the part of the text that has it, for editors: `from` and `to` count UTF-16 units from 0; `to` is behind it. */
export interface FilterMistake {
  message: string
  from: number
  to: number
}

/** `found`: the same mistakes with their places. */
export type ParsedDataFilter = { ok: DataFilter } | { mistakes: string[]; found: FilterMistake[] }

/**
 * Reads a data filter. `undefined` (none given) means everything in the two-part form; the three-part form needs at least
 * one include that names its database. Mistakes are sentences for the person who wrote the filter.
 */
export function parseDataFilter(text: string | undefined, form: FilterForm): ParsedDataFilter {
  if (text === undefined) {
    return form === "database.table"
      ? parseDataFilter(includeEverything, form)
      : refused([ofAll("", needsInclude)])
  }
  if (text.length > dataFilterLimits.length) {
    const { length } = dataFilterLimits
    return refused([
      ofAll(text, `The data filter has ${text.length} characters; at most ${length} are allowed.`),
    ])
  }
  if (!allowedCharacters.test(text)) return refused([forbiddenCharacter(text)])
  const { clauses, mistakes } = readClauses(text, form)
  const all = [
    ...mistakes,
    ...(mistakes.length === 0 ? ruleMistakes(clauses).map((message) => ofAll(text, message)) : []),
  ]
  return all.length === 0 ? { ok: { form, clauses } } : refused(all.slice(0, mistakesShown))
}

function refused(found: FilterMistake[]): ParsedDataFilter {
  return { mistakes: found.map(({ message }) => message), found }
}

function ofAll(text: string, message: string): FilterMistake {
  return { message, from: 0, to: text.length }
}

const needsInclude = "Your data filter must contain at least one include statement."

function forbiddenCharacter(text: string): FilterMistake {
  const found = [...text].find((character) => !allowedCharacters.test(character)) ?? ""
  const from = text.indexOf(found)
  const message = `The data filter may not contain the character ${JSON.stringify(found)}; allowed are letters, digits, spaces and _ " \\ - $ , * . : ? + /.`
  return { message, from, to: from + found.length }
}

function ruleMistakes(clauses: FilterClause[]): string[] {
  const mistakes: string[] = []
  if (!clauses.some((clause) => clause.verdict === "include")) mistakes.push(needsInclude)
  if (clauses.length > dataFilterLimits.clauses) {
    mistakes.push(
      `The data filter has ${clauses.length} patterns; at most ${dataFilterLimits.clauses} are allowed.`,
    )
  }
  return mistakes
}

/** Thrown and caught in this file only: a parser several calls deep has found a mistake. */
class Mistake extends Error {}

/** Where the parser is. */
interface Cursor {
  text: string
  at: number
}

function readClauses(text: string, form: FilterForm): { clauses: FilterClause[]; mistakes: FilterMistake[] } {
  const cursor: Cursor = { text, at: 0 }
  const clauses: FilterClause[] = []
  const mistakes: FilterMistake[] = []
  while (mistakes.length < mistakesShown) {
    skipSpaces(cursor)
    // Also after a last comma, which the cloud's parser tolerates.
    if (cursor.at >= text.length) break
    const start = cursor.at
    try {
      clauses.push(readClause(cursor, form))
    } catch (error) {
      if (!(error instanceof Mistake)) throw error
      skipToComma(cursor)
      const message = `"${shortened(text.slice(start, cursor.at).trim())}": ${error.message}.`
      mistakes.push({ message, from: start, to: cursor.at })
    }
    cursor.at++
  }
  return { clauses, mistakes }
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`
}

function skipToComma(cursor: Cursor): void {
  const comma = cursor.text.indexOf(",", cursor.at)
  cursor.at = comma === -1 ? cursor.text.length : comma
}

/** Ends at the comma or at the end of the text. */
function readClause(cursor: Cursor, form: FilterForm): FilterClause {
  const verdict = readKeyword(cursor)
  skipSpaces(cursor)
  const start = cursor.at
  const parts = readParts(cursor)
  const length = cursor.at - start
  skipSpaces(cursor)
  const after = cursor.text[cursor.at]
  if (after !== undefined && after !== ",")
    throw new Mistake(`unexpected ${after}; patterns are separated by commas`)
  if (length > dataFilterLimits.patternLength) {
    throw new Mistake(
      `the pattern has ${length} characters; at most ${dataFilterLimits.patternLength} are allowed`,
    )
  }
  return clauseOf(verdict, parts, form)
}

function readKeyword(cursor: Cursor): "include" | "exclude" {
  const word = take(cursor, /[a-zA-Z]/).toLowerCase()
  if (word !== "include" && word !== "exclude") {
    throw new Mistake('each pattern starts with "include:" or "exclude:"')
  }
  skipSpaces(cursor)
  if (cursor.text[cursor.at] !== ":") throw new Mistake(`a colon must follow "${word}"`)
  cursor.at++
  return word
}

function readParts(cursor: Cursor): NamePattern[] {
  const parts = [readPart(cursor)]
  while (cursor.text[cursor.at] === ".") {
    cursor.at++
    parts.push(readPart(cursor))
  }
  return parts
}

function readPart(cursor: Cursor): NamePattern {
  switch (cursor.text[cursor.at]) {
    case "*":
      cursor.at++
      refuseMoreName(cursor)
      return { kind: "any" }
    case "/":
      return readRegex(cursor)
    case '"':
      return readQuoted(cursor)
    default:
      return readLiteral(cursor)
  }
}

function readLiteral(cursor: Cursor): NamePattern {
  const name = take(cursor, nameCharacter)
  if (name === "") throw new Mistake("a name, * or /regular expression/ is missing")
  refuseMoreName(cursor)
  return { kind: "literal", name }
}

/** `book*` looks like a shell pattern; taken silently as something else it would surprise. */
function refuseMoreName(cursor: Cursor): void {
  const next = cursor.text[cursor.at]
  if (next !== undefined && /[*+?\\/"a-zA-Z0-9_$-]/.test(next)) {
    throw new Mistake(
      "* stands for a whole name; write parts of names as a regular expression, like /book.*/",
    )
  }
}

function readQuoted(cursor: Cursor): NamePattern {
  let name = ""
  for (cursor.at++; ; cursor.at++) {
    const character = cursor.text[cursor.at]
    if (character === undefined) throw new Mistake('a closing " is missing')
    if (character === '"' && cursor.text[++cursor.at] !== '"') break
    name += character
  }
  if (name === "") throw new Mistake("a quoted name is empty")
  return { kind: "literal", name }
}

function readRegex(cursor: Cursor): NamePattern {
  const start = ++cursor.at
  while (cursor.text[cursor.at] !== "/") {
    // A backslash takes the next character with it, also a slash.
    cursor.at += cursor.text[cursor.at] === "\\" ? 2 : 1
    if (cursor.at >= cursor.text.length) {
      cursor.at = start
      throw new Mistake("the closing / of a regular expression is missing")
    }
  }
  const parsed = parseNameRegex(cursor.text.slice(start, cursor.at))
  cursor.at++
  if ("mistake" in parsed) throw new Mistake(`${parsed.mistake} in a regular expression`)
  return { kind: "regex", regex: parsed.ok }
}

function clauseOf(verdict: FilterClause["verdict"], parts: NamePattern[], form: FilterForm): FilterClause {
  const [first, second, third, ...more] = parts
  switch (form) {
    case "database.table":
      if (first === undefined || second === undefined || third !== undefined) {
        throw new Mistake("a pattern has two parts here: database.table")
      }
      return { verdict, database: first, schema: undefined, name: second }
    case "database.schema.table":
      if (first === undefined || second === undefined || third === undefined || more.length > 0) {
        throw new Mistake("a pattern has three parts here: database.schema.table")
      }
      if (first.kind !== "literal") {
        throw new Mistake("the database must be named outright, not by * or a regular expression")
      }
      return { verdict, database: first, schema: second, name: third }
  }
}

function take(cursor: Cursor, wanted: RegExp): string {
  const start = cursor.at
  while (cursor.at < cursor.text.length && wanted.test(cursor.text[cursor.at] ?? "")) cursor.at++
  return cursor.text.slice(start, cursor.at)
}

function skipSpaces(cursor: Cursor): void {
  take(cursor, / /)
}
