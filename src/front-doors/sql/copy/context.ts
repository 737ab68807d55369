import type { Caller } from "../../../control-plane/control-plane.ts"
import type { CopyRequest, CopyResult } from "../../../control-plane/copy-jobs/copy-files.ts"
import type { CopyJobs } from "../../../control-plane/copy-jobs/jobs.ts"
import { allows } from "../../../control-plane/sql-users/sql-access.ts"
import { foldName } from "../../../domain/sql-access.ts"
import type {
  CopyDestination,
  CopyWarehouse,
  EngineRights,
  OpenSessionTarget,
} from "../../../loading/copy-target.ts"
import { hiddenSchemas, type StatementSession } from "../../../query/contract.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { AuditStatement } from "../audited-statements.ts"
import type { CopyStatement } from "./statements.ts"

/** What COPY does, behind the port. Every method may throw Fault and Problem. */
export interface CopyAdministration {
  load(request: CopyRequest): Promise<CopyResult>
  /** Undefined: this port has no jobs. */
  jobs: CopyJobs | undefined
  /** Where a database lies, by its name in a statement or a session. */
  placeOf(database: string): DatabasePlace
}

/** A database of a warehouse. */
export interface DatabasePlace {
  warehouse: LoadedWarehouse
  /** As the warehouse calls it. */
  database: string
}

/** A warehouse that files are loaded into. */
export type LoadedWarehouse = SessionsWarehouse | OwnUsersWarehouse

/** The port's sessions are in it: a load is part of the session's transaction, under the port's rights. */
export interface SessionsWarehouse {
  kind: "sessions"
  targetArn: string
  targetOn: OpenSessionTarget
}

/** Its users are the engine's own: a load is a transaction of its own, under the rights of the engine's user of the same name. */
export interface OwnUsersWarehouse {
  kind: "ownUsers"
  targetArn: string
  transact: CopyWarehouse["transact"]
  rights: EngineRights
  /** Whether an integration brings its rows. */
  isReplicated(database: string): Promise<boolean>
}

export interface CopyContext {
  /** Undefined: this port has none. */
  administration: CopyAdministration | undefined
  caller: Caller
  audit: AuditStatement
  isReplicated(database: string): boolean
  session: StatementSession
}

/** Where a statement loads. */
export interface LoadTarget {
  destination: CopyDestination
  warehouse: LoadedWarehouse
  /** As views and errors call the database. */
  shownDatabase: string
  /** It is a table of the session. */
  isTemporary: boolean
  /** A transaction of a session that loads there may write in this database besides. */
  writesIn: string
}

type NamedTable = Pick<CopyStatement, "table" | "columns">

/** The table that is meant, if the user may load into it. Throws PgError, Fault, Problem. */
export async function loadTargetOf(
  named: NamedTable,
  administration: CopyAdministration,
  context: CopyContext,
): Promise<LoadTarget> {
  const [first = ""] = named.table
  const shownDatabase = named.table.length > 2 ? first : context.session.place.database
  const { warehouse, database } = administration.placeOf(shownDatabase)
  if (warehouse.kind === "sessions") return { warehouse, ...(await targetInSessions(named, context)) }
  const destination = await destinationOfOwnUsers(named, { warehouse, database }, context)
  return { warehouse, destination, shownDatabase, isTemporary: false, writesIn: database }
}

async function targetInSessions(
  { table, columns }: NamedTable,
  context: CopyContext,
): Promise<Omit<LoadTarget, "warehouse">> {
  const { session, isReplicated } = context
  const access = await session.access()
  const found = await session.findRelation(table)
  if (found === undefined) throw noRelation(table)
  const { database, schema, name, isTemporary = false } = found
  refuseHidden(schema)
  const scope = { database: foldName(database), schema: foldName(schema), table: foldName(name) }
  if (!access.isSuperuser && !allows(access, "insert", scope)) throw notGranted(name)
  const writesIn = isTemporary ? session.place.database : database
  if (isReplicated(writesIn)) throw replicated(writesIn)
  const destination = { database, schema, table: name, columns }
  return { destination, shownDatabase: database, isTemporary, writesIn }
}

/** A table without a schema is in `public`: no session of the port has others there. */
async function destinationOfOwnUsers(
  { table, columns }: NamedTable,
  { warehouse, database }: { warehouse: OwnUsersWarehouse; database: string },
  { session, caller }: CopyContext,
): Promise<CopyDestination> {
  if (table.length > 3) throw noRelation(table)
  const name = table.at(-1) ?? ""
  const given = table.at(-2)
  if (given !== undefined) refuseHidden(given)
  const access = await session.access()
  const destination = { database, schema: given ?? "public", table: name, columns }
  if (!(await warehouse.rights.hasTable(destination))) throw noRelation(table)
  if (!access.isSuperuser && !(await warehouse.rights.mayInsert(caller.name, destination)))
    throw notGranted(name)
  if (await warehouse.isReplicated(database)) throw replicated(database)
  return destination
}

function noRelation(table: readonly string[]): PgError {
  return new PgError("42P01", `relation "${table.join(".")}" does not exist`)
}

function refuseHidden(schema: string): void {
  if (hiddenSchemas.has(schema.toLowerCase()))
    throw new PgError("42501", `permission denied for schema ${schema}`)
}

function notGranted(table: string): PgError {
  return new PgError("42501", `permission denied for relation ${table}`)
}

function replicated(database: string): PgError {
  return new PgError("25006", `cannot execute COPY: database "${database}" is replicated and read-only`, {
    hint: "Load into a database of your own, such as dev.",
  })
}
