import { PgError } from "../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "./tokens.ts"

/** Reads a statement's tokens one after the other. Whatever does not fit throws 42601. */
export interface TokenCursor {
  skip(count: number): void
  isWord(...words: string[]): boolean
  at(symbol: string): boolean
  /** Goes past one of the words, if it stands here. */
  take(...words: string[]): boolean
  expect(word: string): void
  symbol(symbol: string): boolean
  /** A bare word, in lower case. */
  word(what: string): string
  /** An identifier: bare in lower case, quoted as it stands. */
  name(): string
  dotted(partsAtMost: number): string[]
  string(): string
  number(): number
  /** Where the next token begins in the text; its end where there is none. */
  position(): number
  index(): number
  /** The next word, past opening parentheses, begins a query. */
  isQueryAhead(): boolean
  isEnd(): boolean
  end(): void
  /** Says where, not what: the text may be a password. */
  unexpected(): PgError
  unexpectedBefore(): PgError
}

export function cursorOver(tokens: Token[]): TokenCursor {
  let index = 0

  function errorAt(token: Token | undefined): PgError {
    if (token === undefined) return new PgError("42601", "syntax error at end of input")
    return new PgError("42601", `syntax error at character ${token.start + 1}`, { position: token.start + 1 })
  }
  const unexpected = () => errorAt(tokens[index])

  function kept(kinds: Token["kind"][]): string {
    const token = tokens[index]
    if (token === undefined || !kinds.includes(token.kind)) throw unexpected()
    index++
    return token.value
  }

  function take(...words: string[]): boolean {
    if (!isWord(tokens[index], ...words)) return false
    index++
    return true
  }

  function symbol(wanted: string): boolean {
    if (!isSymbol(tokens[index], wanted)) return false
    index++
    return true
  }

  const name = () => kept(["word", "quoted"])

  return {
    skip: (count) => {
      index += count
    },
    isWord: (...words) => isWord(tokens[index], ...words),
    at: (wanted) => isSymbol(tokens[index], wanted),
    take,
    expect: (word) => {
      if (!take(word)) throw unexpected()
    },
    symbol,
    word: () => kept(["word"]),
    name,
    dotted: (partsAtMost) => {
      const parts = [name()]
      while (symbol(".")) parts.push(name())
      if (parts.length > partsAtMost) throw errorAt(tokens[index - 1])
      return parts
    },
    string: () => kept(["string"]),
    number: () => Number(kept(["number"])),
    position: () => tokens[index]?.start ?? tokens.at(-1)?.end ?? 0,
    index: () => index,
    isQueryAhead: () => {
      let at = index
      while (isSymbol(tokens[at], "(")) at++
      return isWord(tokens[at], "select", "values", "with", "from", "table")
    },
    isEnd: () => index >= tokens.length,
    end: () => {
      if (index < tokens.length) throw unexpected()
    },
    unexpected,
    unexpectedBefore: () => errorAt(tokens[index - 1]),
  }
}
