import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type TokenReader, tokenReader } from "../../text/token-reader.ts"
import { isWord, type Token } from "../../text/tokens.ts"

/** Cursors by SQL; those of the protocol are portals. */
export type CursorCommand<Query> =
  | { kind: "declare"; name: string; hold: boolean; query: Query }
  /** `move`: passes over the rows. */
  | { kind: "fetch"; name: string; count: number; move: boolean }
  /** undefined: all. */
  | { kind: "close"; name: string | undefined }

function forwardOnly(): PgError {
  return new PgError("55000", "cursor can only scan forward", {
    hint: "Fetch NEXT, FORWARD n or ALL; put the rows into a table of `dev` to go through them in any order.",
  })
}

/** undefined: none of these. */
export function cursorCommand(tokens: Token[], text: string): CursorCommand<string> | undefined {
  const read = tokenReader(tokens)
  if (read.take("declare")) return declared(read, tokens, text)
  if (read.take("fetch")) return fetched(read, false)
  if (read.take("move")) return fetched(read, true)
  if (!read.take("close")) return undefined
  const name = read.take("all") ? undefined : read.name()
  read.end()
  return { kind: "close", name }
}

function declared(read: TokenReader, tokens: Token[], text: string): CursorCommand<string> {
  const name = read.name()
  let scroll = false
  for (;;) {
    if (read.take("binary"))
      throw new PgError("0A000", "binary cursors are not supported; ask for binary results")
    if (read.take("no", "scroll") || read.take("insensitive") || read.take("asensitive")) continue
    if (!read.take("scroll")) break
    scroll = true
  }
  read.expect("cursor")
  const hold = read.take("with", "hold")
  if (!hold) read.take("without", "hold")
  const at = tokens.findIndex((token, index) => index > 2 && isWord(token, "for"))
  read.expect("for")
  const first = tokens[at + 1]
  if (!first) throw read.unexpected()
  if (scroll) throw forwardOnly()
  return { kind: "declare", name, hold, query: text.slice(first.start) }
}

function fetched(read: TokenReader, move: boolean): CursorCommand<string> {
  const count = rowsAsked(read)
  if (!read.take("from")) read.take("in")
  const name = read.name()
  read.end()
  return { kind: "fetch", name, count, move }
}

function rowsAsked(read: TokenReader): number {
  if (read.sees("prior", "backward", "first", "last", "absolute", "relative")) throw forwardOnly()
  if (read.take("next")) return 1
  const isForward = read.take("forward")
  if (read.take("all")) return Number.MAX_SAFE_INTEGER
  if (read.seesNumber()) {
    const count = read.number()
    if (count === 0) throw forwardOnly()
    return count
  }
  if (!isForward && read.seesSymbol("-")) throw forwardOnly()
  return 1
}
