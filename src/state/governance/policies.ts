import { sql } from "kysely"
import { json } from "../pipelines/json.ts"
import { type Page, within } from "./people.ts"
import type { Change, Db } from "./transactions.ts"

/** A policy as it was given. What it means is for governance/documents to say. */
export interface PolicyRecord {
  id: number
  key: string
  name: string
  kind: "subscription" | "data"
  /** By which route, and so in which form, the document came: `/api/v2/policy` or `/policy/global`. */
  form: "v2" | "global"
  document: object
  isStaged: boolean
  /** When somebody last vouched for it; undefined: never. */
  certifiedAt: Date | undefined
  createdBy: string
  createdAt: Date
  updatedAt: Date
}

export type PolicyFields = Pick<PolicyRecord, "key" | "name" | "kind" | "form" | "document" | "isStaged">

interface PolicyRow {
  id: number
  policy_key: string
  name: string
  kind: "subscription" | "data"
  form: "v2" | "global"
  document: object
  staged: boolean
  certified_at: Date | null
  created_by: string
  created_at: Date
  updated_at: Date
}

/** @throws by the constraints `governance_policies_key`, `governance_policies_name` */
export async function insertPolicy({ db }: Change, given: PolicyFields, by: string): Promise<PolicyRecord> {
  const { rows } = await sql<PolicyRow>`
    insert into millrace.governance_policies (policy_key, name, kind, form, document, staged, created_by)
    values (${given.key}, ${given.name}, ${given.kind}, ${given.form}, ${json(given.document)},
      ${given.isStaged}, ${by}) returning *`.execute(db)
  return rows.map(fromRow)[0] as PolicyRecord
}

export async function policyById(db: Db, id: number): Promise<PolicyRecord | undefined> {
  const { rows } = await sql<PolicyRow>`select * from millrace.governance_policies where id = ${id}`.execute(
    db,
  )
  return rows.map(fromRow)[0]
}

export async function policyByKey(db: Db, key: string): Promise<PolicyRecord | undefined> {
  const { rows } = await sql<PolicyRow>`
    select * from millrace.governance_policies where policy_key = ${key}`.execute(db)
  return rows.map(fromRow)[0]
}

/** All of them, by id. */
export async function allPolicies(db: Db): Promise<PolicyRecord[]> {
  const { rows } = await sql<PolicyRow>`select * from millrace.governance_policies order by id`.execute(db)
  return rows.map(fromRow)
}

export interface PolicySearch {
  text?: string
  kind?: PolicyRecord["kind"]
  isStaged?: boolean
}

/** A page of those found, and how many there are in all. */
export async function searchPolicies(
  db: Db,
  { text, kind, isStaged }: PolicySearch,
  page: Page & { order: "name" | "createdAt" },
): Promise<{ policies: PolicyRecord[]; count: number }> {
  const where = sql.join(
    [
      sql`true`,
      ...(text === undefined ? [] : [within(sql`name`, text)]),
      ...(kind === undefined ? [] : [sql`kind = ${kind}`]),
      ...(isStaged === undefined ? [] : [sql`staged = ${isStaged}`]),
    ],
    sql` and `,
  )
  const direction = page.isDescending ? sql`desc` : sql`asc`
  const order = page.order === "name" ? sql`name collate "C"` : sql`created_at`
  const { rows } = await sql<PolicyRow>`select * from millrace.governance_policies where ${where}
    order by ${order} ${direction}, id ${direction} offset ${page.offset} limit ${page.size}`.execute(db)
  const { rows: counted } = await sql<{ count: string }>`
    select count(*) as count from millrace.governance_policies where ${where}`.execute(db)
  return { policies: rows.map(fromRow), count: Number(counted[0]?.count) }
}

/** @throws by the constraints `governance_policies_key`, `governance_policies_name` */
export async function replacePolicy(
  { db }: Change,
  id: number,
  given: PolicyFields & { isCertified?: boolean },
): Promise<PolicyRecord | undefined> {
  const certified = given.isCertified === true ? sql`now()` : sql`certified_at`
  const { rows } = await sql<PolicyRow>`
    update millrace.governance_policies
    set policy_key = ${given.key}, name = ${given.name}, kind = ${given.kind}, form = ${given.form},
      document = ${json(given.document)}, staged = ${given.isStaged}, certified_at = ${certified}, updated_at = now()
    where id = ${id} returning *`.execute(db)
  return rows.map(fromRow)[0]
}

export async function removePolicy({ db }: Change, id: number): Promise<void> {
  await sql`delete from millrace.governance_policies where id = ${id}`.execute(db)
}

function fromRow(row: PolicyRow): PolicyRecord {
  return {
    id: row.id,
    key: row.policy_key,
    name: row.name,
    kind: row.kind,
    form: row.form,
    document: row.document,
    isStaged: row.staged,
    certifiedAt: row.certified_at ?? undefined,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
