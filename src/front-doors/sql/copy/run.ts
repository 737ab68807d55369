import type { Caller } from "../../../control-plane/control-plane.ts"
import type { CopyRequest, CopyResult } from "../../../control-plane/copy/copy-files.ts"
import { allows, type SqlAccess } from "../../../control-plane/sql-access.ts"
import type { LoadError } from "../../../domain/copy.ts"
import { Problem, reportOf } from "../../../domain/problems.ts"
import { foldName } from "../../../domain/sql-access.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { CopyDestination, RunSql } from "../../../loading/copy-target.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { meantRelation, type NamePlace, relationsNamed } from "../access/relation-names.ts"
import { faultAsPgError } from "../faults.ts"
import type { Answer } from "../session-answers.ts"
import type { Transaction } from "../transaction.ts"
import type { CopyCommand, CopyStatement } from "./statements.ts"

/** What COPY does, behind the port. Every method may throw Fault and Problem. */
export interface CopyAdministration {
  load(request: CopyRequest): Promise<CopyResult>
}

export interface CopyContext {
  /** Undefined: this port has none. */
  administration: CopyAdministration | undefined
  caller: Caller
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

/** The columns of an answer; undefined: none. */
export function copyFields(_command: CopyCommand): string[] | undefined {
  return undefined
}

/** What the client should know before it runs. */
export function copyNotices(command: CopyCommand): string[] {
  if (command.kind !== "load" || command.copy.authorisation.kind !== "keys") return []
  return ["access keys in the statement are not used: the bucket is read with those of the configuration"]
}

/** Does what a COPY statement says. Throws PgError. */
export async function runCopyCommand(command: CopyCommand, context: CopyContext): Promise<Answer> {
  context.transaction.assertUsable()
  const { administration } = context
  if (administration === undefined) throw new PgError("0A000", "COPY is not supported on this port")
  try {
    switch (command.kind) {
      case "load":
        return await load(command.copy, administration, context)
      case "createJob":
      case "alterJob":
      case "runJob":
      case "showJob":
      case "dropJob":
      case "listJobs":
        throw new PgError("0A000", "COPY JOB is not supported yet")
      default:
        return unreachable(command)
    }
  } catch (error) {
    throw asPgError(error)
  }
}

function asPgError(error: unknown): unknown {
  if (!(error instanceof Problem)) return faultAsPgError(error)
  const { message } = reportOf(error)
  const hint = message.slice(error.message.length + 1)
  const code = error.kind === "copyTargetMissing" ? "42P01" : error.kind === "diskFull" ? "53100" : "58030"
  return new PgError(code, error.message, hint === "" ? {} : { hint })
}

async function load(
  copy: CopyStatement,
  administration: CopyAdministration,
  context: CopyContext,
): Promise<Answer> {
  await context.transaction.ensure()
  const destination = await destinationOf(copy, context)
  const { caller, sessionId, run, alive } = context
  const result = await administration.load({
    caller,
    sessionId,
    destination,
    from: copy.from,
    options: copy.options,
    run,
    alive,
  })
  if (result.isOver) throw loadFailed(destination, result.errors)
  return { rows: [], tag: `COPY ${result.rows}` }
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

function loadFailed({ table }: CopyDestination, errors: readonly LoadError[]): PgError {
  const [first] = errors
  const where = first && [
    `s3://${first.bucket}/${first.key}`,
    ...(first.line > 0 ? [`line ${first.line}`] : []),
    ...(first.column === "" ? [] : [`column ${first.column}`]),
  ]
  return new PgError(
    "22P04",
    `Load into table '${table}' failed. Check 'sys_load_error_detail' system table for details.`,
    first && where ? { detail: `${where.join(", ")}: ${first.reason}` } : {},
  )
}
