/** A word in capitals, a helper, a name, a constant or a sign of a condition. `at`: the place of its first character, from 1. */
export type WhereToken =
  | { kind: "word"; text: string; at: number }
  | { kind: "quotedName"; text: string; at: number }
  | { kind: "function"; text: string; at: number }
  | { kind: "text"; text: string; at: number }
  | { kind: "number"; text: string; at: number }
  | { kind: "sign"; text: string; at: number }

export const longestWhereCharacters = 4_000

/** A text that is not in the grammar; the message says what is wrong and where. */
export class WhereError extends Error {}

const forms: readonly [WhereToken["kind"], RegExp][] = [
  ["word", /[A-Za-z_][A-Za-z0-9_$]*/y],
  ["quotedName", /"((?:[^"]|"")+)"/y],
  ["function", /@([A-Za-z]+)/y],
  ["text", /'((?:[^']|'')*)'/y],
  ["number", /\d{1,30}(?:\.\d{1,20})?(?![\w.])/y],
  ["sign", /<>|!=|<=|>=|[=<>(),+-]/y],
]

/** @throws WhereError */
export function whereTokens(text: string): WhereToken[] {
  if (text.length > longestWhereCharacters)
    throw new WhereError(`a condition has at most ${longestWhereCharacters} characters`)
  const tokens: WhereToken[] = []
  let at = skipSpaces(text, 0)
  while (at < text.length) {
    const found = tokenAt(text, at)
    tokens.push(found.token)
    at = skipSpaces(text, found.end)
  }
  return tokens
}

function skipSpaces(text: string, from: number): number {
  let at = from
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at++
  return at
}

function tokenAt(text: string, at: number): { token: WhereToken; end: number } {
  for (const [kind, form] of forms) {
    form.lastIndex = at
    const found = form.exec(text)
    if (found === null) continue
    const [whole, inner] = found
    return { token: { kind, text: tokenText(kind, inner ?? whole), at: at + 1 }, end: at + whole.length }
  }
  throw new WhereError(
    `at character ${at + 1} of the condition: ${JSON.stringify(text.slice(at, at + 10))} is not in the checked grammar`,
  )
}

function tokenText(kind: WhereToken["kind"], text: string): string {
  if (kind === "quotedName") return text.replaceAll('""', '"')
  if (kind === "text") return text.replaceAll("''", "'")
  return text
}
