import { randomInt } from "node:crypto"
import type { DuckDBConnection } from "@duckdb/node-api"
import type { GuardedTable } from "../../control-plane/databases/guarded-tables.ts"
import { mayWriteSomewhere } from "../../control-plane/sql-users/sql-access.ts"
import type { SqlUsers } from "../../control-plane/sql-users/sql-users.ts"
import type { DuckDbInstance } from "../../warehouses/duckdb/files/instance.ts"
import { quoteIdentifier } from "../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import {
  hiddenSchemas,
  type LastCopy,
  type QueryEngine,
  type QuerySession,
  type SessionRequest,
} from "../contract.ts"
import { type GovernedTables, nothingGoverned } from "../governed-tables.ts"
import { privilegeTables } from "../system-views/privilege-views.ts"
import type { VirtualTable } from "../virtual-table.ts"
import { enginePgViews, installCatalog, showRoles } from "./catalog/install.ts"
import { installDialect } from "./dialect/macros.ts"
import { type SqlParser, sqlParser } from "./dialect/syntax-tree.ts"
import { type Impersonation, impersonation } from "./governance/impersonation.ts"
import { type PolicyTablesOptions, policyTables } from "./governance/policy-tables.ts"
import { startSourceColumns } from "./governance/source-columns.ts"
import { type EngineSemaphore, engineSemaphore, placesForQueries } from "./places/engine-semaphore.ts"
import { openMemoryUse } from "./places/memory-use.ts"
import { type MemoryLimits, type MemoryWatch, memoryWatch } from "./places/memory-watch.ts"
import { type FunctionLists, functionLists } from "./rights/allowed-functions.ts"
import { type OwnFunctions, ownFunctions } from "./rights/own-functions.ts"
import { accessIn, requireConnect, rightsOf } from "./rights/session-rights.ts"
import {
  type Checkpoint,
  checkpointOn,
  type DefinitionFiles,
  definitionFiles,
} from "./session/definition-files.ts"
import { discretionFor } from "./session/discreet-errors.ts"
import { engineError } from "./session/engine-errors.ts"
import { type EngineSession, engineSession } from "./session/engine-session.ts"
import { sqlSession } from "./session/session.ts"
import { databaseFor, schemasOf } from "./session/session-database.ts"
import { readOnlySetting, type SessionSettings, sessionSettings } from "./session/settings.ts"
import { applyStartupParameters } from "./session/startup-parameters.ts"
import { type VirtualTables, virtualTables } from "./virtual/virtual-tables.ts"

/** Clients choose their catalog queries by it: 15's are the ones the catalogs here answer. */
const defaultServerVersion = "15.12"
const defaultStatementTimeoutMs = 10 * 60_000

export interface QueryEngineLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export interface DuckDbQueryOptions {
  instance: DuckDbInstance
  users: SqlUsers
  log: QueryEngineLog
  /** Replicated databases are read-only to everybody. Asked at each transaction. */
  isReplicated(database: string): boolean
  /** Tables that are none of the warehouse's, system views among them; absent: none. */
  virtualTables?: readonly VirtualTable[]
  /** Which tables people see only through policies; absent: those of `policies`. */
  governed?: GovernedTables
  /** The policies of the state database; absent: none. */
  policies?: PolicyTablesOptions
  /** Tables that can be read only when they are in step; absent: none. */
  guarded?(): readonly GuardedTable[]
  serverVersion?: string
  /** Statements inside the engine at once; by default all but two of the process's native threads. */
  statementsAtOnce?: number
  /** Absent: only the engine's own limit, of all that it does. */
  memory?: MemoryLimits
  /** A statement of somebody who is no administrator is stopped after this; 0: never. Default 10 minutes. */
  statementTimeoutMs?: number
}

/** What all sessions share. */
interface Shared {
  options: DuckDbQueryOptions
  ownFunctions: OwnFunctions
  /** Administrators have one of their own: texts are read one after the other, and others' may take seconds. */
  parsers: { administrators: SqlParser; others: SqlParser }
  semaphore: EngineSemaphore
  memory: MemoryWatch | undefined
  functions: FunctionLists
  enginePgViews: ReadonlySet<string>
  serverVersion: string
  virtualTables: VirtualTables
  governed: GovernedTables
  columns: { stop(): Promise<void> } | undefined
  checkpoint: Checkpoint
  /** Definitions that sessions have committed. */
  definitions: { count: number }
  committedSchemas(database: string): Promise<string[]>
  /** The connection of the two above. */
  files: DuckDBConnection
}

/** Opens the query room on a DuckDB instance: its catalogs and functions are made there, repeatably. */
export async function openDuckDbQueries(options: DuckDbQueryOptions): Promise<QueryEngine> {
  const shared = await prepareShared(options)
  const { instance, users } = options
  return {
    open: (request) => openSession(shared, request),
    databases: () => instance.databases(),
    isReplicated: options.isReplicated,
    showUsers: () => showRoles(instance, users.all()),
    close: async () => {
      shared.parsers.administrators.close()
      shared.parsers.others.close()
      shared.memory?.close()
      await shared.columns?.stop()
      await shared.ownFunctions.close()
      shared.files.closeSync()
    },
  }
}

async function prepareShared(options: DuckDbQueryOptions): Promise<Shared> {
  const serverVersion = options.serverVersion ?? defaultServerVersion
  const catalogFacts = { hiddenSchemas: [...hiddenSchemas], serverVersion }
  await installCatalog(options.instance, catalogFacts, options.users.all())
  const connection = await options.instance.connect()
  const files = await options.instance.connect()
  try {
    await installDialect(connection)
    return {
      options,
      serverVersion,
      parsers: {
        administrators: await sqlParser(options.instance),
        others: await sqlParser(options.instance),
      },
      semaphore: engineSemaphore(options.statementsAtOnce ?? placesForQueries()),
      memory: options.memory && (await watchMemory(options, options.memory)),
      functions: await functionLists(connection),
      enginePgViews: await enginePgViews(connection),
      ownFunctions: await ownFunctions(options.instance),
      virtualTables: virtualTables([
        ...privilegeTables(() => options.users.grants()),
        ...(options.virtualTables ?? []),
      ]),
      governed: governedBy(options),
      columns: await recordColumns(options),
      files,
      checkpoint: checkpointOn(files),
      definitions: { count: 0 },
      committedSchemas: async (database) => [...(await schemasOf(files, database, () => true)).values()],
    }
  } finally {
    connection.closeSync()
  }
}

function governedBy({ governed, policies }: DuckDbQueryOptions): GovernedTables {
  return governed ?? (policies === undefined ? nothingGoverned : policyTables(policies))
}

async function recordColumns({ instance, log, policies }: DuckDbQueryOptions): Promise<Shared["columns"]> {
  if (policies?.store === undefined) return undefined
  const { now, store } = policies
  return await startSourceColumns({
    instance,
    now,
    store,
    onError: (error) => log.warn({ err: error }, "the columns of governed tables could not be recorded"),
  })
}

/** Of one session; counts what it defines, once that is committed. */
function filesOf(
  { checkpoint, committedSchemas, definitions, options }: Shared,
  database: string,
): DefinitionFiles {
  const files = definitionFiles(database, checkpoint, committedSchemas, (error) =>
    options.log.warn({ err: error, database }, "the log could not be moved into the database's file"),
  )
  let isDefined = false
  return {
    ...files,
    defined: () => {
      isDefined = true
      files.defined()
    },
    committed: async () => {
      if (isDefined) definitions.count++
      isDefined = false
      await files.committed()
    },
  }
}

async function watchMemory(
  { instance, log }: DuckDbQueryOptions,
  limits: MemoryLimits,
): Promise<MemoryWatch> {
  return memoryWatch(await openMemoryUse(instance), limits, (error) =>
    log.error({ err: error }, "the memory of statements could not be looked at"),
  )
}

type Rights = ReturnType<typeof rightsOf>

async function openSession(shared: Shared, request: SessionRequest): Promise<QuerySession> {
  const { instance, users } = shared.options
  const { user, parameters } = request
  if (parameters.has("replication")) {
    throw new PgError("0A000", "this server does not serve replication connections", { fatal: true })
  }
  const rights = rightsOf(users, user)
  const access = await rights.now()
  const database = databaseFor(instance, parameters.get("database") ?? user)
  requireConnect(access, user, database)
  const connection = await connectTo(instance, database)
  const settings = sessionSettings(shared.serverVersion, access.isSuperuser)
  applyStartupParameters(settings, parameters)
  const session = sessionOn({ shared, request, rights, database, connection, settings })
  return { ...session, user, database }
}

async function connectTo(instance: DuckDbInstance, database: string): Promise<DuckDBConnection> {
  const connection = await instance.connect()
  try {
    await connection.run(`USE ${quoteIdentifier(database)}`)
    return connection
  } catch (error) {
    connection.closeSync()
    // The engine has shut it off, since its file could not be written.
    const { code, message } = engineError(error)
    throw new PgError(code, message, { fatal: true, hint: opensAgain })
  }
}

const opensAgain =
  "The database is opened again by itself when its file can be written, with all that is committed."

interface OneSession {
  shared: Shared
  request: SessionRequest
  rights: Rights
  database: string
  connection: DuckDBConnection
  settings: SessionSettings
}

function engineOf({ shared, request, rights, database, connection, settings }: OneSession): EngineSession {
  const { isReplicated, users } = shared.options
  const { user } = request
  return engineSession(
    connection,
    shared.semaphore,
    () => ({ name: user, isAdmin: users.find(user)?.isSuperuser === true }),
    database,
    () => mayWriteSomewhere(rights.last(), database) && !isReplicated(database),
    () => settings.get(readOnlySetting) === "on",
    shared.memory,
    () => discretionFor(rights.last()),
  )
}

/** What a session's last COPY was. */
function sessionCopies() {
  let last: LastCopy | undefined
  return {
    last: () => last,
    copied: (copy: LastCopy) => {
      last = copy
    },
  }
}

function impersonationIn({ options }: Shared, { user }: SessionRequest): Impersonation {
  const { users, policies } = options
  return impersonation({
    user,
    isAdministrator: (name) => users.find(name)?.isSuperuser === true,
    ...(policies !== undefined && { known: policies.now }),
  })
}

function timeoutOf({ statementTimeoutMs = defaultStatementTimeoutMs }: DuckDbQueryOptions): number {
  return statementTimeoutMs
}

function sessionOn(one: OneSession) {
  const { shared, request, database, connection, settings } = one
  const { user } = request
  const as = impersonationIn(shared, request)
  const { instance, isReplicated, log, users } = shared.options
  const isSuperuser = () => users.find(user)?.isSuperuser === true && as.account() === undefined
  const id = randomInt(1, 2 ** 31 - 1)
  const { last: lastCopy, copied } = sessionCopies()
  const isOpen = (schema: string) => isSuperuser() || !hiddenSchemas.has(schema.toLowerCase())
  return sqlSession({
    id,
    engine: engineOf(one),
    settings: as.settings(settings),
    impersonation: as,
    database,
    schemas: () => schemasOf(connection, database, isOpen),
    timeoutAtMostMs: () => (isSuperuser() ? 0 : timeoutOf(shared.options)),
    access: () => accessIn(database, as.rights(one.rights), shared.ownFunctions),
    copied,
    onClose: request.onClose,
    files: filesOf(shared, database),
    definitions: () => shared.definitions.count,
    guarded: () => shared.options.guarded?.() ?? [],
    onInternalError: (err) => log.error({ err, user, database }, "statement failed inside the engine"),
    plan: {
      parser: isSuperuser() ? shared.parsers.administrators : shared.parsers.others,
      readDoorStatement: request.readDoorStatement,
      virtualTables: shared.virtualTables,
      governed: as.governed(shared.governed),
      onGovernedRead: request.onGovernedRead,
      definitions: () => shared.definitions.count,
      facts: {
        user,
        database,
        shownDatabase: request.shownDatabase ?? database,
        version: `PostgreSQL ${shared.serverVersion} (Millrace on DuckDB)`,
        processId: id,
        lastCopy,
        setting: (name) => settings.get(name),
        enginePgViews: shared.enginePgViews,
        virtualTables: shared.virtualTables,
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
}
