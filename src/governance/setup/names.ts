/** A name of a database object, quoted; lower case, as both dialects fold what is not quoted. */
export function identifier(name: string): string {
  return `"${name.toLowerCase().replaceAll('"', '""')}"`
}

/** A text as a literal. @throws Error when no literal can hold it */
export function literal(text: string): string {
  if (text.includes("\0")) throw new Error("a literal holds no NUL")
  // A backslash means itself in one dialect and escapes in the other, unless the literal says that it escapes.
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`
  return text.includes("\\") ? `E${quoted}` : quoted
}

/** The body of a procedure or block: between dollar signs, unless a name in it could end that. */
export function bodyText(body: string): string {
  return body.includes("$body$") ? literal(body) : `$body$${body}$body$`
}

/**
 * For a session that makes or asks anything on a server of somebody's: whoever may create functions and operators in a schema of the
 * usual path would have the session run them, and views of ours keep them.
 */
export const ownNamesOnly = "SET search_path TO pg_catalog"
