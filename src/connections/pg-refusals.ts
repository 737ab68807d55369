/** Why a PostgreSQL server was not entered, in words that name the cause and what ends it. */
import type { PeerCertificate } from "node:tls"
import pg from "pg"
import type { TlsSettings } from "../configuration/tls/settings.ts"
import { answeringService, type Service } from "./answering-service.ts"
import { certificateFault } from "./certificate-faults.ts"
import { ConnectionFault } from "./connection-fault.ts"

export interface RefusedAttempt {
  host: string
  port: number
  database: string
  user: string
  settings: TlsSettings
  certificate: PeerCertificate | undefined
}

/** A ConnectionFault that says more than the error, or the error. */
export async function refusalOf(error: unknown, attempt: RefusedAttempt): Promise<unknown> {
  if (error instanceof ConnectionFault) return error
  if (error instanceof pg.DatabaseError) return (await refusalOfServer(error, attempt)) ?? error
  const tls = certificateFault(error, attempt)
  if (tls !== undefined) return new ConnectionFault("tls", tls, { cause: error })
  if (isOfTheNetwork(error) || attempt.host.startsWith("/")) return error
  return refusalByService(await answeringService(attempt), error, attempt) ?? error
}

/** Nothing was reached that could be asked what it is. */
function isOfTheNetwork(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EACCES|ENOENT)$/.test(String(code))
}

function refusalByService(
  service: Service,
  cause: unknown,
  { host, port, settings }: RefusedAttempt,
): ConnectionFault | undefined {
  const other = (what: string) =>
    new ConnectionFault(
      "otherService",
      `At ${host}:${port} answers ${what}, not PostgreSQL: correct host and port in the url.`,
      { cause },
    )
  switch (service.kind) {
    case "other":
      return other(service.name)
    case "mysql":
      return other("MySQL or MariaDB")
    case "postgres":
      return service.offersTls || settings.mode === "off"
        ? undefined
        : new ConnectionFault(
            "tls",
            `The server does not offer TLS, and \`mode: ${settings.mode}\` demands it: set \`ssl = on\` there with a certificate, or use \`mode: off\` where the way to it is safe.`,
            { cause },
          )
    // A server that hangs, or a network that swallows everything, looks the same.
    case "silent":
    case "none":
      return undefined
  }
}

const noRule = /no pg_hba\.conf entry|pg_hba\.conf rejects/
const withoutTls = /no encryption|SSL off/

async function refusalOfServer(
  error: pg.DatabaseError,
  attempt: RefusedAttempt,
): Promise<ConnectionFault | undefined> {
  const { message } = error
  const fault = (kind: ConnectionFault["kind"], todo: string) =>
    new ConnectionFault(kind, `The server says: ${message}. ${todo}`, { cause: error })
  if (/requires a valid client certificate/.test(message))
    return fault("tls", "The server demands a client certificate: give `cert` and `key`.")
  if (/certificate authentication failed/.test(message))
    return fault(
      "tls",
      `The name (CN) in the client certificate must be the user's, ${attempt.user}, or be mapped to it in pg_ident.conf.`,
    )
  if (!noRule.test(message)) return undefined
  return await refusalByRule(message, attempt, fault)
}

/** A server with rules for TLS alone says no more than that none fits. */
async function refusalByRule(
  message: string,
  attempt: RefusedAttempt,
  fault: (kind: ConnectionFault["kind"], todo: string) => ConnectionFault,
): Promise<ConnectionFault> {
  const { host, port, settings, user, database } = attempt
  const address = /host "([^"]+)"/.exec(message)?.[1] ?? "ADDRESS"
  const rule = (type: string) =>
    `\`${type} ${quotedRule(database)} ${quotedRule(user)} ${address}/${address.includes(":") ? 128 : 32} scram-sha-256\` in pg_hba.conf there, then SELECT pg_reload_conf();`
  if (withoutTls.test(message) && settings.mode === "off") {
    const service = await answeringService({ host, port })
    if (service.kind === "postgres" && service.offersTls)
      return fault(
        "tls",
        `The server requires TLS for this user, database and address: use \`tls: { mode: require }\` or stronger. If it lets nobody in from ${address}, add ${rule("hostssl")}`,
      )
  }
  return fault(
    "login",
    `Let this user in from ${address}: add ${rule(settings.mode === "off" ? "host" : "hostssl")}`,
  )
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function quotedRule(name: string): string {
  return /^[\w-]+$/.test(name) ? name : quoted(name)
}
