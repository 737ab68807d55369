/**
 * Why a URL with a user is not read as its writer means: a `/`, `#` or `?` in the password ends the host's part, so that host and
 * port would be pieces of the password. Undefined: it is not so. Repeats nothing of the URL.
 */
export function passwordMistake(text: string): string | undefined {
  const [, authority = "", rest = ""] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/is.exec(text) ?? []
  const [end = ""] = rest
  const hasUser = authority.includes("@")
  // Behind a host there may be an @ in a parameter, and in a database's name; behind that no host follows.
  const isCut = hasUser ? /^\/[^?#]*@[^/?#]*\//.test(rest) : /^[^?#]*@/.test(rest) || /^[?#][^=]*@/.test(rest)
  if (!isCut) return undefined
  return `has a ${end} in its user or password: write / as %2F, ? as %3F, # as %23, @ as %40 and % as %25 there`
}
