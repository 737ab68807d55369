/** Names and texts of others in statements of this engine. */

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * A text as an expression. The engine reads a backslash within quotes as the beginning of an escape, what speaks its dialect may
 * read it as itself: it stands outside of the quotes.
 */
export function quoteLiteral(text: string): string {
  const parts = text.split("\\").map((part) => `'${part.replaceAll("'", "''")}'`)
  return parts.length === 1 ? (parts[0] ?? "''") : `(${parts.join(" || CHR(92) || ")})`
}

/** As `quoteLiteral`, where the grammar wants a plain constant. @throws Error for a backslash, which none of ours has */
export function constant(text: string): string {
  if (text.includes("\\")) throw new Error("a constant of this statement cannot hold a backslash")
  return quoteLiteral(text)
}
