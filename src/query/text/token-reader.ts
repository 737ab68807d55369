import { PgError } from "../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "./tokens.ts"

/** Reads a statement's tokens from left to right; what does not fit is a syntax error at its place. */
export interface TokenReader {
  /** Whether nothing is left. */
  atEnd(): boolean
  /** Whether the next is one of these words. */
  sees(...words: string[]): boolean
  /** Takes these words, if they come in this order. */
  seesNumber(): boolean
  seesSymbol(symbol: string): boolean
  take(...words: string[]): boolean
  takeSymbol(symbol: string): boolean
  expect(...words: string[]): void
  /** A name: a word (in lower case) or quoted. */
  name(): string
  /** A name, or a string in its place. */
  nameOrString(): string
  string(): string
  /** `undefined`: something else comes, or nothing. */
  stringIfNext(): string | undefined
  number(): number
  boolean(): boolean
  /** What `item` reads, once or more with commas between. */
  list<T>(item: () => T): T[]
  /** The index of the next token. */
  position(): number
  /** Throws unless everything was read. */
  end(): void
  unexpected(): PgError
}

export function tokenReader(tokens: readonly Token[], from = 0): TokenReader {
  let at = from

  function unexpected(): PgError {
    const token = tokens[at]
    if (token === undefined) return new PgError("42601", "syntax error at end of input")
    return new PgError("42601", `syntax error at or near "${token.value}"`, { position: token.start + 1 })
  }

  function one(...kinds: Token["kind"][]): string {
    const token = tokens[at]
    if (token === undefined || !kinds.includes(token.kind)) throw unexpected()
    at++
    return token.value
  }

  function take(...words: string[]): boolean {
    if (!words.every((word, index) => isWord(tokens[at + index], word))) return false
    at += words.length
    return true
  }

  function takeSymbol(symbol: string): boolean {
    if (!isSymbol(tokens[at], symbol)) return false
    at++
    return true
  }

  return {
    atEnd: () => at >= tokens.length,
    sees: (...words) => isWord(tokens[at], ...words),
    seesNumber: () => tokens[at]?.kind === "number",
    seesSymbol: (symbol) => isSymbol(tokens[at], symbol),
    take,
    takeSymbol,
    expect(...words) {
      for (const word of words) if (!take(word)) throw unexpected()
    },
    name: () => one("word", "quoted"),
    nameOrString: () => one("word", "quoted", "string"),
    string: () => one("string"),
    stringIfNext: () => (tokens[at]?.kind === "string" ? one("string") : undefined),
    number: () => Number(one("number").replaceAll("_", "")),
    boolean() {
      if (take("true")) return true
      if (take("false")) return false
      throw unexpected()
    },
    list(item) {
      const items = [item()]
      while (takeSymbol(",")) items.push(item())
      return items
    },
    position: () => at,
    end() {
      if (at < tokens.length) throw unexpected()
    },
    unexpected,
  }
}
