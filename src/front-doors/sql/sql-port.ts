import { createSecureContext } from "node:tls"
import { type Acting, actingIn, consoleLogin } from "../../control-plane/console/sql-login.ts"
import type { SqlUsers } from "../../control-plane/sql-users/sql-users.ts"
import type { HostPort, ListenTls, SqlUser } from "../../domain/configuration.ts"
import type { QueryEngine, QuerySession } from "../../query/contract.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import type { AuditStore } from "../../state/audit.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { type PgWireLimits, type PgWireOptions, startPgWire } from "../../wire/pgwire/server.ts"
import type { CopyAdministration } from "./copy/context.ts"
import type { DatabaseAdministration } from "./databases/administration.ts"
import { doorStatements } from "./door-statements.ts"
import { governedReads } from "./governed-reads.ts"
import { callerOf, followUsers, verifiers } from "./users/logins.ts"

export interface SqlPortLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export interface SqlPortOptions {
  listen: HostPort
  /** Of the configuration: their passwords stand there. */
  configured: readonly SqlUser[]
  users: SqlUsers
  /** Answers the queries; the port closes it with itself. */
  engine: QueryEngine
  log: SqlPortLog
  /** Where statements that change databases are recorded; absent: nowhere. */
  audit?: AuditStore
  /** What CREATE, ALTER and DROP DATABASE do; absent: they are refused. */
  administration?: DatabaseAdministration
  /** What COPY does; absent: it is refused. */
  copy?: CopyAdministration
  /** What statements about resources change; absent: there are none. */
  resources?: ResourcePlane
  limits?: Partial<PgWireLimits>
  /** Absent: the port has no TLS. */
  tls?: PortTls
}

export interface PortTls {
  /** PEM. */
  cert: string
  key: string
  /** The certificate's hash for channel binding. */
  endpoint: Buffer | undefined
  unencrypted: ListenTls["unencrypted"]
}

export interface SqlPort {
  port: number
  connections(): number
  /** Another certificate, for connections that come from now on; nothing where the port has no TLS. */
  renewTls(tls: PortTls): void
  /** Refuses newcomers, lets statements finish for `graceMs`, then ends all sessions. */
  close(graceMs: number): Promise<void>
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address)
}

interface WireTls {
  options: Pick<PgWireOptions, "tls" | "mayBePlain">
  /** For connections that come from now on. */
  renew(tls: PortTls): void
}

function wireTls(given: PortTls): WireTls {
  let { unencrypted } = given
  const contextOf = ({ cert, key, endpoint }: PortTls) => ({
    secureContext: createSecureContext({ cert, key, minVersion: "TLSv1.2" }),
    endpoint,
  })
  const tls = contextOf(given)
  return {
    options: {
      tls,
      mayBePlain: (address) =>
        unencrypted === "anywhere" || (unencrypted === "loopback" && isLoopback(address)),
    },
    renew(next) {
      Object.assign(tls, contextOf(next))
      unencrypted = next.unencrypted
    },
  }
}

/** As whom a login acts: as itself, or the console as the user it names. Throws a fatal PgError. */
function actingFor(users: SqlUsers, login: string, parameters: ReadonlyMap<string, string>): Acting {
  if (login !== consoleLogin) return { user: login, mode: "write" }
  const acting = actingIn(parameters.get("options"))
  if (acting !== undefined && users.find(acting.user) !== undefined) return acting
  throw new PgError("28000", "the console names no user of the SQL port", { fatal: true })
}

/** Opens an authenticated user's session, and keeps it in `sessions` while it lasts. */
async function openSession(
  options: SqlPortOptions,
  sessions: Set<QuerySession>,
  {
    login,
    parameters,
    address,
  }: { login: string; parameters: Map<string, string>; address: string | undefined },
): Promise<QuerySession> {
  const { user, mode } = actingFor(options.users, login, parameters)
  const session = await options.engine.open({
    user,
    parameters,
    readDoorStatement:
      mode === "read" ? () => undefined : doorStatements(options, sessions, { user, address }),
    onGovernedRead: governedReads({
      store: options.audit,
      caller: () => callerOf(options.users, user, address),
      address,
    }),
    onClose: () => {
      sessions.delete(session)
      options.log.info({ user, database: session.database }, "sql session ended")
    },
  })
  sessions.add(session)
  return session
}

/** Serves a query engine's databases to PostgreSQL clients. Rejects with the system's error when the port is taken. */
export async function startSqlPort(options: SqlPortOptions): Promise<SqlPort> {
  const { users, engine, log } = options
  const sessions = new Set<QuerySession>()
  followUsers(users, sessions, engine.showUsers, (error) =>
    log.error({ err: error }, "the catalogs could not show the users"),
  )
  const tls = options.tls && wireTls(options.tls)
  const server = await startPgWire({
    host: options.listen.host,
    port: options.listen.port,
    ...(options.limits ? { limits: options.limits } : {}),
    ...tls?.options,
    verifierFor: verifiers(options.configured, users),
    isAdministrator: (name) => users.find(name)?.isSuperuser === true,
    openSession: (login, parameters, address) =>
      openSession(options, sessions, { login, parameters, address }),
    onError: (error, where) => log.error({ err: error, where }, "sql port"),
  })
  return {
    port: server.port,
    connections: server.connections,
    renewTls: (next) => tls?.renew(next),
    close: async (graceMs) => {
      await server.close(graceMs)
      await engine.close()
    },
  }
}
