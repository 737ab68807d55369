import { isSymbol, type Token } from "../../text/tokens.ts"

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

const known = new WeakMap<readonly Token[], Int32Array>()

/**
 * By the index of each opening bracket, round or square, that of the one that closes it; -1: none does, or it is no such
 * bracket. Found once for a statement: looked for from each of them anew, it would take the square of its length.
 */
export function closingsOf(tokens: readonly Token[]): Int32Array {
  const found = known.get(tokens)
  if (found !== undefined) return found
  const closings = new Int32Array(tokens.length).fill(-1)
  const open: number[] = []
  for (const [at, token] of tokens.entries()) {
    if (isSymbol(token, "(") || isSymbol(token, "[")) open.push(at)
    else if (isSymbol(token, ")") || isSymbol(token, "]")) {
      const opened = open.pop()
      if (opened !== undefined) closings[opened] = at
    }
  }
  known.set(tokens, closings)
  return closings
}

/** The call whose opening parenthesis is at `open`; undefined: it is never closed. */
export function callAt(tokens: readonly Token[], open: number): Call | undefined {
  const closings = closingsOf(tokens)
  const close = closings[open] ?? -1
  if (close < 0) return undefined
  const commas: number[] = []
  for (let at = open + 1; at < close; at = Math.max(at, closings[at] ?? at) + 1)
    if (isSymbol(tokens[at], ",")) commas.push(at)
  return { close, commas }
}
