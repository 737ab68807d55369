import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { stringValue } from "../../text/string-values.ts"
import { piecesOf } from "../../text/tokens.ts"

/** What a text may have that `plainStatement` puts in another form; most have none of it. */
const perhapsOtherwise = /--|\/\*|[eE]'|\$|'\s*[\n\r]|[^\t\n\r\f -~]/
const plainSpace = /^[ \t\n\r\f]*$/

/**
 * A statement in which nothing can be read in two ways: comments and white space outside ASCII are spaces, and strings
 * with escapes, between dollars or over several lines are plain ones. What is judged by `tokens.ts` and what the
 * engine's own scanner reads are then the same, also where the two differ about the text as it was sent. Positions
 * stay what they were, unless a string becomes longer. Throws 42601, 22021.
 */
export function plainStatement(sql: string): string {
  if (!perhapsOtherwise.test(sql)) return sql
  let plain = ""
  let isBehindString = false
  for (const { kind, start, end, continued } of piecesOf(sql)) {
    const text = sql.slice(start, end)
    const isPrefixed = /^[xXbBnNuU]/.test(text)
    if (kind === "comment") plain += " ".repeat(text.length)
    else if (kind === "space") plain += plainSpace.test(text) ? text : text.replace(/[^ \t\n\r\f]/g, " ")
    else if (kind === "string" && !isPrefixed && (continued !== undefined || /^[eE$]/.test(text))) {
      // Written alike, the two would be one string to the engine.
      if (isBehindString) throw new PgError("42601", "syntax error at a string", { position: start + 1 })
      plain += quoted(stringValue(text, continued), text.length)
    } else plain += text
    if (kind !== "comment" && kind !== "space") isBehindString = kind === "string"
  }
  return plain
}

/** With a space before it: no letter in front of it may become a part of it. */
function quoted(value: string, length: number): string {
  return ` '${value.replaceAll("'", "''")}'`.padEnd(length)
}
