import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import type { Edit } from "./edits.ts"

/** Types whose length a cast cuts to; the engine's parser drops the length. */
const cut: ReadonlyMap<string, string> = new Map([
  ["char", "char"],
  ["character", "char"],
  ["nchar", "char"],
  ["varchar", "varchar"],
  ["nvarchar", "varchar"],
])

/** What the name of a type begins with that keeps its length through the engine's parser: `redshift_char_3`. */
const marks = /^redshift_(char|varchar)_(\d+)$/

/** A cast to a type with a length, not a column's definition. */
function isCast(tokens: readonly Token[], at: number): boolean {
  if (isSymbol(tokens[at - 1], "::")) return true
  return isWord(tokens[at - 1], "as") && isSymbol(tokens[at + 4], ")")
}

/** `x::char(3)` names a type that `semantics/` knows. */
export function lengthEdits(tokens: readonly Token[], at: number): Edit[] {
  const [token, open, length, close] = tokens.slice(at, at + 4)
  const kind = token?.kind === "word" ? cut.get(token.value) : undefined
  if (token === undefined || kind === undefined || !isSymbol(open, "(") || !isSymbol(close, ")")) return []
  if (length?.kind !== "number" || !/^\d{1,6}$/.test(length.value) || !isCast(tokens, at)) return []
  return [
    { start: token.start, end: close?.end ?? token.end, text: `redshift_${kind}_${Number(length.value)}` },
  ]
}

/** Without precision, NUMERIC is NUMERIC(18, 0); the engine's has three decimals. */
export function plainNumericEdits(tokens: readonly Token[], at: number): Edit[] {
  const token = tokens[at]
  if (token === undefined || isSymbol(tokens[at + 1], "(")) return []
  return [{ start: token.end, end: token.end, text: "(18, 0)" }]
}

/** What a cast to such a type asks for; undefined: another type. */
export function markedLength(name: string): { kind: "char" | "varchar"; length: number } | undefined {
  const [, kind, length] = marks.exec(name) ?? []
  return kind === "char" || kind === "varchar" ? { kind, length: Number(length) } : undefined
}
