import type { CopyRequest } from "../../../control-plane/copy-jobs/copy-files.ts"
import type { LoadError } from "../../../domain/copy.ts"
import { Problem, type ProblemKind, reportOf } from "../../../domain/problems.ts"
import type { CopyDestination, CopyTransaction } from "../../../loading/copy-target.ts"
import type { Answer } from "../../../query/contract.ts"
import { faultAsPgError } from "../../../query/faults.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type CopyAdministration, type CopyContext, type LoadTarget, loadTargetOf } from "./context.ts"
import { jobColumns, runJobCommand } from "./run-job.ts"
import type { CopyCommand, CopyStatement } from "./statements.ts"

/** The columns of an answer; undefined: none. */
export function copyFields({ kind }: CopyCommand): string[] | undefined {
  return kind === "listJobs" || kind === "showJob" ? jobColumns : undefined
}

/** What the client should know before it runs. */
export function copyNotices(command: CopyCommand): string[] {
  if (command.kind !== "load" || command.copy.authorisation.kind !== "keys") return []
  return ["access keys in the statement are not used: the bucket is read with those of the configuration"]
}

/** Does what a COPY statement says. Throws PgError. */
export async function runCopyCommand(command: CopyCommand, context: CopyContext): Promise<Answer> {
  const { session } = context
  session.transaction.wrote()
  session.transaction.assertUsable()
  const { administration } = context
  if (administration === undefined) throw new PgError("0A000", "COPY is not supported on this port")
  try {
    switch (command.kind) {
      case "load":
        return await load(command.copy, administration, context)
      default:
        return await runJobCommand(command, administration, context)
    }
  } catch (error) {
    throw asPgError(error)
  }
}

function asPgError(error: unknown): unknown {
  if (!(error instanceof Problem)) return faultAsPgError(error)
  const { message } = reportOf(error)
  const hint = message.slice(error.message.length + 1)
  return new PgError(sqlStates[error.kind] ?? "58030", error.message, hint === "" ? {} : { hint })
}

const sqlStates: Partial<Record<ProblemKind, string>> = {
  copyTargetMissing: "42P01",
  diskFull: "53100",
  warehouseDiskFull: "53100",
  warehouseLocked: "55P03",
}

async function load(
  copy: CopyStatement,
  administration: CopyAdministration,
  context: CopyContext,
): Promise<Answer> {
  const { caller, session } = context
  await session.transaction.ensure()
  const target = await loadTargetOf(copy, administration, context)
  const { destination, shownDatabase } = target
  const result = await administration.load({
    caller,
    sessionId: session.id,
    destination,
    shownDatabase,
    from: copy.from,
    isManifest: copy.isManifest,
    options: copy.options,
    transact: await transactIn(target, context),
    alive: session.alive,
  })
  session.copied({ queryId: result.queryId, rows: result.isOver ? 0 : result.rows })
  if (result.isOver) throw loadFailed(destination, result.errors)
  return { rows: [], tag: `COPY ${result.rows}` }
}

async function transactIn(
  { warehouse, writesIn, destination: { database } }: LoadTarget,
  { session: { transaction, run } }: CopyContext,
): Promise<CopyRequest["transact"]> {
  if (warehouse.kind === "ownUsers") {
    if (transaction.isExplicit())
      throw new PgError("25001", "COPY into this warehouse cannot run inside a transaction block", {
        hint: "The load is a transaction of its own there, which ROLLBACK would not undo.",
      })
    return (work) => warehouse.transact(database, work)
  }
  await transaction.writeOnlyIn(writesIn)
  const target: OpenTarget = (wanted, options) => warehouse.targetOn(run, wanted, options)
  // The session's transaction keeps it, or not.
  return async (work) => (await work({ target })).value
}

type OpenTarget = CopyTransaction["target"]

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
