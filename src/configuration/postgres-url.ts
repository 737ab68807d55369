import { tlsFileOfOthers } from "./tls/files.ts"
import { libpqTls, tlsMistake, tlsOfUrl } from "./tls/settings.ts"
import { passwordMistake } from "./url-password.ts"
import { text } from "./values.ts"

/** A PostgreSQL server's URL: of the state database, and of sources. */
export const postgresUrl = text.superRefine((url, context) => {
  const mistake = postgresUrlMistake(url)
  if (mistake !== undefined) context.addIssue(mistake)
})

/** What is wrong with a PostgreSQL URL, without repeating it (it holds a password); undefined when nothing is. */
function postgresUrlMistake(text: string): string | undefined {
  const password = passwordMistake(text)
  if (password !== undefined) return password
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== "postgres:" && url.protocol !== "postgresql:")) {
    return "must be a PostgreSQL URL like postgres://user:password@host:5432/database (write / @ : # in a password as %2F %40 %3A %23)"
  }
  if (url.hostname === "" && !url.searchParams.has("host")) return "names no host"
  if (url.port === "0") return "has no usable port"
  if (!decodes(url))
    return "has a % in user, password or database that no two hexadecimal digits follow (write % as %25)"
  return tlsMistake(url, libpqTls) ?? fileMistake(url)
}

function fileMistake(url: URL): string | undefined {
  const others = tlsFileOfOthers(tlsOfUrl(url, libpqTls) ?? {})
  return others && `names a file of TLS that is not yours alone: ${others}`
}

function decodes(url: URL): boolean {
  try {
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part)
    return true
  } catch (error) {
    if (error instanceof URIError) return false
    throw error
  }
}
