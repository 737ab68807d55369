/** Names and texts of others in statements of this engine. Every session has `standard_conforming_strings` on. */

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
