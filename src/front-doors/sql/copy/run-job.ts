import type { ShownJob } from "../../../control-plane/copy-jobs/jobs.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { Answer } from "../../../query/contract.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type CopyAdministration, type CopyContext, loadTargetOf } from "./context.ts"
import type { CopyCommand } from "./statements.ts"

type JobCommand = Exclude<CopyCommand, { kind: "load" }>

/** Of COPY JOB LIST and SHOW. */
export const jobColumns = ["job_name", "job_state", "auto", "job_owner", "target", "source", "job_text"]

/** The command tag, and what the audit trail calls the statement. */
const tags = {
  createJob: "COPY JOB CREATE",
  alterJob: "COPY JOB ALTER",
  runJob: "COPY JOB RUN",
  dropJob: "COPY JOB DROP",
} as const

/** Does what a statement about a job says. Throws Fault, Problem and PgError. */
export async function runJobCommand(
  command: JobCommand,
  administration: CopyAdministration,
  context: CopyContext,
): Promise<Answer> {
  const { jobs } = administration
  if (jobs === undefined) throw new PgError("0A000", "COPY JOB is not supported on this port")
  const { caller } = context
  if (command.kind === "listJobs") return { rows: (await jobs.list(caller)).map(rowOf), tag: "SHOW" }
  if (command.kind === "showJob") return { rows: [rowOf(await jobs.show(caller, command.name))], tag: "SHOW" }
  const tag = tags[command.kind]
  refuseInTransaction(tag, context)
  const statement = { operation: tag, resource: command.name, parameters: parametersOf(command) }
  await context.audit(statement, () => change(command, { ...administration, jobs }, context))
  return { rows: [], tag }
}

type Change = Exclude<JobCommand, { kind: "listJobs" } | { kind: "showJob" }>

type WithJobs = CopyAdministration & Required<{ jobs: NonNullable<CopyAdministration["jobs"]> }>

async function change(command: Change, administration: WithJobs, context: CopyContext): Promise<void> {
  const { caller } = context
  const { jobs } = administration
  switch (command.kind) {
    case "createJob":
      return createJob(command, administration, context)
    case "alterJob":
      return jobs.setAuto(caller, command.name, command.isAuto)
    case "runJob":
      return jobs.run(caller, command.name)
    case "dropJob":
      return jobs.drop(caller, command.name)
    default:
      return unreachable(command)
  }
}

function parametersOf(command: Change): object {
  if (command.kind === "alterJob") return { auto: command.isAuto }
  if (command.kind !== "createJob") return {}
  const { copy, isAuto, includesExisting } = command
  return { table: copy.table.join("."), from: copy.from, auto: isAuto, existing: includesExisting }
}

async function createJob(
  { copy, name, isAuto, includesExisting, text }: Extract<JobCommand, { kind: "createJob" }>,
  administration: WithJobs,
  context: CopyContext,
): Promise<void> {
  if (copy.authorisation.kind !== "role") throw new PgError("0A000", "a COPY JOB needs IAM_ROLE 'arn:…'")
  const { destination, warehouse, isTemporary } = await loadTargetOf(copy, administration, context)
  if (isTemporary) throw new PgError("0A000", "a COPY JOB cannot load a temporary table")
  await administration.jobs.create(context.caller, {
    name,
    targetArn: warehouse.targetArn,
    destination,
    from: copy.from,
    iamRole: copy.authorisation.arn,
    statement: text.trim(),
    options: copy.options,
    isAuto,
    includesExisting,
  })
}

function refuseInTransaction(what: string, { session }: CopyContext): void {
  if (session.transaction.isExplicit())
    throw new PgError("25001", `${what} cannot run inside a transaction block`, {
      hint: "It takes effect at once, and ROLLBACK would not undo it.",
    })
}

function rowOf(job: ShownJob): string[] {
  const { name, isActive, isAuto, owner, shownDatabase, schema, table, bucket, prefix, statement } = job
  return [
    name,
    isActive ? "active" : "inactive",
    isAuto ? "on" : "off",
    owner,
    [shownDatabase, schema, table].join("."),
    `s3://${bucket}/${prefix}`,
    statement,
  ]
}
