import { type TlsParameters, tlsMistake } from "../../configuration/tls/settings.ts"
import { passwordMistake } from "../../configuration/url-password.ts"

/** As the servers' own programs call it. */
export const mysqlTls: TlsParameters = {
  mode: "ssl-mode",
  ca: "ssl-ca",
  cert: "ssl-cert",
  key: "ssl-key",
  words: {
    off: "DISABLED",
    prefer: "PREFERRED",
    require: "REQUIRED",
    "verify-ca": "VERIFY_CA",
    "verify-full": "VERIFY_IDENTITY",
  },
  verifiesByCa: false,
}

const parameters = [mysqlTls.mode, mysqlTls.ca, mysqlTls.cert, mysqlTls.key]

/** What is wrong with a MySQL or MariaDB URL, without repeating it (it holds a password); undefined when nothing is. */
export function mysqlUrlMistake(text: string): string | undefined {
  const password = passwordMistake(text)
  if (password !== undefined) return password
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== "mysql:" && url.protocol !== "mariadb:"))
    return "must be a MySQL URL like mysql://user:password@host:3306/ (write / @ : # in a password as %2F %40 %3A %23)"
  if (url.hostname === "") return "names no host"
  if (url.port === "0") return "has no usable port"
  if (url.username === "") return "names no user"
  if (!decodes(url))
    return "has a % in user or password that no two hexadecimal digits follow (write % as %25)"
  if ([...url.searchParams.keys()].some((name) => !parameters.includes(name)))
    return `has a parameter that is not known; known are ${parameters.join(", ")}`
  return tlsMistake(url, mysqlTls)
}

function decodes(url: URL): boolean {
  try {
    for (const part of [url.username, url.password]) decodeURIComponent(part)
    return true
  } catch (error) {
    if (error instanceof URIError) return false
    throw error
  }
}
