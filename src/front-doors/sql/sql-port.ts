import { randomBytes, randomInt } from "node:crypto"
import type { DuckDBConnection } from "@duckdb/node-api"
import type { HostPort, SqlUser } from "../../domain/configuration.ts"
import type { DuckDbInstance } from "../../warehouses/duckdb/instance.ts"
import { quoteIdentifier } from "../../warehouses/duckdb/instance.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { phantomVerifier, scramVerifier } from "../../wire/pgwire/scram.ts"
import { type PgWireLimits, startPgWire } from "../../wire/pgwire/server.ts"
import type { SqlSession } from "../../wire/pgwire/session.ts"
import type { DatabaseAdministration } from "./administration.ts"
import { type FunctionLists, functionLists } from "./allowed-functions.ts"
import { installCatalog } from "./catalog/install.ts"
import { engineSession } from "./engine-session.ts"
import { type NativeGate, nativeGate, placesForQueries } from "./native-gate.ts"
import { sqlSession } from "./session.ts"
import { type SessionSettings, sessionSettings } from "./settings.ts"
import { type SqlParser, sqlParser } from "./syntax-tree.ts"

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
  users: SqlUser[]
  instance: DuckDbInstance
  log: SqlPortLog
  /** Replicated databases are read-only to everybody. Asked at each transaction. */
  isReplicated(database: string): boolean
  /** What CREATE, ALTER and DROP DATABASE do; absent: they are refused. */
  administration?: DatabaseAdministration
  serverVersion?: string
  limits?: Partial<PgWireLimits>
  /** Statements inside the engine at once; by default all but two of the process's native threads. */
  statementsAtOnce?: number
}

export interface SqlPort {
  port: number
  connections(): number
  /** Refuses newcomers, lets statements finish for `graceMs`, then ends all sessions. */
  close(graceMs: number): Promise<void>
}

interface Shared {
  options: SqlPortOptions
  parser: SqlParser
  gate: NativeGate
  functions: FunctionLists
  enginePgViews: ReadonlySet<string>
  serverVersion: string
  /** Open sessions by database. */
  sessions: Map<string, number>
}

async function enginePgViews(connection: DuckDBConnection): Promise<Set<string>> {
  const result = await connection.runAndReadAll(
    "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name = 'pg_catalog'",
  )
  return new Set(result.getRows().map((row) => String(row[0])))
}

/** Start-up parameters that are settings; a driver's own zone or style must not keep it from connecting. */
function applyStartupParameters(settings: SessionSettings, parameters: Map<string, string>): void {
  for (const [name, value] of parameters) {
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

function databaseFor(shared: Shared, user: string, parameters: Map<string, string>): string {
  const asked = parameters.get("database") ?? user
  const found = shared.options.instance.databases().find((one) => one === asked)
  if (found !== undefined) return found
  throw new PgError("3D000", `database "${asked}" does not exist`, { fatal: true })
}

async function schemasOf(
  connection: DuckDBConnection,
  database: string,
  isAdmin: boolean,
): Promise<Map<string, string>> {
  const result = await connection.run(
    "SELECT schema_name FROM duckdb_schemas() WHERE database_name = $1 AND schema_name NOT IN ('pg_catalog', 'information_schema')",
    [database],
  )
  const names = (await result.getRows()).map((row) => String(row[0]))
  // On a search path a hidden schema's tables would be reached without naming it.
  const open = names.filter((name) => isAdmin || !hiddenSchemas.has(name.toLowerCase()))
  return new Map(open.map((name) => [name.toLowerCase(), name]))
}

function countSession({ sessions }: Shared, database: string, difference: 1 | -1): void {
  const count = (sessions.get(database) ?? 0) + difference
  if (count > 0) sessions.set(database, count)
  else sessions.delete(database)
}

async function openSession(
  shared: Shared,
  user: SqlUser,
  parameters: Map<string, string>,
): Promise<SqlSession> {
  const { instance, isReplicated, log } = shared.options
  if (parameters.has("replication")) {
    throw new PgError("0A000", "this server does not serve replication connections", { fatal: true })
  }
  const database = databaseFor(shared, user.name, parameters)
  const isAdmin = user.policy === "admin"
  const connection = await instance.connect()
  try {
    await connection.run(`USE ${quoteIdentifier(database)}`)
  } catch (error) {
    connection.closeSync()
    throw error
  }
  countSession(shared, database, 1)
  const settings = sessionSettings(shared.serverVersion, isAdmin)
  applyStartupParameters(settings, parameters)
  const engine = engineSession(connection, shared.gate, database, () => isAdmin && !isReplicated(database))
  return sqlSession({
    engine,
    settings,
    schemas: () => schemasOf(connection, database, isAdmin),
    onClose: () => {
      countSession(shared, database, -1)
      log.info({ user: user.name, database }, "sql session ended")
    },
    administration: {
      administration: shared.options.administration,
      caller: { name: user.name, policy: user.policy },
      database,
      databases: () => instance.databases(),
      sessions: (name) => shared.sessions.get(name) ?? 0,
    },
    onInternalError: (error) =>
      log.error({ err: error, user: user.name, database }, "statement failed inside the engine"),
    plan: {
      parser: shared.parser,
      facts: {
        user: user.name,
        database,
        version: `PostgreSQL ${shared.serverVersion} (Millrace on DuckDB)`,
        processId: randomInt(1, 2 ** 31 - 1),
        setting: (name) => settings.get(name),
        enginePgViews: shared.enginePgViews,
      },
      rules: {
        user: user.name,
        isAdmin,
        database,
        databases: () => instance.databases(),
        isReplicated,
        hiddenSchemas,
        functions: shared.functions,
        enginePgViews: shared.enginePgViews,
      },
    },
  })
}

async function prepareShared(options: SqlPortOptions): Promise<Shared> {
  const serverVersion = options.serverVersion ?? defaultServerVersion
  await installCatalog(options.instance, {
    hiddenSchemas: [...hiddenSchemas],
    roles: options.users.map(({ name, policy }) => ({ name, isAdmin: policy === "admin" })),
    serverVersion,
  })
  const connection = await options.instance.connect()
  try {
    return {
      options,
      serverVersion,
      parser: await sqlParser(options.instance),
      gate: nativeGate(options.statementsAtOnce ?? placesForQueries()),
      functions: await functionLists(connection),
      enginePgViews: await enginePgViews(connection),
      sessions: new Map(),
    }
  } finally {
    connection.closeSync()
  }
}

/** Serves the warehouse's databases to PostgreSQL clients. Rejects with the system's error when the port is taken. */
export async function startSqlPort(options: SqlPortOptions): Promise<SqlPort> {
  const shared = await prepareShared(options)
  const phantomSecret = randomBytes(32)
  const users = new Map(
    options.users.map((user) => [user.name, { user, verifier: scramVerifier(user.password) }]),
  )
  const server = await startPgWire({
    host: options.listen.host,
    port: options.listen.port,
    ...(options.limits ? { limits: options.limits } : {}),
    verifierFor: (name) => {
      const phantom = phantomVerifier(phantomSecret, name)
      return users.get(name)?.verifier ?? phantom
    },
    openSession: (name, parameters) => {
      const known = users.get(name)
      if (!known)
        throw new PgError("28P01", `password authentication failed for user "${name}"`, { fatal: true })
      return openSession(shared, known.user, parameters)
    },
    onError: (error, where) => options.log.error({ err: error, where }, "sql port"),
  })
  return {
    port: server.port,
    connections: server.connections,
    close: async (graceMs) => {
      await server.close(graceMs)
      shared.parser.close()
    },
  }
}
