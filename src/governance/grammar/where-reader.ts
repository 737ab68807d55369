import type { WhereColumn, WhereLiteral } from "./where-node.ts"
import { WhereError, type WhereToken } from "./where-tokens.ts"

/** A condition that is being read. */
export interface WhereReader {
  tokens: readonly WhereToken[]
  next: number
}

export function unexpected({ tokens, next }: WhereReader, wanted: string): WhereError {
  const token = tokens[next]
  if (token === undefined) return new WhereError(`at the end of the condition: ${wanted} is missing`)
  return new WhereError(
    `at character ${token.at} of the condition: ${JSON.stringify(token.text)} stands where ${wanted} must stand`,
  )
}

/** Moves past the word if it stands here. */
export function takeWord(reader: WhereReader, word: string): boolean {
  const token = reader.tokens[reader.next]
  const isThere = token?.kind === "word" && token.text.toUpperCase() === word
  if (isThere) reader.next++
  return isThere
}

/** Moves past the sign if it stands here. */
export function takeSign(reader: WhereReader, sign: string): boolean {
  const token = reader.tokens[reader.next]
  const isThere = token?.kind === "sign" && token.text === sign
  if (isThere) reader.next++
  return isThere
}

export function needSign(reader: WhereReader, sign: string): void {
  if (!takeSign(reader, sign)) throw unexpected(reader, `\`${sign}\``)
}

const reserved =
  /^(?:and|or|not|in|is|null|like|ilike|between|case|when|then|else|end|select|from|where|exists|any|all|some|cast|similar|escape|collate|at|interval|date|timestamp|current_user|session_user|current_date|current_timestamp|distinct|union|true|false)$/i

export function isColumnCall({ text }: WhereToken): boolean {
  return text.toLowerCase() === "columntagged"
}

/** `undefined`: no column stands here. */
export function readColumn(reader: WhereReader): WhereColumn | undefined {
  const token = reader.tokens[reader.next]
  if (token?.kind === "quotedName" || (token?.kind === "word" && !reserved.test(token.text))) {
    reader.next++
    return { kind: "named", name: token.text, isQuoted: token.kind === "quotedName" }
  }
  if (token?.kind !== "function" || !isColumnCall(token)) return undefined
  reader.next++
  needSign(reader, "(")
  const tag = readText(reader)
  needSign(reader, ")")
  return { kind: "tagged", tag }
}

export function readText(reader: WhereReader): string {
  const token = reader.tokens[reader.next]
  if (token?.kind !== "text") throw unexpected(reader, "a text in single quotes")
  reader.next++
  return token.text
}

export function readLiteral(reader: WhereReader): WhereLiteral {
  const sign = takeSign(reader, "-") ? "-" : takeSign(reader, "+") ? "" : undefined
  const token = reader.tokens[reader.next]
  if (token?.kind === "number") {
    reader.next++
    return { kind: "number", text: `${sign ?? ""}${token.text}` }
  }
  if (sign !== undefined) throw unexpected(reader, "a number")
  if (token?.kind === "text") return { kind: "text", text: readText(reader) }
  if (takeWord(reader, "TRUE")) return { kind: "boolean", text: "true" }
  if (takeWord(reader, "FALSE")) return { kind: "boolean", text: "false" }
  throw unexpected(reader, "a column or a constant")
}
