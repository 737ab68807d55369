const modes = ["DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"]
const parameters = ["ssl-mode", "ssl-ca"]

/** What is wrong with a MySQL or MariaDB URL, without repeating it (it holds a password); undefined when nothing is. */
export function mysqlUrlMistake(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== "mysql:" && url.protocol !== "mariadb:"))
    return "must be a MySQL URL like mysql://user:password@host:3306/ (write / @ : # in a password as %2F %40 %3A %23)"
  if (url.hostname === "") return "names no host"
  if (url.port === "0") return "has no usable port"
  if (url.username === "") return "names no user"
  if (!decodes(url))
    return "has a % in user or password that no two hexadecimal digits follow (write % as %25)"
  if ([...url.searchParams.keys()].some((name) => !parameters.includes(name)))
    return `has a parameter that is not known; known are ${parameters.join(" and ")}`
  const mode = url.searchParams.get("ssl-mode")?.toUpperCase()
  if (mode !== undefined && !modes.includes(mode))
    return `has an ssl-mode that is none of ${modes.join(", ")}`
  return undefined
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
