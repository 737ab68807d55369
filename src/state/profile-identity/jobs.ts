import { type Kysely, sql } from "kysely"
import { plainId } from "../profiles/profile-rows.ts"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** (Source: IdentityResolutionJobStatus of the customer-profiles service model.) */
export type JobStatus =
  | "PENDING"
  | "PREPROCESSING"
  | "FIND_MATCHING"
  | "MERGING"
  | "COMPLETED"
  | "PARTIAL_SUCCESS"
  | "FAILED"

/** An identity resolution job of a domain. */
export interface IdentityJob {
  /** 32 hexadecimal digits. */
  id: string
  domain: number
  status: JobStatus
  message: string | undefined
  /** When it began, or is to begin. */
  startsAt: Date
  endedAt: Date | undefined
  profilesReviewed: number
  matchesFound: number
  mergesDone: number
}

/** What changes of a job while it runs. */
export type JobProgress = Partial<
  Pick<IdentityJob, "status" | "message" | "profilesReviewed" | "matchesFound" | "mergesDone">
>

/** A domain with the JSON text of its Matching, and its job that has not ended. */
export interface ScheduledDomain {
  number: number
  name: string
  matching: string | undefined
  open: IdentityJob | undefined
}

export interface IdentityJobStore {
  domains(): Promise<ScheduledDomain[]>
  /** Unless one of the domain is open. */
  schedule(job: { id: string; domain: number; startsAt: Date }): Promise<void>
  /** One that has not begun. */
  cancel(id: string): Promise<void>
  progress(id: string, progress: JobProgress): Promise<void>
  end(id: string, progress: JobProgress): Promise<void>
  find(domain: number, id: string): Promise<IdentityJob | undefined>
  /** Newest first, `after`: how many of the newest are left out. */
  list(domain: number, page: { after: number; limit: number }): Promise<IdentityJob[]>
}

export function identityJobStore(db: Db): IdentityJobStore {
  return {
    domains: () => domains(db),
    schedule: async ({ id, domain, startsAt }) => {
      await sql`insert into millrace.profile_identity_jobs (id, domain, status, starts_at)
        values (${id}::uuid, ${domain}, 'PENDING', ${startsAt}) on conflict do nothing`.execute(db)
    },
    cancel: async (id) => {
      await sql`delete from millrace.profile_identity_jobs where id = ${id}::uuid and status = 'PENDING'`.execute(
        db,
      )
    },
    progress: (id, progress) => update(db, id, progress),
    end: (id, progress) => update(db, id, progress, sql`, ended_at = clock_timestamp()`),
    find: async (domain, id) => {
      const { rows } = await sql<JobRow>`select * from millrace.profile_identity_jobs
        where domain = ${domain} and id = ${id}::uuid`.execute(db)
      return rows.map(jobFromRow)[0]
    },
    list: async (domain, { after, limit }) => {
      const { rows } = await sql<JobRow>`select * from millrace.profile_identity_jobs where domain = ${domain}
        order by starts_at desc, id offset ${after} limit ${limit}`.execute(db)
      return rows.map(jobFromRow)
    },
  }
}

async function domains(db: Db): Promise<ScheduledDomain[]> {
  const { rows } = await sql<{ number: number; name: string; matching: string | null; job: JobRow | null }>`
    select d.number, d.name, d.matching, to_jsonb(j) as job
    from millrace.profile_domains d left join millrace.profile_identity_jobs j
      on j.domain = d.number and j.status in ('PENDING', 'PREPROCESSING', 'FIND_MATCHING', 'MERGING')
    where d.matching is not null or j.id is not null order by d.number`.execute(db)
  return rows.map(({ number, name, matching, job }) => ({
    number,
    name,
    matching: matching ?? undefined,
    open: job === null ? undefined : jobFromRow(job),
  }))
}

async function update(
  db: Db,
  id: string,
  { status, message, profilesReviewed, matchesFound, mergesDone }: JobProgress,
  more = sql``,
): Promise<void> {
  await sql`update millrace.profile_identity_jobs set status = coalesce(${status ?? null}, status),
    message = coalesce(${message ?? null}, message),
    profiles_reviewed = coalesce(${profilesReviewed ?? null}::bigint, profiles_reviewed),
    matches_found = coalesce(${matchesFound ?? null}::bigint, matches_found),
    merges_done = coalesce(${mergesDone ?? null}::bigint, merges_done) ${more} where id = ${id}::uuid`.execute(
    db,
  )
}

interface JobRow {
  id: string
  domain: number
  status: JobStatus
  message: string | null
  starts_at: Date | string
  ended_at: Date | string | null
  profiles_reviewed: string | number
  matches_found: string | number
  merges_done: string | number
}

function jobFromRow(row: JobRow): IdentityJob {
  return {
    id: plainId(row.id),
    domain: row.domain,
    status: row.status,
    message: row.message ?? undefined,
    startsAt: new Date(row.starts_at),
    endedAt: row.ended_at === null ? undefined : new Date(row.ended_at),
    profilesReviewed: Number(row.profiles_reviewed),
    matchesFound: Number(row.matches_found),
    mergesDone: Number(row.merges_done),
  }
}
