import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import type { Edit } from "./edits.ts"
import { dialectSchema } from "./macros.ts"

const isName = (token: Token | undefined) => token?.kind === "word" || token?.kind === "quoted"

/**
 * The token at which a path into a value begins that ends at token `end`: `value."payload"."S"`, `v.a[0].b`;
 * undefined: no path ends there.
 */
function pathStart(tokens: Token[], end: number): number | undefined {
  let at = end
  let steps = 0
  for (;;) {
    if (isSymbol(tokens[at], "]") && tokens[at - 1]?.kind === "number" && isSymbol(tokens[at - 2], "["))
      at -= 3
    else if (isName(tokens[at]) && isSymbol(tokens[at - 1], ".")) at -= 2
    else break
    steps++
  }
  // After `::` a dotted name is the name of a type, not a path into a value.
  return steps > 0 && isName(tokens[at]) && !isSymbol(tokens[at - 1], "::") ? at : undefined
}

/** The last token of a text type that begins at `at`, its length included; undefined: no text type. */
function textTypeEnd(tokens: Token[], at: number): number | undefined {
  if (!isWord(tokens[at], "varchar", "text", "nvarchar", "bpchar")) return undefined
  return isSymbol(tokens[at + 1], "(") && isSymbol(tokens[at + 3], ")") ? at + 3 : at
}

/** Edits for a path into a SUPER value that is cast to text, at the index of the cast. */
export function superEdits(tokens: Token[], at: number): Edit[] {
  const token = tokens[at]
  if (token === undefined || !isSymbol(token, "::")) return []
  const start = pathStart(tokens, at - 1)
  const end = textTypeEnd(tokens, at + 1)
  const [first, last] = [tokens[start ?? -1], tokens[end ?? -1]]
  if (first === undefined || last === undefined) return []
  return [
    { start: first.start, end: first.start, text: `${dialectSchema}.super_text(` },
    { start: token.start, end: last.end, text: ")" },
  ]
}
