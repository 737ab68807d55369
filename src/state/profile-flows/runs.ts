import { type Kysely, sql, type Transaction } from "kysely"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** As AppFlow names them. */
export type RunStatus = "InProgress" | "Successful" | "Error" | "CancelStarted" | "Canceled"

/** What a run has done so far. */
export interface RunCounts {
  bytesProcessed: number
  bytesWritten: number
  recordsProcessed: number
  recordsIngested: number
  /** Records that no filter let through, or that a validation dropped. */
  recordsFiltered: number
  /** Records that became dead letters. */
  recordsRefused: number
}

export interface RunRecord extends RunCounts {
  number: string
  id: string
  domain: string
  integration: number
  uri: string
  objectType: string
  status: RunStatus
  /** Everything is read, not only what is new. */
  isComplete: boolean
  pullFrom: Date | undefined
  pullTo: Date
  attempts: number
  errorInfo: string | undefined
  startedAt: Date
  updatedAt: Date
  endedAt: Date | undefined
}

export interface NewRun {
  integration: number
  objectType: string
  isComplete: boolean
  pullFrom: Date | undefined
  /** The schedule's time for which it begins; undefined: none. */
  dueAt: Date | undefined
}

/** An object of a bucket, and how much of it is ingested. */
export interface ReadObject {
  key: string
  etag: string
  /** Records from its beginning. */
  records: number
  isEnded: boolean
}

/** What a batch of records has brought, recorded in the transaction that ingests it. */
export interface RunStep extends RunCounts {
  /** JSON text, of a reader of rows. */
  position?: string | undefined
  objects: readonly ReadObject[]
}

/** Runs of flows. Writes of a run carry the generation of the duty to run flows, and change nothing once a newer one has the run. */
export interface FlowRunStore {
  /** Begins a run, and takes the wish for one back. Undefined: one runs already, or the integration is gone. */
  begin(run: NewRun, generation: number): Promise<RunRecord | undefined>
  /** The run of each integration that has not ended; it is this generation's from now on. */
  takeOpen(integration: number, generation: number): Promise<RunRecord | undefined>
  /** False: somebody cancelled it, a newer generation has it, or it is gone; then nothing of the transaction may stay. */
  step(
    transaction: Transaction<StateSchema>,
    run: string,
    generation: number,
    step: RunStep,
  ): Promise<boolean>
  /** The run failed and will be tried again. Answers how often it has. */
  failed(run: string, generation: number, errorInfo: string): Promise<number>
  /** Ends it; one that was cancelled is Canceled. */
  end(
    run: string,
    generation: number,
    outcome: { status: "Successful" | "Error"; errorInfo?: string },
  ): Promise<void>
  /** False: there is no such run that goes on. */
  cancel(domain: string, id: string): Promise<boolean>
  /** Which of these objects a flow has read, or begun to: by key. `run`: only what this run read; undefined: whichever. */
  readObjects(
    integration: number,
    keys: readonly string[],
    run: string | undefined,
  ): Promise<Map<string, ReadObject>>
  /** Of a domain, or of all; newest first. */
  list(domain: string | undefined, limit: number): Promise<RunRecord[]>
}

const runsKept = 1_000
const isOpen = sql`status in ('InProgress', 'CancelStarted')`
const shown = sql`r.*, d.name as domain_name`
const joined = sql`millrace.profile_flow_runs r join millrace.profile_domains d on d.number = r.domain`

export function flowRunStore(db: Db): FlowRunStore {
  return {
    begin: (run, generation) => begin(db, run, generation),
    takeOpen: (integration, generation) => takeOpen(db, integration, generation),
    step: (transaction, run, generation, taken) => step(transaction, { run, generation }, taken),
    failed: (run, generation, errorInfo) => failed(db, { run, generation }, errorInfo),
    async end(run, generation, { status, errorInfo }) {
      await sql`update millrace.profile_flow_runs set
        status = case when status = 'CancelStarted' then 'Canceled' else ${status} end, error_info = ${errorInfo ?? null},
        ended_at = clock_timestamp(), updated_at = clock_timestamp()
        where number = ${run}::bigint and generation = ${generation} and ${isOpen}`.execute(db)
    },
    async cancel(domain, id) {
      const { numAffectedRows } = await sql`update millrace.profile_flow_runs r set status = 'CancelStarted',
        updated_at = clock_timestamp() from millrace.profile_domains d
        where d.number = r.domain and d.name = ${domain} and r.id = ${id}::uuid and r.status = 'InProgress'`.execute(
        db,
      )
      return numAffectedRows === 1n
    },
    readObjects: (integration, keys, run) => readObjects(db, integration, keys, run),
    async list(domain, limit) {
      const { rows } = await sql<RunRow>`select ${shown} from ${joined}
        where ${domain ?? null}::text is null or d.name = ${domain ?? null}
        order by r.number desc limit ${limit}`.execute(db)
      return rows.map(fromRow)
    },
  }
}

async function begin(db: Db, run: NewRun, generation: number): Promise<RunRecord | undefined> {
  const { integration, objectType, isComplete, pullFrom, dueAt } = run
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ number: string }>`with wanted as (
        update millrace.profile_integrations set run_wanted = false,
          last_due_at = coalesce(${dueAt ?? null}::timestamptz, last_due_at)
        where number = ${integration} returning domain, number, uri
      )
      insert into millrace.profile_flow_runs (domain, integration, uri, object_type, status, generation, is_complete,
        pull_from, pull_to)
      select domain, number, uri, ${objectType}, 'InProgress', ${generation}, ${isComplete}, ${pullFrom ?? null}::timestamptz,
        clock_timestamp() from wanted
      on conflict (integration) where ${isOpen} do nothing returning number`.execute(transaction)
    const [made] = rows
    if (made === undefined) return undefined
    await sql`delete from millrace.profile_flow_runs where integration = ${integration} and not ${isOpen}
      and number <= (select number from millrace.profile_flow_runs where integration = ${integration}
        order by number desc offset ${runsKept} limit 1)`.execute(transaction)
    const read =
      await sql<RunRow>`select ${shown} from ${joined} where r.number = ${made.number}::bigint`.execute(
        transaction,
      )
    return read.rows.map(fromRow)[0]
  })
}

async function takeOpen(db: Db, integration: number, generation: number): Promise<RunRecord | undefined> {
  const { rows } = await sql<RunRow>`update millrace.profile_flow_runs r set generation = ${generation}
    from millrace.profile_domains d where d.number = r.domain and r.integration = ${integration} and ${isOpen}
    and r.generation <= ${generation} returning ${shown}`.execute(db)
  return rows.map(fromRow)[0]
}

interface HeldRun {
  run: string
  generation: number
}

async function step(
  transaction: Transaction<StateSchema>,
  { run, generation }: HeldRun,
  { position, objects, ...counts }: RunStep,
): Promise<boolean> {
  const { rows } = await sql<{ integration: number }>`update millrace.profile_flow_runs set
    bytes_processed = bytes_processed + ${counts.bytesProcessed}, bytes_written = bytes_written + ${counts.bytesWritten},
    records_processed = records_processed + ${counts.recordsProcessed},
    records_ingested = records_ingested + ${counts.recordsIngested},
    records_filtered = records_filtered + ${counts.recordsFiltered},
    records_refused = records_refused + ${counts.recordsRefused}, attempts = 0, updated_at = clock_timestamp()
    where number = ${run}::bigint and generation = ${generation} and status = 'InProgress' returning integration`.execute(
    transaction,
  )
  const [held] = rows
  if (held === undefined) return false
  if (position !== undefined)
    await sql`update millrace.profile_integrations set position = ${position} where number = ${held.integration}`.execute(
      transaction,
    )
  if (objects.length > 0)
    await sql`insert into millrace.profile_flow_objects (integration, key, etag, records, is_ended, run)
      select ${held.integration}, w.*, ${run}::bigint from unnest(${objects.map(({ key }) => key)}::text[],
        ${objects.map(({ etag }) => etag)}::text[], ${objects.map(({ records }) => records)}::bigint[],
        ${objects.map(({ isEnded }) => isEnded)}::boolean[]) as w
      on conflict (integration, key) do update set etag = excluded.etag, records = excluded.records,
        is_ended = excluded.is_ended, run = excluded.run`.execute(transaction)
  return true
}

async function failed(db: Db, { run, generation }: HeldRun, errorInfo: string): Promise<number> {
  const { rows } = await sql<{
    attempts: number
  }>`update millrace.profile_flow_runs set attempts = attempts + 1,
    error_info = ${errorInfo}, updated_at = clock_timestamp()
    where number = ${run}::bigint and generation = ${generation} and ${isOpen} returning attempts`.execute(db)
  return rows[0]?.attempts ?? 0
}

async function readObjects(
  db: Db,
  integration: number,
  keys: readonly string[],
  run: string | undefined,
): Promise<Map<string, ReadObject>> {
  const { rows } = await sql<{ key: string; etag: string; records: string; is_ended: boolean }>`
    select key, etag, records, is_ended from millrace.profile_flow_objects
    where integration = ${integration} and key = any(${[...keys]}::text[])
    and (${run ?? null}::bigint is null or run = ${run ?? null}::bigint)`.execute(db)
  return new Map(
    rows.map(({ key, etag, records, is_ended: isEnded }) => [
      key,
      { key, etag, records: Number(records), isEnded },
    ]),
  )
}

interface RunRow {
  number: string
  id: string
  domain_name: string
  integration: number
  uri: string
  object_type: string
  status: RunStatus
  is_complete: boolean
  pull_from: Date | null
  pull_to: Date
  bytes_processed: string
  bytes_written: string
  records_processed: string
  records_ingested: string
  records_filtered: string
  records_refused: string
  attempts: number
  error_info: string | null
  started_at: Date
  updated_at: Date
  ended_at: Date | null
}

function fromRow(row: RunRow): RunRecord {
  return {
    number: row.number,
    id: row.id,
    domain: row.domain_name,
    integration: row.integration,
    uri: row.uri,
    objectType: row.object_type,
    status: row.status,
    isComplete: row.is_complete,
    pullFrom: row.pull_from ?? undefined,
    pullTo: row.pull_to,
    bytesProcessed: Number(row.bytes_processed),
    bytesWritten: Number(row.bytes_written),
    recordsProcessed: Number(row.records_processed),
    recordsIngested: Number(row.records_ingested),
    recordsFiltered: Number(row.records_filtered),
    recordsRefused: Number(row.records_refused),
    attempts: row.attempts,
    errorInfo: row.error_info ?? undefined,
    startedAt: row.started_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at ?? undefined,
  }
}
