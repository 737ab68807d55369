import { type Kysely, type RawBuilder, sql } from "kysely"
import type {
  AuditEntry,
  AuditedCall,
  AuditedChange,
  AuditedEnd,
  AuditRetention,
  RefusedCall,
} from "../domain/audit.ts"
import { newRefusalRate } from "./refusal-rate.ts"
import type { AuditRow, StateSchema } from "./schema.ts"

export interface AuditStore {
  /** Before the call runs, so that no change goes without its entry. The result is the entry's number. */
  begin(call: AuditedCall): Promise<string>
  /**
   * `refused`: the call changed nothing, and this is what is kept of it. Of a key that is refused all the time most refusals
   * are only counted, at the newest that is kept, as the parameter `moreRefused`.
   */
  end(id: string, end: AuditedEnd): Promise<void>
  /** The newest `limit` entries of those asked for, oldest first. */
  list(which: AuditQuestion): Promise<AuditEntry[]>
}

export interface AuditQuestion {
  since: Date | undefined
  until?: Date | undefined
  /** A part of the key's or user's name, in any case. */
  who?: string | undefined
  /** A part of `door:operation`, of the resource or of the outcome, in any case. */
  what?: string | undefined
  /** Older than the entry of this number. */
  before?: number | undefined
  limit: number
}

/** Old entries go with every so many new ones, so that the trail needs no timer to stay bounded. */
const pruneEvery = 100n

const refusedShare = 10

export function auditStore(db: Kysely<StateSchema>, retention: AuditRetention): AuditStore {
  const rate = newRefusalRate()
  return {
    begin: async (call) => {
      const { id } = await db
        .insertInto("audit")
        .values(toRow(call))
        .returning("id")
        .executeTakeFirstOrThrow()
      if (BigInt(id) % pruneEvery === 0n) await prune(db, retention)
      return id
    },
    end: async (id, { outcome, resource, refused, change }) => {
      if (refused !== undefined)
        return await endRefused(db, rate.newest(refused.accessKeyId, id), id, outcome, refused)
      await db
        .updateTable("audit")
        .set({ outcome, ...(resource !== undefined && { resource }), ...(change && changeRow(change)) })
        .where("id", "=", id)
        .execute()
    },
    list: (which) => list(db, which),
  }
}

/** `into`: the entry of the same key that counts it; the entry itself is then not kept, unless that one is gone. */
async function endRefused(
  db: Kysely<StateSchema>,
  into: string,
  id: string,
  outcome: string,
  { resource, parameters }: RefusedCall,
): Promise<void> {
  if (into !== id && (await countAt(db, into))) {
    await db.deleteFrom("audit").where("id", "=", id).execute()
    return
  }
  await db
    .updateTable("audit")
    .set({
      outcome,
      resource: resource ?? null,
      // Others may have been counted at this entry already.
      parameters: sql<object>`${JSON.stringify(parameters)}::jsonb
        || jsonb_strip_nulls(jsonb_build_object('moreRefused', parameters->'moreRefused'))`,
    })
    .where("id", "=", id)
    .execute()
}

function changeRow({ before, after }: AuditedChange) {
  const json = (value: object | undefined) =>
    value === undefined ? null : sql<object>`${JSON.stringify(value)}::jsonb`
  return { before: json(before), after: json(after) }
}

async function countAt(db: Kysely<StateSchema>, id: string): Promise<boolean> {
  const more = sql`coalesce((parameters->>'moreRefused')::bigint, 0) + 1`
  const { numUpdatedRows } = await db
    .updateTable("audit")
    .set({ parameters: sql<object>`parameters || jsonb_build_object('moreRefused', ${more})` })
    .where("id", "=", id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

async function prune(db: Kysely<StateSchema>, { rows, days }: AuditRetention): Promise<void> {
  const oldestKept = new Date(Date.now() - days * 86_400_000)
  await db.deleteFrom("audit").where("at", "<", oldestKept).execute()
  // As domain/audit.ts tells refusals from the rest; a call without an outcome may have been carried out.
  const changed = sql<boolean>`(outcome is null or outcome in ('ok', 'internal'))`
  await keepNewest(db, changed, rows)
  await keepNewest(db, sql<boolean>`not ${changed}`, Math.ceil(rows / refusedShare))
}

async function keepNewest(db: Kysely<StateSchema>, which: RawBuilder<boolean>, rows: number): Promise<void> {
  await sql`delete from millrace.audit where ${which} and id <=
    (select id from millrace.audit where ${which} order by id desc offset ${rows} limit 1)`.execute(db)
}

async function list(
  db: Kysely<StateSchema>,
  { since, until, who, what, before, limit }: AuditQuestion,
): Promise<AuditEntry[]> {
  const text = sql`concat_ws(' ', door || ':' || operation, resource, coalesce(outcome, 'unknown'))`
  const rows = await db
    .selectFrom("audit")
    .selectAll()
    .$if(since !== undefined, (query) => query.where("at", ">=", since ?? new Date()))
    .$if(until !== undefined, (query) => query.where("at", "<=", until ?? new Date()))
    .$if(before !== undefined, (query) => query.where("id", "<", String(before)))
    .$if(who !== undefined, (query) => query.where(holds(sql`access_key_id`, who ?? "")))
    .$if(what !== undefined, (query) => query.where(holds(text, what ?? "")))
    .orderBy("id", "desc")
    .limit(limit)
    .execute()
  return rows.map(fromRow).reverse()
}

/** Without patterns: `%` and `_` stand for themselves. */
function holds(text: RawBuilder<unknown>, part: string): RawBuilder<boolean> {
  return sql<boolean>`position(lower(${part}::text) in lower(${text})) > 0`
}

function toRow(call: AuditedCall) {
  return {
    at: new Date(),
    request_id: call.requestId,
    door: call.door,
    operation: call.operation,
    access_key_id: call.accessKeyId,
    policy: call.policy,
    address: call.address ?? null,
    resource: call.resource ?? null,
    parameters: sql<object>`${JSON.stringify(call.parameters)}::jsonb`,
    outcome: null,
    before: null,
    after: null,
  }
}

function fromRow(row: AuditRow): AuditEntry {
  return {
    id: Number(row.id),
    at: row.at,
    requestId: row.request_id,
    door: row.door,
    operation: row.operation,
    accessKeyId: row.access_key_id,
    policy: row.policy,
    address: row.address ?? undefined,
    resource: row.resource ?? undefined,
    parameters: row.parameters,
    outcome: row.outcome ?? undefined,
    ...(row.before !== null && { before: row.before }),
    ...(row.after !== null && { after: row.after }),
  }
}
