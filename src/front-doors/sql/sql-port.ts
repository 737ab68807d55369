import { randomInt } from "node:crypto"
import { createSecureContext } from "node:tls"
import type { DuckDBConnection } from "@duckdb/node-api"
import type { GuardedTable } from "../../control-plane/databases/guarded-tables.ts"
import { mayWriteSomewhere } from "../../control-plane/sql-users/sql-access.ts"
import type { SqlUsers } from "../../control-plane/sql-users/sql-users.ts"
import type { HostPort, SqlTls, SqlUser } from "../../domain/configuration.ts"
import type { AuditStore } from "../../state/audit.ts"
import type { DuckDbInstance } from "../../warehouses/duckdb/files/instance.ts"
import { quoteIdentifier } from "../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { type PgWireLimits, type PgWireOptions, startPgWire } from "../../wire/pgwire/server.ts"
import type { SqlSession } from "../../wire/pgwire/session.ts"
import { type OwnFunctions, ownFunctions } from "../../query/duckdb/rights/own-functions.ts"
import { accessIn, callerOf, followUsers, requireConnect, rightsOf, verifiers } from "./access/port-users.ts"
import type { DatabaseAdministration } from "./databases/administration.ts"
import { type FunctionLists, functionLists } from "../../query/duckdb/rights/allowed-functions.ts"
import { statementAudit } from "./audited-statements.ts"
import { installCatalog, showRoles } from "../../query/duckdb/catalog/install.ts"
import type { CopyAdministration } from "./copy/context.ts"
import { type Checkpoint, checkpointOn, definitionFiles } from "../../query/duckdb/session/definition-files.ts"
import { installDialect } from "../../query/duckdb/dialect/macros.ts"
import { discretionFor } from "../../query/duckdb/session/discreet-errors.ts"
import { engineSession } from "../../query/duckdb/session/engine-session.ts"
import { openMemoryUse } from "../../query/duckdb/places/memory-use.ts"
import { type MemoryLimits, type MemoryWatch, memoryWatch } from "../../query/duckdb/places/memory-watch.ts"
import { type NativeGate, nativeGate, placesForQueries } from "../../query/duckdb/places/engine-semaphore.ts"
import { sqlSession } from "../../query/duckdb/session/session.ts"
import { databaseFor, schemasOf } from "../../query/duckdb/session/session-database.ts"
import { type SessionSettings, sessionSettings } from "../../query/duckdb/session/settings.ts"
import { type SqlParser, sqlParser } from "../../query/duckdb/dialect/syntax-tree.ts"
import { openSystemViews, type SystemViewReader, type SystemViews } from "../../query/duckdb/catalog/system-views.ts"

/** Millrace's own records live in this schema of every destination database. */
const hiddenSchemas: ReadonlySet<string> = new Set(["millrace"])
/** Clients choose their catalog queries by it: 15's are the ones the catalogs here answer. */
const defaultServerVersion = "15.12"

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
  instance: DuckDbInstance
  log: SqlPortLog
  /** Where statements that change databases are recorded; absent: nowhere. */
  audit?: AuditStore
  /** Replicated databases are read-only to everybody. Asked at each transaction. */
  isReplicated(database: string): boolean
  /** What CREATE, ALTER and DROP DATABASE do; absent: they are refused. */
  administration?: DatabaseAdministration
  /** What COPY does; absent: it is refused. */
  copy?: CopyAdministration
  /** What the system views of integrations show; absent: nothing. */
  systemViews?: SystemViewReader
  /** Tables that can be read only when they are in step; absent: none. */
  guarded?(): readonly GuardedTable[]
  serverVersion?: string
  limits?: Partial<PgWireLimits>
  /** Absent: the port has no TLS. */
  tls?: PortTls
  /** Statements inside the engine at once; by default all but two of the process's native threads. */
  statementsAtOnce?: number
  /** Absent: only the engine's own limit, of all that it does. */
  memory?: MemoryLimits
  /** A statement of somebody who is no administrator is stopped after this; 0: never. Default 10 minutes. */
  statementTimeoutMs?: number
}

export interface PortTls {
  /** PEM. */
  cert: string
  key: string
  /** The certificate's hash for channel binding. */
  endpoint: Buffer | undefined
  unencrypted: SqlTls["unencrypted"]
}

const defaultStatementTimeoutMs = 10 * 60_000

export interface SqlPort {
  port: number
  connections(): number
  /** Refuses newcomers, lets statements finish for `graceMs`, then ends all sessions. */
  close(graceMs: number): Promise<void>
}

interface Shared {
  ownFunctions: OwnFunctions
  options: SqlPortOptions
  parser: SqlParser
  gate: NativeGate
  memory: MemoryWatch | undefined
  functions: FunctionLists
  enginePgViews: ReadonlySet<string>
  serverVersion: string
  /** Those open now. */
  sessions: Map<SqlSession, { user: string; database: string }>
  systemViews: SystemViews
  checkpoint: Checkpoint
  committedSchemas(database: string): Promise<string[]>
  /** The connection of the two above. */
  files: DuckDBConnection
}

async function enginePgViews(connection: DuckDBConnection): Promise<Set<string>> {
  const result = await connection.runAndReadAll(
    "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name = 'pg_catalog'",
  )
  return new Set(result.getRows().map((row) => String(row[0])))
}

/** `-c name=value` and `--name=value`, as PGOPTIONS has them; a backslash keeps a space in a value. */
function optionsIn(options: string): [string, string][] {
  const words = (options.match(/(?:\\.|[^\s\\])+/g) ?? []).map((word) => word.replace(/\\(.)/g, "$1"))
  const joined = words.flatMap((word, at) => {
    if (word === "-c") return words[at + 1] ?? []
    return word.startsWith("-c") || word.startsWith("--") ? word.slice(2) : []
  })
  return joined.flatMap((one): [string, string][] => {
    const equals = one.indexOf("=")
    return equals < 1 ? [] : [[one.slice(0, equals).replaceAll("-", "_"), one.slice(equals + 1)]]
  })
}

/** Start-up parameters that are settings; a driver's own zone or style must not keep it from connecting. */
function applyStartupParameters(settings: SessionSettings, parameters: Map<string, string>): void {
  for (const [name, value] of [...parameters, ...optionsIn(parameters.get("options") ?? "")]) {
    const isKnown = settings.get(name) !== undefined
    if (!isKnown || ["user", "database", "options", "replication"].includes(name)) continue
    try {
      settings.set(name, value)
    } catch (error) {
      if (!(error instanceof PgError)) throw error
      // PostgreSQL would convert; we report what really is in force, and the client reads that.
    }
  }
  settings.takeChanged()
}

function sessionsOn({ sessions }: Shared, database: string): number {
  return [...sessions.values()].filter((one) => one.database === database).length
}

async function openSession(
  shared: Shared,
  user: string,
  parameters: Map<string, string>,
  address: string | undefined,
): Promise<SqlSession> {
  const { instance, isReplicated, log, users } = shared.options
  if (parameters.has("replication")) {
    throw new PgError("0A000", "this server does not serve replication connections", { fatal: true })
  }
  const rights = rightsOf(users, user)
  const access = await rights.now()
  const database = databaseFor(instance, parameters.get("database") ?? user)
  requireConnect(access, user, database)
  const connection = await instance.connect()
  try {
    await connection.run(`USE ${quoteIdentifier(database)}`)
  } catch (error) {
    connection.closeSync()
    throw error
  }
  const isSuperuser = () => users.find(user)?.isSuperuser === true
  const settings = sessionSettings(shared.serverVersion, access.isSuperuser)
  applyStartupParameters(settings, parameters)
  const engine = engineSession(
    connection,
    shared.gate,
    () => ({ name: user, isAdmin: isSuperuser() }),
    database,
    () => mayWriteSomewhere(rights.last(), database) && !isReplicated(database),
    shared.memory,
    () => discretionFor(rights.last()),
  )
  const audit = statementAudit({
    store: shared.options.audit,
    log,
    caller: () => callerOf(users, user),
    address,
  })
  const sessionId = randomInt(1, 2 ** 31 - 1)
  const session: SqlSession = sqlSession({
    engine,
    settings,
    database,
    schemas: () =>
      schemasOf(connection, database, (schema) => isSuperuser() || !hiddenSchemas.has(schema.toLowerCase())),
    timeoutAtMostMs: () =>
      isSuperuser() ? 0 : (shared.options.statementTimeoutMs ?? defaultStatementTimeoutMs),
    access: () => accessIn(database, rights, shared.ownFunctions),
    users: () => ({
      users,
      caller: callerOf(users, user, address),
      databases: () => instance.databases(),
      isReplicated,
      hiddenSchemas,
    }),
    onClose: () => {
      shared.sessions.delete(session)
      log.info({ user, database }, "sql session ended")
    },
    copy: () => ({
      administration: shared.options.copy,
      caller: callerOf(users, user),
      audit,
      sessionId,
      isReplicated,
      hiddenSchemas,
    }),
    systemViews: shared.systemViews,
    files: definitionFiles(database, shared.checkpoint, shared.committedSchemas, (error) =>
      log.warn({ err: error, database }, "the log could not be moved into the database's file"),
    ),
    guarded: () => shared.options.guarded?.() ?? [],
    administration: {
      administration: shared.options.administration,
      get caller() {
        return callerOf(users, user)
      },
      audit,
      database,
      databases: () => instance.databases(),
      sessions: (name) => sessionsOn(shared, name),
    },
    onInternalError: (error) =>
      log.error({ err: error, user, database }, "statement failed inside the engine"),
    plan: {
      parser: shared.parser,
      facts: {
        user,
        database,
        version: `PostgreSQL ${shared.serverVersion} (Millrace on DuckDB)`,
        processId: sessionId,
        setting: (name) => settings.get(name),
        enginePgViews: shared.enginePgViews,
        get isAdmin() {
          return isSuperuser()
        },
      },
      rules: {
        user,
        get isAdmin() {
          return isSuperuser()
        },
        database,
        databases: () => instance.databases(),
        isReplicated,
        hiddenSchemas,
        functions: shared.functions,
        enginePgViews: shared.enginePgViews,
      },
    },
  })
  shared.sessions.set(session, { user, database })
  return session
}

async function watchMemory({ instance, log }: SqlPortOptions, limits: MemoryLimits): Promise<MemoryWatch> {
  return memoryWatch(await openMemoryUse(instance), limits, (error) =>
    log.error({ err: error }, "the memory of statements could not be looked at"),
  )
}

async function prepareShared(options: SqlPortOptions): Promise<Shared> {
  const serverVersion = options.serverVersion ?? defaultServerVersion
  await installCatalog(
    options.instance,
    { hiddenSchemas: [...hiddenSchemas], serverVersion },
    options.users.all(),
  )
  const connection = await options.instance.connect()
  const files = await options.instance.connect()
  try {
    await installDialect(connection)
    return {
      options,
      serverVersion,
      sessions: new Map(),
      parser: await sqlParser(options.instance),
      gate: nativeGate(options.statementsAtOnce ?? placesForQueries()),
      memory: options.memory && (await watchMemory(options, options.memory)),
      functions: await functionLists(connection),
      enginePgViews: await enginePgViews(connection),
      ownFunctions: await ownFunctions(options.instance),
      systemViews: await openSystemViews(options.instance, options.systemViews),
      files,
      checkpoint: checkpointOn(files),
      committedSchemas: async (database) => [...(await schemasOf(files, database, () => true)).values()],
    }
  } finally {
    connection.closeSync()
  }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address)
}

function wireTls({ cert, key, endpoint, unencrypted }: PortTls): Pick<PgWireOptions, "tls" | "mayBePlain"> {
  return {
    tls: { secureContext: createSecureContext({ cert, key, minVersion: "TLSv1.2" }), endpoint },
    mayBePlain: (address) =>
      unencrypted === "anywhere" || (unencrypted === "loopback" && isLoopback(address)),
  }
}

/** Serves the warehouse's databases to PostgreSQL clients. Rejects with the system's error when the port is taken. */
export async function startSqlPort(options: SqlPortOptions): Promise<SqlPort> {
  const shared = await prepareShared(options)
  const { users, instance, log } = options
  followUsers(
    users,
    shared.sessions,
    () => showRoles(instance, users.all()),
    (error) => log.error({ err: error }, "the catalogs could not show the users"),
  )
  const server = await startPgWire({
    host: options.listen.host,
    port: options.listen.port,
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.tls ? wireTls(options.tls) : {}),
    verifierFor: verifiers(options.configured, options.users),
    isAdministrator: (name) => users.find(name)?.isSuperuser === true,
    openSession: (name, parameters, address) => openSession(shared, name, parameters, address),
    onError: (error, where) => options.log.error({ err: error, where }, "sql port"),
  })
  return {
    port: server.port,
    connections: server.connections,
    close: async (graceMs) => {
      await server.close(graceMs)
      shared.parser.close()
      shared.memory?.close()
      shared.systemViews.close()
      await shared.ownFunctions.close()
      shared.files.closeSync()
    },
  }
}
