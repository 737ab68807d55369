import { type Kysely, sql, type Transaction } from "kysely"
import { brokenConstraint } from "../connection.ts"
import type { StateSchema } from "../schema.ts"

export type RequestOperation = "CREATE" | "UPDATE" | "DELETE"

export const requestStatuses = [
  "PENDING",
  "IN_PROGRESS",
  "SUCCESS",
  "FAILED",
  "CANCEL_IN_PROGRESS",
  "CANCEL_COMPLETE",
] as const
export type RequestStatus = (typeof requestStatuses)[number]

/** How far the work of a request is: its effect may have begun, or is made. */
export type RequestStage = "recorded" | "begun" | "made"

/** A request that somebody made about a resource. */
export interface RequestRecord {
  /** UUID. */
  token: string
  /** Rises with each request. */
  number: string
  operation: RequestOperation
  typeName: string
  /** The identifier's text; null: it has none yet, and never gets one when the request fails. */
  identifier: string | null
  status: RequestStatus
  stage: RequestStage
  /** JSON text of the properties that are wanted, also those that are never shown; null: none are. */
  desired: string | null
  /** Access key or SQL user, and its role. */
  callerName: string
  callerRole: string
  errorCode: string | null
  statusMessage: string | null
  /** JSON text of what the caller may see. */
  model: string | null
  requestedAt: Date
  changedAt: Date
}

export interface TakenRequest extends RequestRecord {
  /** Milliseconds since it was requested, by the database's clock. */
  ageMs: number
}

export interface NewRequest
  extends Pick<
    RequestRecord,
    | "operation"
    | "typeName"
    | "identifier"
    | "desired"
    | "callerName"
    | "callerRole"
    | "errorCode"
    | "statusMessage"
  > {
  status: "IN_PROGRESS" | "FAILED"
  /** What the client calls the request; null: it does not. */
  clientToken: string | null
  /** A hash of all that the client asked for. */
  content: string
}

export type Recorded =
  | { kind: "recorded" | "replayed"; request: RequestRecord }
  /** The client's token stands for another request. */
  | { kind: "otherContent" }
  /** Another request about the resource is open. */
  | { kind: "busy" }

export interface RequestFilter {
  operations?: readonly RequestOperation[] | undefined
  statuses?: readonly RequestStatus[] | undefined
}

export interface RequestOutcome {
  status: "SUCCESS" | "FAILED"
  errorCode: string | null
  statusMessage: string | null
  model: string | null
}

/**
 * Requests about resources. They are kept for 7 days, client tokens hold for 36 hours, by the database's clock. A process takes a
 * request for some seconds to carry it out; what it writes after another one took it changes nothing.
 */
export interface RequestStore {
  record(request: NewRequest): Promise<Recorded>
  /** The request that a client's token stands for now, if its content is this. */
  replayOf(clientToken: string, content: string): Promise<RequestRecord | "otherContent" | undefined>
  byToken(token: string): Promise<RequestRecord | undefined>
  /** Newest first; `after`: the number of the last one of the page before. */
  list(filter: RequestFilter, page: { after: string | undefined; limit: number }): Promise<RequestRecord[]>
  /** Asks for its end. `ended`: it had ended. */
  cancel(token: string): Promise<RequestRecord | "ended" | undefined>
  /** Open requests whose time has come and that nobody carries out, at most `limit`. */
  take(owner: string, limit: number): Promise<TakenRequest[]>
  /** False: the request is no longer this owner's. */
  note(owner: string, token: string, stage: RequestStage): Promise<boolean>
  /** Gives it back until then. */
  later(owner: string, token: string, inMs: number): Promise<void>
  /** False: as with `note`. One that was to be cancelled is cancelled, whatever the outcome. */
  end(owner: string, token: string, outcome: RequestOutcome): Promise<boolean>
  /** Milliseconds until the next open request is due; undefined: none is open. */
  nextDueMs(): Promise<number | undefined>
  /** Gives back what this owner has. */
  release(owner: string): Promise<void>
}

const keptFor = sql`interval '7 days'`
const tokenHoldsFor = sql`interval '36 hours'`
/** What a process takes is free again after so long, if the process ended meanwhile. */
const takenFor = sql`interval '5 seconds'`
/** Keeps the locks of client tokens apart from other locks. */
const tokenLock = 4_716_021_013

type Db = Kysely<StateSchema>

export function requestStore(db: Db): RequestStore {
  return {
    record: (request) => record(db, request),
    replayOf: (clientToken, content) => replayOf(db, clientToken, content),
    byToken: (token) => byToken(db, token),
    list: (filter, page) => list(db, filter, page),
    cancel: (token) => cancel(db, token),
    take: (owner, limit) => take(db, owner, limit),
    async note(owner, token, stage) {
      const { numAffectedRows } = await sql`update millrace.resource_requests
        set stage = ${stage}, taken_until = clock_timestamp() + ${takenFor}
        where token = ${token} and taken_by = ${owner}`.execute(db)
      return numAffectedRows === 1n
    },
    async later(owner, token, inMs) {
      await sql`update millrace.resource_requests
        set taken_by = null, taken_until = null, due_at = clock_timestamp() + ${inMs} * interval '1 ms'
        where token = ${token} and taken_by = ${owner}`.execute(db)
    },
    end: (owner, token, outcome) => end(db, owner, token, outcome),
    async nextDueMs() {
      const { rows } = await sql<{ ms: number | null }>`
        select extract(epoch from min(greatest(due_at, taken_until)) - clock_timestamp())::float8 * 1000 as ms
        from millrace.resource_requests where ${isOpen}`.execute(db)
      return rows[0]?.ms === null || rows[0] === undefined ? undefined : Math.max(0, rows[0].ms)
    },
    async release(owner) {
      await sql`update millrace.resource_requests set taken_by = null, taken_until = null
        where taken_by = ${owner} and ${isOpen}`.execute(db)
    },
  }
}

const isOpen = sql`status in ('PENDING', 'IN_PROGRESS', 'CANCEL_IN_PROGRESS')`

async function record(db: Db, request: NewRequest): Promise<Recorded> {
  try {
    return await db.transaction().execute((transaction) => recordIn(transaction, request))
  } catch (error) {
    if (brokenConstraint(error) === "resource_requests_one_open") return { kind: "busy" }
    throw error
  }
}

async function recordIn(transaction: Transaction<StateSchema>, request: NewRequest): Promise<Recorded> {
  const { clientToken, content } = request
  if (clientToken !== null) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${clientToken}, ${tokenLock}))`.execute(
      transaction,
    )
    const before = await replayOf(transaction, clientToken, content)
    if (before === "otherContent") return { kind: "otherContent" }
    if (before !== undefined) return { kind: "replayed", request: before }
    await sql`update millrace.resource_requests set client_token = null where client_token = ${clientToken}`.execute(
      transaction,
    )
  }
  await sql`delete from millrace.resource_requests where requested_at < clock_timestamp() - ${keptFor}
    and not ${isOpen}`.execute(transaction)
  const { rows } = await sql<RequestRow>`insert into millrace.resource_requests
    (operation, type_name, identifier, status, desired, caller_name, caller_role, error_code, status_message,
     client_token, content)
    values (${request.operation}, ${request.typeName}, ${request.identifier}, ${request.status}, ${request.desired},
     ${request.callerName}, ${request.callerRole}, ${request.errorCode}, ${request.statusMessage}, ${clientToken}, ${content})
    returning *`.execute(transaction)
  return { kind: "recorded", request: onlyOne(rows) }
}

async function replayOf(
  db: Db,
  clientToken: string,
  content: string,
): Promise<RequestRecord | "otherContent" | undefined> {
  const { rows } = await sql<RequestRow>`select * from millrace.resource_requests
    where client_token = ${clientToken} and requested_at > clock_timestamp() - ${tokenHoldsFor}`.execute(db)
  const [row] = rows
  if (row === undefined) return undefined
  return row.content === content ? fromRow(row) : "otherContent"
}

async function byToken(db: Db, token: string): Promise<RequestRecord | undefined> {
  const { rows } = await sql<RequestRow>`select * from millrace.resource_requests
    where token = ${token} and requested_at > clock_timestamp() - ${keptFor}`.execute(db)
  return rows.map(fromRow)[0]
}

async function list(
  db: Db,
  { operations, statuses }: RequestFilter,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<RequestRecord[]> {
  const { rows } = await sql<RequestRow>`select * from millrace.resource_requests
    where requested_at > clock_timestamp() - ${keptFor}
    and (${operations ?? null}::text[] is null or operation = any(${operations ?? null}::text[]))
    and (${statuses ?? null}::text[] is null or status = any(${statuses ?? null}::text[]))
    and (${after ?? null}::text is null or number < ${after ?? null}::bigint)
    order by number desc limit ${limit}`.execute(db)
  return rows.map(fromRow)
}

async function cancel(db: Db, token: string): Promise<RequestRecord | "ended" | undefined> {
  const { rows } = await sql<RequestRow>`update millrace.resource_requests
    set status = 'CANCEL_IN_PROGRESS', changed_at = clock_timestamp(), due_at = clock_timestamp()
    where token = ${token} and status in ('PENDING', 'IN_PROGRESS') returning *`.execute(db)
  if (rows.length > 0) return onlyOne(rows)
  return (await byToken(db, token)) === undefined ? undefined : "ended"
}

async function take(db: Db, owner: string, limit: number): Promise<TakenRequest[]> {
  const { rows } = await sql<RequestRow & { age_ms: number }>`
    with due as (
      select token from millrace.resource_requests
      where ${isOpen} and due_at <= clock_timestamp() and (taken_until is null or taken_until <= clock_timestamp())
      order by due_at limit ${limit} for update skip locked
    )
    update millrace.resource_requests r set taken_by = ${owner}, taken_until = clock_timestamp() + ${takenFor}
    from due where r.token = due.token
    returning r.*, extract(epoch from clock_timestamp() - r.requested_at)::float8 * 1000 as age_ms`.execute(
    db,
  )
  return rows.map((row) => ({ ...fromRow(row), ageMs: row.age_ms }))
}

async function end(db: Db, owner: string, token: string, outcome: RequestOutcome): Promise<boolean> {
  const { numAffectedRows } = await sql`update millrace.resource_requests set
    status = case when status = 'CANCEL_IN_PROGRESS' then 'CANCEL_COMPLETE' else ${outcome.status} end,
    error_code = case when status = 'CANCEL_IN_PROGRESS' then null else ${outcome.errorCode} end,
    status_message = case when status = 'CANCEL_IN_PROGRESS' then null else ${outcome.statusMessage} end,
    model = case when status = 'CANCEL_IN_PROGRESS' then null else ${outcome.model} end,
    desired = null, changed_at = clock_timestamp(), taken_by = null, taken_until = null
    where token = ${token} and taken_by = ${owner} and ${isOpen}`.execute(db)
  return numAffectedRows === 1n
}

interface RequestRow {
  token: string
  operation: RequestOperation
  type_name: string
  identifier: string | null
  status: RequestStatus
  stage: RequestStage
  desired: string | null
  caller_name: string
  caller_role: string
  error_code: string | null
  status_message: string | null
  model: string | null
  requested_at: Date
  changed_at: Date
  content: string
  number: string
}

function onlyOne(rows: readonly RequestRow[]): RequestRecord {
  const [row] = rows
  if (row === undefined) throw new Error("the state database answered no row")
  return fromRow(row)
}

function fromRow(row: RequestRow): RequestRecord {
  return {
    token: row.token,
    number: row.number,
    operation: row.operation,
    typeName: row.type_name,
    identifier: row.identifier,
    status: row.status,
    stage: row.stage,
    desired: row.desired,
    callerName: row.caller_name,
    callerRole: row.caller_role,
    errorCode: row.error_code,
    statusMessage: row.status_message,
    model: row.model,
    requestedAt: row.requested_at,
    changedAt: row.changed_at,
  }
}
