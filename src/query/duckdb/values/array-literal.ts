import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** `{1,NULL,"a b"}` as its elements. One dimension; throws 22P02 on anything else. */
export function parseArrayLiteral(text: string): (string | null)[] {
  const malformed = () => new PgError("22P02", `malformed array literal: "${text}"`)
  const body = /^\s*\{([\s\S]*)\}\s*$/.exec(text)?.[1]
  if (body === undefined) throw malformed()
  if (body.trim() === "") return []
  const items: (string | null)[] = []
  // White space belongs to one part only, or what does not fit would cost the square of its length.
  const element = /(?:\s*"([^"\\]*(?:\\[\s\S][^"\\]*)*)"\s*|([^",{}\\]*(?:\\[\s\S][^",{}\\]*)*))(,|$)/y
  for (;;) {
    const match = element.exec(body)
    if (!match) throw malformed()
    const [, quoted, bare = ""] = match
    const plain = bare.trim()
    if (quoted === undefined && plain === "") throw malformed()
    if (quoted === undefined && plain.toUpperCase() === "NULL") items.push(null)
    else items.push((quoted ?? plain).replace(/\\([\s\S])/g, "$1"))
    if (match[3] !== ",") return items
  }
}
