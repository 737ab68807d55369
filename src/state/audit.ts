import { type Kysely, sql } from "kysely"
import type { AuditEntry, AuditedCall, AuditRetention } from "../domain/audit.ts"
import type { AuditRow, StateSchema } from "./schema.ts"

export interface AuditStore {
  /** Before the call runs, so that no change goes without its entry. The result is the entry's number. */
  begin(call: AuditedCall): Promise<string>
  end(id: string, outcome: string, resource: string | undefined): Promise<void>
  /** The newest `limit` entries since then, oldest first. */
  list(which: { since: Date | undefined; limit: number }): Promise<AuditEntry[]>
}

/** Old entries go with every so many new ones, so that the trail needs no timer to stay bounded. */
const pruneEvery = 100n

export function auditStore(db: Kysely<StateSchema>, retention: AuditRetention): AuditStore {
  return {
    begin: async (call) => {
      const { id } = await db
        .insertInto("audit")
        .values(toRow(call))
        .returning("id")
        .executeTakeFirstOrThrow()
      if (BigInt(id) % pruneEvery === 0n) await prune(db, id, retention)
      return id
    },
    end: async (id, outcome, resource) => {
      await db
        .updateTable("audit")
        .set({ outcome, ...(resource !== undefined && { resource }) })
        .where("id", "=", id)
        .execute()
    },
    list: (which) => list(db, which),
  }
}

async function prune(db: Kysely<StateSchema>, newest: string, { rows, days }: AuditRetention): Promise<void> {
  const oldestKept = new Date(Date.now() - days * 86_400_000)
  await db
    .deleteFrom("audit")
    .where((eb) => eb.or([eb("id", "<=", String(BigInt(newest) - BigInt(rows))), eb("at", "<", oldestKept)]))
    .execute()
}

async function list(
  db: Kysely<StateSchema>,
  { since, limit }: { since: Date | undefined; limit: number },
): Promise<AuditEntry[]> {
  const newest = db.selectFrom("audit").selectAll().orderBy("id", "desc").limit(limit)
  const rows = await (since === undefined ? newest : newest.where("at", ">=", since)).execute()
  return rows.map(fromRow).reverse()
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
  }
}
