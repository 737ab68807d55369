import { sql } from "kysely"
import { type Page, within } from "./people.ts"
import { type Change, type Db, touchPeople } from "./transactions.ts"

/** What somebody works for; `Fraud.Cards` is below `Fraud`. */
export interface PurposeRecord {
  id: number
  /** Whole, with the names above it. */
  name: string
  /** What a person must agree to; undefined: the usual text. */
  acknowledgement: string | undefined
  description: string | undefined
  showsAcknowledgement: boolean
  createdBy: string
  createdAt: Date
  updatedAt: Date
}

export type PurposeFields = Omit<PurposeRecord, "id" | "createdAt" | "updatedAt" | "createdBy">

interface PurposeRow {
  id: number
  name: string
  acknowledgement: string | null
  description: string | null
  display_acknowledgement: boolean
  created_by: string
  created_at: Date
  updated_at: Date
}

/** @throws by the constraint `purposes_name` */
export async function insertPurpose(
  { db }: Change,
  given: PurposeFields,
  by: string,
): Promise<PurposeRecord> {
  const { rows } = await sql<PurposeRow>`
    insert into millrace.purposes (name, acknowledgement, description, display_acknowledgement, created_by)
    values (${given.name}, ${given.acknowledgement ?? null}, ${given.description ?? null},
      ${given.showsAcknowledgement}, ${by}) returning *`.execute(db)
  return rows.map(fromRow)[0] as PurposeRecord
}

export async function purposeById(db: Db, id: number): Promise<PurposeRecord | undefined> {
  const { rows } = await sql<PurposeRow>`select * from millrace.purposes where id = ${id}`.execute(db)
  return rows.map(fromRow)[0]
}

/** In the order given, those that are there. */
export async function purposesNamed(db: Db, names: readonly string[]): Promise<PurposeRecord[]> {
  const { rows } = await sql<PurposeRow>`select purpose.*
    from unnest(${[...names]}::text[]) with ordinality as wanted (name, place)
    join millrace.purposes purpose using (name) order by place`.execute(db)
  return rows.map(fromRow)
}

/** Those below it, at any depth, by name. */
export async function purposesBelow(db: Db, name: string): Promise<PurposeRecord[]> {
  const { rows } = await sql<PurposeRow>`select * from millrace.purposes
    where starts_with(name, ${`${name}.`}) order by name collate "C"`.execute(db)
  return rows.map(fromRow)
}

export type PurposeOrder = "name" | "updatedAt" | "createdAt"

const orders: Record<PurposeOrder, ReturnType<typeof sql>> = {
  name: sql`name collate "C"`,
  updatedAt: sql`updated_at`,
  createdAt: sql`created_at`,
}

/** A page of those found, and how many there are in all. `root`: only this one and those below it. */
export async function searchPurposes(
  db: Db,
  { text, root }: { text?: string; root?: string },
  page: Page & { order: PurposeOrder },
): Promise<{ purposes: PurposeRecord[]; count: number }> {
  const where = sql.join(
    [
      sql`true`,
      ...(text === undefined ? [] : [within(sql`name`, text)]),
      ...(root === undefined ? [] : [sql`(name = ${root} or starts_with(name, ${`${root}.`}))`]),
    ],
    sql` and `,
  )
  const direction = page.isDescending ? sql`desc` : sql`asc`
  const { rows } = await sql<PurposeRow>`select * from millrace.purposes where ${where}
    order by ${orders[page.order]} ${direction}, id ${direction} offset ${page.offset} limit ${page.size}`.execute(
    db,
  )
  const { rows: counted } = await sql<{ count: string }>`
    select count(*) as count from millrace.purposes where ${where}`.execute(db)
  return { purposes: rows.map(fromRow), count: Number(counted[0]?.count) }
}

/** @throws by the constraint `purposes_name` */
export async function patchPurpose(
  change: Change,
  id: number,
  patch: { [K in keyof PurposeFields]?: PurposeFields[K] | undefined },
): Promise<PurposeRecord | undefined> {
  const sets = [
    ...(patch.name === undefined ? [] : [sql`name = ${patch.name}`]),
    ...(patch.acknowledgement === undefined ? [] : [sql`acknowledgement = ${patch.acknowledgement}`]),
    ...(patch.description === undefined ? [] : [sql`description = ${patch.description}`]),
    ...(patch.showsAcknowledgement === undefined
      ? []
      : [sql`display_acknowledgement = ${patch.showsAcknowledgement}`]),
    sql`updated_at = now()`,
  ]
  const { rows } = await sql<PurposeRow>`
    update millrace.purposes set ${sql.join(sets)} where id = ${id} returning *`.execute(change.db)
  await touchAcknowledgers(change, id)
  return rows.map(fromRow)[0]
}

/** Everyone must agree anew before working for it. */
export async function forgetAcknowledgements(change: Change, purposeId: number): Promise<void> {
  await touchAcknowledgers(change, purposeId)
  await sql`delete from millrace.acknowledgements where purpose_id = ${purposeId}`.execute(change.db)
}

export async function removePurpose(change: Change, id: number): Promise<void> {
  await touchAcknowledgers(change, id)
  await sql`delete from millrace.purposes where id = ${id}`.execute(change.db)
}

function touchAcknowledgers(change: Change, purposeId: number): Promise<void> {
  return touchPeople(
    change,
    sql`select person_id from millrace.acknowledgements where purpose_id = ${purposeId}`,
  )
}

function fromRow(row: PurposeRow): PurposeRecord {
  return {
    id: row.id,
    name: row.name,
    acknowledgement: row.acknowledgement ?? undefined,
    description: row.description ?? undefined,
    showsAcknowledgement: row.display_acknowledgement,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
