import { type Kysely, type Selectable, sql } from "kysely"
import {
  type GovernedIntegration,
  type GovernedJobKind,
  type GovernedStatus,
  governedStatuses,
  type PendingEdit,
  type SealedAccount,
  type ValidationResults,
} from "../../governance/setup/integration.ts"
import { brokenConstraint } from "../connection.ts"
import type { StateSchema } from "../schema.ts"
import type { GovernanceIntegrationTable } from "./api-tables.ts"

/** Who does a job: a process, by a random name. */
export interface JobOwner {
  integrationId: number
  jobNumber: number
  owner: string
}

export type NewGovernedIntegration = Pick<
  GovernedIntegration,
  "type" | "autoBootstrap" | "config" | "dialect" | "fingerprint" | "validationResults"
> & { account: SealedAccount }

export interface JobBegin {
  /** The statuses it may have now. */
  from: readonly GovernedStatus[]
  to: GovernedStatus
  kind: GovernedJobKind
  owner: string
  validationResults: ValidationResults
  /** Becomes what the integration is when the job ends well. */
  pending?: PendingEdit
  /** Is what the integration is from now on. */
  replaced?: PendingEdit
}

export interface JobEnd {
  status: GovernedStatus
  /** Absent: they stay. */
  validationResults?: ValidationResults
  /** What becomes of a pending edit and of the account. */
  then: "keep" | "applyEdit" | "forgetAccount"
}

export type StepEvent = "begun" | "done" | "failed" | "undone"

export interface GovernedIntegrationStore {
  /** `creating`, with its job owned. A number: the id of the one that has the host already. */
  insert(integration: NewGovernedIntegration, owner: string): Promise<GovernedIntegration | number>
  /** In order of their ids; those that are deleted are not among them. */
  all(): Promise<GovernedIntegration[]>
  byId(id: number): Promise<GovernedIntegration | undefined>
  /** The id of the one in use on a host of this type. */
  idOnHost(type: string, host: string): Promise<number | undefined>
  /** Compares and sets the status; `undefined`: it was another, or a job goes on. */
  beginJob(id: number, begin: JobBegin): Promise<GovernedIntegration | undefined>
  /** Compares and sets the status without a job; `undefined`: it was another, or a job goes on. @throws by `governance_integrations_host` */
  changeStatus(
    id: number,
    change: { from: readonly GovernedStatus[]; to: "disabled" | "enabled" | "deleted" },
  ): Promise<GovernedIntegration | undefined>
  /** Prolongs the job's lease. False: the job is not this owner's any more. */
  renew(job: JobOwner): Promise<boolean>
  /** Takes over jobs whose owners have let their leases run out. */
  takeAbandoned(owner: string): Promise<GovernedIntegration[]>
  /** False: the job is not this owner's any more, and nothing is changed. */
  endJob(job: JobOwner, end: JobEnd): Promise<boolean>
  logStep(job: JobOwner, step: { step: string; event: StepEvent; message?: string }): Promise<void>
  /** Oldest first. */
  steps(id: number): Promise<{ jobNumber: number; step: string; event: string; message: string | null }[]>
  /** Those whose last validation is so long ago; each is handed to one who asks. */
  takeDue(everyMs: number): Promise<GovernedIntegration[]>
  /** After a validation; nothing is changed if the status is another by now. */
  validated(
    id: number,
    change: { from: GovernedStatus; to: GovernedStatus; validationResults: ValidationResults },
  ): Promise<boolean>
}

const lease = sql.raw("clock_timestamp() + interval '5 seconds'")
const now = sql<Date>`clock_timestamp()`
/** Seconds between renewals have to be well below the lease's. */
export const renewJobEveryMs = 1_500

type Db = Kysely<StateSchema>

export function governedIntegrationStore(db: Db): GovernedIntegrationStore {
  const shown = () =>
    db.selectFrom("governance_integrations").selectAll().where("status", "!=", "deleted").orderBy("id")
  return {
    insert: (integration, owner) => insert(db, integration, owner),
    all: async () => (await shown().execute()).map(fromRow),
    async byId(id) {
      const row = await shown().where("id", "=", String(id)).executeTakeFirst()
      return row && fromRow(row)
    },
    idOnHost: (type, host) => idOnHost(db, type, host),
    beginJob: (id, begin) => beginJob(db, id, begin),
    changeStatus: (id, change) => changeStatus(db, id, change),
    async renew(job) {
      const { numUpdatedRows } = await owned(db, job)
        .set({ job_expires_at: sql<Date>`${lease}` })
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async takeAbandoned(owner) {
      const rows = await db
        .updateTable("governance_integrations")
        .set({ job_owner: owner, job_expires_at: sql<Date>`${lease}` })
        .where("job_kind", "is not", null)
        .where("job_expires_at", "<", now)
        .returningAll()
        .execute()
      return rows.map(fromRow)
    },
    endJob: (job, end) => endJob(db, job, end),
    async logStep({ integrationId, jobNumber }, { step, event, message }) {
      await db
        .insertInto("governance_steps")
        .values({
          integration_id: String(integrationId),
          job_number: String(jobNumber),
          step,
          event,
          message: message?.replaceAll("\0", "") ?? null,
        })
        .execute()
    },
    steps: (id) => steps(db, id),
    takeDue: (everyMs) => takeDue(db, everyMs),
    async validated(id, { from, to, validationResults }) {
      const { numUpdatedRows } = await db
        .updateTable("governance_integrations")
        .set({ status: to, validation_results: json(validationResults), updated_at: now })
        .where("id", "=", String(id))
        .where("status", "=", from)
        .where("job_kind", "is", null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
  }
}

async function changeStatus(
  db: Db,
  id: number,
  { from, to }: Parameters<GovernedIntegrationStore["changeStatus"]>[1],
): Promise<GovernedIntegration | undefined> {
  const row = await db
    .updateTable("governance_integrations")
    .set({ status: to, updated_at: now, ...(to === "deleted" && { account: null }) })
    .where("id", "=", String(id))
    .where("status", "in", [...from])
    .where("job_kind", "is", null)
    .returningAll()
    .executeTakeFirst()
  return row && fromRow(row)
}

function owned(db: Db, { integrationId, jobNumber, owner }: JobOwner) {
  return db
    .updateTable("governance_integrations")
    .where("id", "=", String(integrationId))
    .where("job_number", "=", String(jobNumber))
    .where("job_owner", "=", owner)
    .where("job_kind", "is not", null)
}

async function insert(
  db: Db,
  integration: NewGovernedIntegration,
  owner: string,
): Promise<GovernedIntegration | number> {
  const { type, config } = integration
  try {
    const row = await db
      .insertInto("governance_integrations")
      .values({
        type,
        host: config.host.toLowerCase(),
        auto_bootstrap: integration.autoBootstrap,
        status: "creating",
        config: json(config),
        dialect: integration.dialect,
        fingerprint: integration.fingerprint,
        account: json(integration.account),
        validation_results: json(integration.validationResults),
        job_kind: "create",
        job_number: "1",
        job_owner: owner,
        job_expires_at: sql<Date>`${lease}`,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    return fromRow(row)
  } catch (error) {
    if (brokenConstraint(error) !== "governance_integrations_host") throw error
    // Between the two statements the other one may have gone.
    return (await idOnHost(db, type, config.host)) ?? (await insert(db, integration, owner))
  }
}

async function idOnHost(db: Db, type: string, host: string): Promise<number | undefined> {
  const row = await db
    .selectFrom("governance_integrations")
    .select("id")
    .where("type", "=", type)
    .where("host", "=", host.toLowerCase())
    .where("status", "not in", ["disabled", "deleted"])
    .executeTakeFirst()
  return row && Number(row.id)
}

async function beginJob(
  db: Db,
  id: number,
  { from, to, kind, owner, validationResults, pending, replaced }: JobBegin,
): Promise<GovernedIntegration | undefined> {
  const row = await db
    .updateTable("governance_integrations")
    .set({
      status: to,
      validation_results: json(validationResults),
      pending: pending === undefined ? null : json(pending),
      job_kind: kind,
      job_number: sql<string>`job_number + 1`,
      job_owner: owner,
      job_expires_at: sql<Date>`${lease}`,
      updated_at: now,
      ...(replaced && { config: json(replaced.config), fingerprint: replaced.fingerprint }),
      ...(replaced?.account && { account: json(replaced.account) }),
    })
    .where("id", "=", String(id))
    .where("status", "in", [...from])
    .where("job_kind", "is", null)
    .returningAll()
    .executeTakeFirst()
  return row && fromRow(row)
}

async function endJob(db: Db, job: JobOwner, { status, validationResults, then }: JobEnd): Promise<boolean> {
  const { numUpdatedRows } = await owned(db, job)
    .set({
      status,
      job_kind: null,
      job_owner: null,
      job_expires_at: null,
      pending: null,
      updated_at: now,
      validated_at: now,
      ...(validationResults !== undefined && { validation_results: json(validationResults) }),
      ...(then === "forgetAccount" && { account: null }),
      ...(then === "applyEdit" && {
        config: sql<object>`coalesce(pending->'config', config)`,
        fingerprint: sql<string>`coalesce(pending->>'fingerprint', fingerprint)`,
        account: sql<object>`coalesce(pending->'account', account)`,
      }),
    })
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

async function steps(db: Db, id: number) {
  const rows = await db
    .selectFrom("governance_steps")
    .selectAll()
    .where("integration_id", "=", String(id))
    .orderBy("id")
    .execute()
  return rows.map(({ job_number: number, step, event, message }) => ({
    jobNumber: Number(number),
    step,
    event,
    message,
  }))
}

async function takeDue(db: Db, everyMs: number): Promise<GovernedIntegration[]> {
  const rows = await db
    .updateTable("governance_integrations")
    .set({ validated_at: now })
    .where("status", "in", ["enabled", "recurringValidationError", "migrateError"])
    .where("job_kind", "is", null)
    .where("validated_at", "<", sql<Date>`clock_timestamp() - make_interval(secs => ${everyMs / 1_000})`)
    .returningAll()
    .execute()
  return rows.map(fromRow)
}

function json(value: object) {
  return sql<object>`${JSON.stringify(value)}::jsonb`
}

function fromRow(row: Selectable<GovernanceIntegrationTable>): GovernedIntegration {
  const status = governedStatuses.find((one) => one === row.status)
  if (status === undefined)
    throw new Error(`an integration has the status ${row.status}, which another version made`)
  return {
    id: Number(row.id),
    type: row.type,
    autoBootstrap: row.auto_bootstrap,
    status,
    config: row.config as GovernedIntegration["config"],
    dialect: row.dialect,
    fingerprint: row.fingerprint,
    account: (row.account ?? undefined) as SealedAccount | undefined,
    validationResults: row.validation_results as ValidationResults,
    pending: (row.pending ?? undefined) as PendingEdit | undefined,
    job: row.job_kind === null ? undefined : { kind: row.job_kind, number: Number(row.job_number) },
  }
}
