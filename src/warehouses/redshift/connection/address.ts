import { libpqTls, type TlsSettings, tlsOfUrl } from "../../../configuration/tls/settings.ts"
import type { Address } from "./client.ts"
import { type SignIn, temporaryLogin } from "./sign-in.ts"

const usualPort = 5439

const loopback = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/

/**
 * Where a url says that the warehouse is. TLS, with a verified certificate unless the url says less; none only for a warehouse of
 * this host that says `sslmode=disable`.
 * @throws Error for what may leave passwords in the open
 */
export function configuredAddress({ url, signIn }: { url: string; signIn?: SignIn }): Address {
  const address = new URL(url)
  const { hostname, port, pathname, username, password } = address
  const tls: TlsSettings = tlsOfUrl(address, libpqTls) ?? { mode: "verify-full" }
  const mistake = openTlsMistake(address)
  if (mistake !== undefined) throw new Error(mistake)
  const database = decodeURIComponent(pathname.slice(1)) || "dev"
  const login = { user: decodeURIComponent(username), password: decodeURIComponent(password) }
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? usualPort : Number(port),
    database,
    tls,
    signIn: signIn === undefined ? async () => login : temporaryLogin(signIn, database),
  }
}

/** What is wrong with a url whose passwords might travel in the open; undefined: nothing. */
export function openTlsMistake(url: URL): string | undefined {
  const mode = tlsOfUrl(url, libpqTls)?.mode
  if ((mode !== "off" && mode !== "prefer" && mode !== "allow") || loopback.test(url.hostname))
    return undefined
  const word = mode === "off" ? libpqTls.words.off : mode
  return `sslmode=${word} is for a warehouse of this host only: passwords would travel in the open.`
}
