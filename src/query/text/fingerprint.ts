import { hash } from "node:crypto"
import { piecesOf } from "./tokens.ts"

/** What comes later in a statement tells it from no other one, and costs time: this many take about 2 ms. */
const piecesAtMost = 20_000
const digits = 16

/**
 * Names a statement without its values: the same for statements that differ in literals, in the lengths of lists of them, in white
 * space, comments and the case of keywords. 16 hexadecimal digits. Throws 42601 where the text cannot be cut into tokens.
 */
export function fingerprintOf(sql: string): string {
  return hash("sha256", withoutValues(sql), "hex").slice(0, digits)
}

/** The statement's words and symbols, with `?` for each value. */
export function withoutValues(sql: string): string {
  const words: string[] = []
  let pieces = 0
  for (const { kind, start, end } of piecesOf(sql)) {
    if (++pieces > piecesAtMost) break
    if (kind === "space" || kind === "comment") continue
    if (kind === "string" || kind === "number" || kind === "parameter") pushValue(words)
    else if (kind === "symbol") pushSymbol(words, sql.slice(start, end))
    else words.push(kind === "word" ? sql.slice(start, end).toLowerCase() : sql.slice(start, end))
  }
  // A long list of rows is cut at any place of a row.
  if (pieces > piecesAtMost) while (/^[(,?]$/.test(words.at(-1) ?? "")) words.pop()
  if (words.at(-1) === ";") words.pop()
  return words.join(" ")
}

/** A list of values is one value. */
function pushValue(words: string[]): void {
  if (words.at(-1) === "," && words.at(-2) === "?") words.pop()
  else words.push("?")
}

/** And a list of rows of values, as in VALUES, is one row. */
function pushSymbol(words: string[], symbol: string): void {
  words.push(symbol)
  const isSecondRow = symbol === ")" && words.slice(-7).join("") === "(?),(?)"
  if (isSecondRow) words.length -= 4
}
