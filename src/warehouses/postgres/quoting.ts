/** Names and texts of others in statements of this engine. Every session has `standard_conforming_strings` on. */

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** An anonymous block. As a literal: no name in the body can end it, as it could where dollar signs quote. */
export function doBlock(body: string): string {
  return `DO ${quoteLiteral(body)}`
}
