import type { Caller } from "../../../control-plane/control-plane.ts"
import type { CopyRequest, CopyResult } from "../../../control-plane/copy-jobs/copy-files.ts"
import type { CopyJobs } from "../../../control-plane/copy-jobs/jobs.ts"
import { allows, type SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { foldName } from "../../../domain/sql-access.ts"
import type { CopyDestination, RunSql } from "../../../loading/copy-target.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { meantRelation, type NamePlace, relationsNamed } from "../../../query/duckdb/rights/relation-names.ts"
import type { AuditStatement } from "../audited-statements.ts"
import type { Transaction } from "../../../query/duckdb/session/transaction.ts"
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
  sessionId: number
  access: SqlAccess
  place: NamePlace
  isReplicated(database: string): boolean
  hiddenSchemas: ReadonlySet<string>
  transaction: Transaction
  /** On the session's connection. */
  run: RunSql
  alive(): Promise<void>
}

/** The table that is meant, if the user may load into it. Throws PgError. */
export async function destinationOf(
  { table, columns }: Pick<CopyStatement, "table" | "columns">,
  context: CopyContext,
): Promise<CopyDestination> {
  const { access, place, run, hiddenSchemas, isReplicated } = context
  const found = meantRelation(table, place, await relationsNamed([table.at(-1) ?? ""], run))
  if (found === undefined) throw new PgError("42P01", `relation "${table.join(".")}" does not exist`)
  const { database, schema, name } = found
  if (hiddenSchemas.has(schema.toLowerCase()))
    throw new PgError("42501", `permission denied for schema ${schema}`)
  const scope = { database: foldName(database), schema: foldName(schema), table: foldName(name) }
  if (!access.isSuperuser && !allows(access, "insert", scope))
    throw new PgError("42501", `permission denied for relation ${name}`)
  if (isReplicated(database))
    throw new PgError("25006", `cannot execute COPY: database "${database}" is replicated and read-only`, {
      hint: "Load into a database of your own, such as dev.",
    })
  return { database, schema, table: name, columns }
}
