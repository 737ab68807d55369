import type { Address } from "./client.ts"
import { type SignIn, temporaryLogin } from "./sign-in.ts"

const usualPort = 5439

const loopback = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/

/**
 * Where a url says that the warehouse is. TLS with a verified certificate, but for a warehouse of this host that says `sslmode=disable`.
 * @throws Error for what leaves the certificate unverified
 */
export function configuredAddress({ url, signIn }: { url: string; signIn?: SignIn }): Address {
  const { hostname, port, pathname, username, password, searchParams } = new URL(url)
  const mode = searchParams.get("sslmode") ?? "verify-full"
  const isOff = mode === "disable"
  if (isOff && !loopback.test(hostname))
    throw new Error(
      "sslmode=disable is for a warehouse of this host only: passwords would travel in the open.",
    )
  if (!isOff && mode !== "verify-full")
    throw new Error(
      `sslmode=${mode} is not supported: the warehouse's certificate is always verified (verify-full).`,
    )
  const database = decodeURIComponent(pathname.slice(1)) || "dev"
  const login = { user: decodeURIComponent(username), password: decodeURIComponent(password) }
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? usualPort : Number(port),
    database,
    tls: isOff ? "off" : {},
    signIn: signIn === undefined ? async () => login : temporaryLogin(signIn, database),
  }
}
