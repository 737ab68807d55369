/** Opening connections over the driver, with TLS as settings say it. */
import { isIP } from "node:net"
import type { Duplex } from "node:stream"
import { connect as connectTls } from "node:tls"
import { type Connection, type ConnectionOptions, createConnection } from "mysql2"
import type { TlsSettings } from "../../configuration/tls/settings.ts"
import { answeringService } from "../../connections/answering-service.ts"
import { certificateFault } from "../../connections/certificate-faults.ts"
import { ConnectionFault } from "../../connections/connection-fault.ts"
import { seenCertificate } from "../../connections/seen-certificate.ts"
import { type TlsOptions, tlsOptions } from "../../connections/tls-options.ts"

/**
 * An open connection; the caller destroys it. @throws ConnectionFault when more is known of the reason than the driver says; else what
 * the driver throws
 */
export async function openMysql(
  options: ConnectionOptions,
  settings: TlsSettings = { mode: "off" },
): Promise<Connection> {
  if (settings.mode !== "prefer") return await opened(options, settings)
  try {
    return await opened(options, { ...settings, mode: "require" })
  } catch (error) {
    if (!(error instanceof ConnectionFault && isWithoutTls(error.cause))) throw error
    return await opened(options, { ...settings, mode: "off" })
  }
}

/** The driver's code. */
function isWithoutTls(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "HANDSHAKE_NO_SSL_SUPPORT"
}

async function opened(options: ConnectionOptions, settings: TlsSettings): Promise<Connection> {
  const tls = tlsOptions(settings)
  const connection = createConnection({ ...options, ...(tls && { ssl: {} }) })
  if (tls !== undefined) takeTlsOver(connection, { tls, settings, host: options.host ?? "" })
  // A connection that breaks while nobody waits on it must not end the process; the next use of it fails.
  connection.on("error", () => undefined)
  try {
    await new Promise<void>((resolve, reject) =>
      connection.connect((error) => (error === null ? resolve() : reject(error))),
    )
    return connection
  } catch (error) {
    connection.destroy()
    throw await refusalOf(error, options, settings)
  }
}

/** What the driver calls when the server is ready for TLS, and what that must leave behind; its types leave it out. */
interface Driven {
  stream: Duplex
  startTLS(onSecure: (error?: Error) => void): void
  packetParser: { execute(data: Buffer): void }
  _handleNetworkError(error: Error): void
}

/**
 * In place of the driver's own beginning of TLS, which looks for the name `localhost` in the certificate of a host that is given by
 * its address, and keeps of an error neither its code nor the certificate.
 */
function takeTlsOver(
  connection: Connection,
  { tls, settings, host }: { tls: TlsOptions; settings: TlsSettings; host: string },
): void {
  const driven = connection as unknown as Driven
  driven.startTLS = (onSecure) => {
    driven.stream.removeAllListeners("data")
    let isSecure = false
    const secure = connectTls(
      { ...tls, host, socket: driven.stream, ...(isIP(host) === 0 && { servername: host }) },
      () => {
        isSecure = true
        onSecure()
      },
    )
    const certificate = seenCertificate(secure)
    secure.on("error", (error) => {
      if (isSecure) return driven._handleNetworkError(error)
      const told = certificateFault(error, { settings, host, certificate: certificate() })
      onSecure(told === undefined ? error : new ConnectionFault("tls", told, { cause: error }))
    })
    secure.on("data", (data: Buffer) => driven.packetParser.execute(data))
    driven.stream = secure
  }
}

async function refusalOf(
  error: unknown,
  { host = "", port = 0 }: ConnectionOptions,
  settings: TlsSettings,
): Promise<unknown> {
  if (error instanceof ConnectionFault) return error
  if (isWithoutTls(error))
    return new ConnectionFault(
      "tls",
      `The server does not offer TLS, and \`mode: ${settings.mode}\` demands it: give the server a certificate (ssl_cert, ssl_key), or use \`mode: off\` where the way to it is safe.`,
      { cause: error },
    )
  const tls = certificateFault(error, { settings, host })
  if (tls !== undefined) return new ConnectionFault("tls", tls, { cause: error })
  if (isToldByServer(error) || isOfTheNetwork(error)) return error
  return await refusalByService(error, { host, port })
}

async function refusalByService(error: unknown, at: { host: string; port: number }): Promise<unknown> {
  const service = await answeringService(at)
  const place = `At ${at.host}:${at.port}`
  const fault = (what: string) =>
    new ConnectionFault("otherService", `${place} ${what}: correct host and port in the url.`, {
      cause: error,
    })
  switch (service.kind) {
    case "other":
      return fault(`answers ${service.name}, not MySQL or MariaDB`)
    case "postgres":
      return fault("answers PostgreSQL, not MySQL or MariaDB")
    case "mysql":
    // A server that hangs, or a network that swallows everything, looks the same.
    case "silent":
    case "none":
      return error
  }
}

/** The driver gives errors of the system a negative number. */
function isToldByServer(error: unknown): boolean {
  return error instanceof Error && "errno" in error && typeof error.errno === "number" && error.errno > 0
}

/** Nothing was reached that could be asked what it is. */
function isOfTheNetwork(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(String(code))
}
