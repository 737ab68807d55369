import { isSymbol, type Token } from "../tokens.ts"

/** A piece of the text that gives way to another. */
export interface Edit {
  start: number
  end: number
  text: string
}

/** Pieces must not overlap; two at the same place follow each other as they were made. */
export function applyEdits(sql: string, edits: readonly Edit[]): string {
  let out = ""
  let at = 0
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < at) continue
    out += sql.slice(at, start) + text
    at = end
  }
  return out + sql.slice(at)
}

export interface Call {
  /** Index of the closing parenthesis. */
  close: number
  /** Indexes of the commas between the arguments. */
  commas: number[]
}

/** The call whose opening parenthesis is at `open`; undefined: it is never closed. */
export function callAt(tokens: readonly Token[], open: number): Call | undefined {
  const commas: number[] = []
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    const token = tokens[at]
    if (isSymbol(token, "(") || isSymbol(token, "[")) depth++
    else if (isSymbol(token, ")") || isSymbol(token, "]")) depth--
    else if (depth === 1 && isSymbol(token, ",")) commas.push(at)
    if (depth === 0) return { close: at, commas }
  }
  return undefined
}
