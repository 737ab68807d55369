import type { CopyJobs, ShownJob } from "../../../control-plane/copy/jobs.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Answer } from "../session-answers.ts"
import { type CopyContext, destinationOf } from "./context.ts"
import type { CopyCommand } from "./statements.ts"

type JobCommand = Exclude<CopyCommand, { kind: "load" }>

/** Of COPY JOB LIST and SHOW. */
export const jobColumns = ["job_name", "job_state", "auto", "job_owner", "target", "source", "job_text"]

/** Does what a statement about a job says. Throws Fault, Problem and PgError. */
export async function runJobCommand(
  command: JobCommand,
  jobs: CopyJobs | undefined,
  context: CopyContext,
): Promise<Answer> {
  if (jobs === undefined) throw new PgError("0A000", "COPY JOB is not supported on this port")
  const { caller } = context
  const done = (tag: string): Answer => ({ rows: [], tag })
  switch (command.kind) {
    case "createJob":
      await createJob(command, jobs, context)
      return done("COPY JOB CREATE")
    case "alterJob":
      await jobs.setAuto(caller, command.name, command.isAuto)
      return done("COPY JOB ALTER")
    case "runJob":
      refuseInTransaction("COPY JOB RUN", context)
      await jobs.run(caller, command.name)
      return done("COPY JOB RUN")
    case "dropJob":
      refuseInTransaction("COPY JOB DROP", context)
      await jobs.drop(caller, command.name)
      return done("COPY JOB DROP")
    case "listJobs":
      return { rows: (await jobs.list(caller)).map(rowOf), tag: "SHOW" }
    case "showJob":
      return { rows: [rowOf(await jobs.show(caller, command.name))], tag: "SHOW" }
    default:
      return unreachable(command)
  }
}

async function createJob(
  { copy, name, isAuto, includesExisting, text }: Extract<JobCommand, { kind: "createJob" }>,
  jobs: CopyJobs,
  context: CopyContext,
): Promise<void> {
  refuseInTransaction("COPY JOB CREATE", context)
  if (copy.authorisation.kind !== "role") throw new PgError("0A000", "a COPY JOB needs IAM_ROLE 'arn:…'")
  const destination = await destinationOf(copy, context)
  await jobs.create(context.caller, {
    name,
    destination,
    from: copy.from,
    iamRole: copy.authorisation.arn,
    statement: text.trim(),
    options: copy.options,
    isAuto,
    includesExisting,
  })
}

function refuseInTransaction(what: string, { transaction }: CopyContext): void {
  if (transaction.isExplicit())
    throw new PgError("25001", `${what} cannot run inside a transaction block`, {
      hint: "It takes effect at once, and ROLLBACK would not undo it.",
    })
}

function rowOf(job: ShownJob): string[] {
  const { name, isActive, isAuto, owner, database, schema, table, bucket, prefix, statement } = job
  return [
    name,
    isActive ? "active" : "inactive",
    isAuto ? "on" : "off",
    owner,
    [database, schema, table].join("."),
    `s3://${bucket}/${prefix}`,
    statement,
  ]
}
