import type { Caller } from "../../../control-plane/control-plane.ts"
import type { CopyRequest, CopyResult } from "../../../control-plane/copy-jobs/copy-files.ts"
import type { CopyJobs } from "../../../control-plane/copy-jobs/jobs.ts"
import { allows } from "../../../control-plane/sql-users/sql-access.ts"
import { foldName } from "../../../domain/sql-access.ts"
import type { CopyDestination } from "../../../loading/copy-target.ts"
import { hiddenSchemas, type StatementSession } from "../../../query/contract.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { AuditStatement } from "../audited-statements.ts"
import type { CopyStatement } from "./statements.ts"

/** What COPY does, behind the port. Every method may throw Fault and Problem. */
export interface CopyAdministration {
  load(request: CopyRequest): Promise<CopyResult>
  /** Undefined: this port has no jobs. */
  jobs: CopyJobs | undefined
}

export interface CopyContext {
  /** Undefined: this port has none. */
  administration: CopyAdministration | undefined
  caller: Caller
  audit: AuditStatement
  isReplicated(database: string): boolean
  session: StatementSession
}

/** A table of a database, or a temporary one of the session: a transaction that writes there may write in `writesIn` besides. */
export interface SessionDestination extends CopyDestination {
  isTemporary: boolean
  writesIn: string
}

/** The table that is meant, if the user may load into it. Throws PgError. */
export async function destinationOf(
  { table, columns }: Pick<CopyStatement, "table" | "columns">,
  context: CopyContext,
): Promise<SessionDestination> {
  const { session, isReplicated } = context
  const access = await session.access()
  const found = await session.findRelation(table)
  if (found === undefined) throw new PgError("42P01", `relation "${table.join(".")}" does not exist`)
  const { database, schema, name, isTemporary = false } = found
  if (hiddenSchemas.has(schema.toLowerCase()))
    throw new PgError("42501", `permission denied for schema ${schema}`)
  const scope = { database: foldName(database), schema: foldName(schema), table: foldName(name) }
  if (!access.isSuperuser && !allows(access, "insert", scope))
    throw new PgError("42501", `permission denied for relation ${name}`)
  const writesIn = isTemporary ? session.place.database : database
  if (isReplicated(writesIn))
    throw new PgError("25006", `cannot execute COPY: database "${writesIn}" is replicated and read-only`, {
      hint: "Load into a database of your own, such as dev.",
    })
  return { database, schema, table: name, columns, isTemporary, writesIn }
}
