import type { Kysely } from "kysely"
import type { Partner, PartnerKey, PartnerStatus } from "../domain/partner.ts"
import type { PartnerRow, StateSchema } from "./schema.ts"

export interface PartnerStore {
  /** Adds it with this status; one that is there already stays as it is. */
  add(partner: Partner): Promise<void>
  /** Those that the members given name, by database and name. */
  list(which: Partial<PartnerKey>): Promise<Partner[]>
  /** False when there is no such partner. */
  report(
    key: PartnerKey,
    report: { status: PartnerStatus; statusMessage: string | undefined; at: Date },
  ): Promise<boolean>
  /** False when there was no such partner. */
  remove(key: PartnerKey): Promise<boolean>
}

type Db = Kysely<StateSchema>

export function partnerStore(db: Db): PartnerStore {
  return {
    add: async (partner) => {
      await db
        .insertInto("partners")
        .values(toRow(partner))
        .onConflict((clash) => clash.doNothing())
        .execute()
    },
    list: (which) => list(db, which),
    report: (key, report) => reported(db, key, report),
    remove: async (key) => {
      const { numDeletedRows } = await exactly(db.deleteFrom("partners"), key).executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
  }
}

async function list(db: Db, { cluster, database, partner }: Partial<PartnerKey>): Promise<Partner[]> {
  let query = db.selectFrom("partners").selectAll()
  if (cluster !== undefined) query = query.where("cluster", "=", cluster)
  if (database !== undefined) query = query.where("database_name", "=", database)
  if (partner !== undefined) query = query.where("partner_name", "=", partner)
  const rows = await query.orderBy("cluster").orderBy("database_name").orderBy("partner_name").execute()
  return rows.map(fromRow)
}

async function reported(
  db: Db,
  key: PartnerKey,
  { status, statusMessage, at }: { status: PartnerStatus; statusMessage: string | undefined; at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await exactly(
    db.updateTable("partners").set({ status, status_message: statusMessage ?? null, updated_at: at }),
    key,
  ).executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Narrows a statement to the one row of this key. */
function exactly<
  Q extends {
    where(column: "cluster" | "database_name" | "partner_name", operator: "=", value: string): Q
  },
>(query: Q, { cluster, database, partner }: PartnerKey): Q {
  return query
    .where("cluster", "=", cluster)
    .where("database_name", "=", database)
    .where("partner_name", "=", partner)
}

function toRow(partner: Partner): PartnerRow {
  return {
    cluster: partner.cluster,
    database_name: partner.database,
    partner_name: partner.partner,
    status: partner.status,
    status_message: partner.statusMessage ?? null,
    created_at: partner.createdAt,
    updated_at: partner.updatedAt,
  }
}

function fromRow(row: PartnerRow): Partner {
  return {
    cluster: row.cluster,
    database: row.database_name,
    partner: row.partner_name,
    status: row.status,
    statusMessage: row.status_message ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
