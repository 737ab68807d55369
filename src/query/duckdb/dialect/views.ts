import { isWord, type Token } from "../../text/tokens.ts"
import type { Edit } from "./edits.ts"

/**
 * Without `WITH NO SCHEMA BINDING` behind a view's query: every view of the engine is of that kind. It names its tables, which may
 * be dropped and made again.
 */
export function viewEdits(tokens: readonly Token[]): Edit[] {
  if (!isWord(tokens[0], "create") || !tokens.slice(1, 4).some((token) => isWord(token, "view"))) return []
  const [first, ...rest] = tokens.slice(-4)
  const words = ["no", "schema", "binding"]
  const isBinding = isWord(first, "with") && words.every((word, at) => isWord(rest[at], word))
  const last = rest.at(-1)
  if (!isBinding || first === undefined || last === undefined) return []
  return [{ start: first.start, end: last.end, text: "" }]
}
