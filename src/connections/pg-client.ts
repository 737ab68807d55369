/** Connections over the PostgreSQL driver, with TLS as a url means it. */
import type { Duplex } from "node:stream"
import type { PeerCertificate } from "node:tls"
import pg from "pg"
import { libpqTls, type TlsSettings, tlsOfUrl, urlWithTls } from "../configuration/tls/settings.ts"
import { ConnectionFault } from "./connection-fault.ts"
import { type RefusedAttempt, refusalOf } from "./pg-refusals.ts"
import { seenCertificate } from "./seen-certificate.ts"
import { tlsOptions } from "./tls-options.ts"

export type PgOptions = Omit<pg.ClientConfig, "connectionString" | "ssl"> & {
  /** `postgres://…`, with `sslmode` and its like; what it says goes before the other options. Absent: those say where. */
  url?: string | undefined
  /** Default: as the url says, or no TLS. */
  tls?: TlsSettings | undefined
}

/** Of the driver, what its types leave out. */
export interface Driven {
  connection: { stream: Duplex; on(event: "sslconnect", told: () => void): void }
}

/**
 * An open connection; the caller ends it. Its errors while nobody waits on it end nothing: the next use of it fails.
 *
 * @param prepare called before it connects: again, if a second way is tried
 * @throws ConnectionFault when more is known of the reason than the driver says; else what the driver throws
 */
export async function openPg(
  options: PgOptions,
  prepare: (client: pg.Client) => void = () => undefined,
): Promise<pg.Client> {
  const { mode } = tlsOf(options)
  if (mode !== "prefer" && mode !== "allow") return await opened(options, prepare)
  const [first, second] = mode === "prefer" ? (["require", "off"] as const) : (["off", "require"] as const)
  try {
    return await opened(inMode(options, first), prepare)
  } catch (error) {
    if (!isOfTheMode(error)) throw error
    return await opened(inMode(options, second), prepare)
  }
}

/** Whether the other way might be let in: there is no TLS, or the server's rules want the other. */
function isOfTheMode(error: unknown): boolean {
  const driver = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(driver instanceof Error)) return false
  return driver.message === noTls || ("code" in driver && driver.code === "28000")
}

/** The driver's words. */
const noTls = "The server does not support SSL connections"

function inMode(options: PgOptions, mode: TlsSettings["mode"]): PgOptions {
  return { ...options, tls: { ...tlsOf(options), mode } }
}

/**
 * The url with `prefer` and `allow` decided, by trying: for a pool, whose connections cannot try. A server that does not answer
 * is left to who connects.
 */
export async function settledUrl(url: string, connectionTimeoutMillis: number): Promise<string> {
  const { mode } = tlsOf({ url })
  if (mode !== "prefer" && mode !== "allow") return url
  for (const one of mode === "prefer" ? (["require", "off"] as const) : (["off", "require"] as const)) {
    const settled = urlWithTls(url, { ...tlsOf({ url }), mode: one }, libpqTls)
    try {
      const client = await opened({ url: settled, connectionTimeoutMillis }, () => undefined)
      await client.end()
      return settled
    } catch (error) {
      if (!isOfTheMode(error)) return settled
    }
  }
  return url
}

/** Tries to connect; a fault that says why it cannot be done, if more is known than the driver says. */
export async function connectionFaultOf(options: PgOptions): Promise<ConnectionFault | undefined> {
  try {
    await (await openPg(options)).end()
    return undefined
  } catch (error) {
    return error instanceof ConnectionFault ? error : undefined
  }
}

async function opened(options: PgOptions, prepare: (client: pg.Client) => void): Promise<pg.Client> {
  const client = new pg.Client(driverConfig(options))
  client.on("error", () => undefined)
  const { connection } = client as unknown as Driven
  let certificate: () => PeerCertificate | undefined = () => undefined
  connection.on("sslconnect", () => {
    certificate = seenCertificate(connection.stream)
  })
  try {
    prepare(client)
    await client.connect()
    return client
  } catch (error) {
    connection.stream.destroy()
    throw await refusalOf(error, { ...attemptOf(client, options), certificate: certificate() })
  }
}

function attemptOf(client: pg.Client, options: PgOptions): Omit<RefusedAttempt, "certificate"> {
  const { host, port, database = "", user = "" } = client
  return { host, port, database, user, settings: tlsOf(options) }
}

/** What the driver is told: TLS is ours, and no longer in the url, whose words it reads otherwise than libpq. */
export function driverConfig({ url, tls, ...config }: PgOptions): pg.ClientConfig {
  const settings = tlsOf({ url, tls })
  if (url === undefined) return { ...config, ssl: tlsOptions(settings) ?? false }
  const address = new URL(url)
  // libpq speaks no TLS through a socket of this machine.
  const host = address.searchParams.get("host") ?? decodeURIComponent(address.hostname)
  for (const name of driverParameters) address.searchParams.delete(name)
  const ssl = host.startsWith("/") ? undefined : tlsOptions(settings)
  if (ssl === undefined) address.searchParams.delete("sslnegotiation")
  return { ...config, connectionString: address.href, ssl: ssl ?? false }
}

const driverParameters = [
  ...[libpqTls.mode, libpqTls.ca, libpqTls.cert, libpqTls.key],
  ...["sslpassword", "ssl", "uselibpqcompat"],
]

function tlsOf({ url, tls }: Pick<PgOptions, "url" | "tls">): TlsSettings {
  if (tls !== undefined || url === undefined) return tls ?? { mode: "off" }
  const address = new URL(url)
  const word = address.searchParams.get("ssl")
  return (
    tlsOfUrl(address, libpqTls) ?? (word === null ? tlsOfEnvironment() : { mode: modeOfDriverWord(word) })
  )
}

/** libpq's variables hold where a url says nothing of TLS; the driver read the first of them, too. */
function tlsOfEnvironment(): TlsSettings {
  const { PGSSLMODE: mode, PGSSLROOTCERT: ca, PGSSLCERT: cert, PGSSLKEY: key } = process.env
  if (!mode) return { mode: "off" }
  const url = new URL("postgres://environment")
  for (const [name, value] of Object.entries({ sslmode: mode, sslrootcert: ca, sslcert: cert, sslkey: key }))
    if (value) url.searchParams.set(name, value)
  return tlsOfUrl(url, libpqTls) ?? { mode: "off" }
}

/** `ssl=true` and its like are the driver's own. */
function modeOfDriverWord(word: string): TlsSettings["mode"] {
  switch (word) {
    case "true":
    case "1":
      return "verify-full"
    case "no-verify":
      return "require"
    default:
      return "off"
  }
}
