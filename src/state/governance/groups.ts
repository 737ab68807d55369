import { sql } from "kysely"
import { json } from "../pipelines/json.ts"
import { type Page, touchMembers, within } from "./people.ts"
import { type Change, type Db, touchPeople } from "./transactions.ts"

export interface GroupRecord {
  id: number
  iamId: string
  /** Unique in the directory. */
  name: string
  gid: string | undefined
  email: string | undefined
  description: string | undefined
  /** What a directory sync keeps with the group; undefined: made by another way. */
  scim: object | undefined
  createdAt: Date
  updatedAt: Date
}

export type GroupFields = Omit<GroupRecord, "id" | "createdAt" | "updatedAt">

export type GroupPatch = { [K in keyof Omit<GroupFields, "iamId">]?: GroupFields[K] | undefined }

export interface GroupSearch {
  name?: string
  exactName?: string
  /** The directory's own id. */
  externalId?: string
  iamId?: string
  personId?: number
  id?: number
}

export type GroupOrder = "name" | "iamid" | "createdAt"

/** That a person is in a group: the fact has an id of its own. */
export interface Membership {
  id: number
  groupId: number
  personId: number
  createdAt: Date
}

interface GroupRow {
  id: number
  iam_id: string
  name: string
  gid: string | null
  email: string | null
  description: string | null
  scim: object | null
  created_at: Date
  updated_at: Date
}

/** @throws by the constraint `governed_groups_name` */
export async function insertGroup({ db }: Change, group: GroupFields): Promise<GroupRecord> {
  const { rows } = await sql<GroupRow>`
    insert into millrace.governed_groups (iam_id, name, gid, email, description, scim)
    values (${group.iamId}, ${group.name}, ${group.gid ?? null}, ${group.email ?? null},
      ${group.description ?? null}, ${json(group.scim ?? null)})
    returning *`.execute(db)
  return rows.map(fromRow)[0] as GroupRecord
}

export async function groupById(db: Db, id: number): Promise<GroupRecord | undefined> {
  const { rows } = await sql<GroupRow>`select * from millrace.governed_groups where id = ${id}`.execute(db)
  return rows.map(fromRow)[0]
}

export async function groupByName(db: Db, iamId: string, name: string): Promise<GroupRecord | undefined> {
  const { rows } = await sql<GroupRow>`
    select * from millrace.governed_groups where iam_id = ${iamId} and name = ${name}`.execute(db)
  return rows.map(fromRow)[0]
}

const groupOrders: Record<GroupOrder, ReturnType<typeof sql>> = {
  name: sql`name`,
  iamid: sql`iam_id`,
  createdAt: sql`created_at`,
}

export async function searchGroups(
  db: Db,
  { id, name, exactName, externalId, iamId, personId }: GroupSearch,
  page: Page & { order: GroupOrder },
): Promise<{ groups: GroupRecord[]; count: number }> {
  const where = sql.join(
    [
      sql`true`,
      ...(id === undefined ? [] : [sql`id = ${id}`]),
      ...(name === undefined ? [] : [within(sql`name`, name)]),
      ...(exactName === undefined ? [] : [sql`name = ${exactName}`]),
      ...(externalId === undefined ? [] : [sql`scim->>'externalId' = ${externalId}`]),
      ...(iamId === undefined ? [] : [sql`iam_id = ${iamId}`]),
      ...(personId === undefined
        ? []
        : [sql`id in (select group_id from millrace.group_members where person_id = ${personId})`]),
    ],
    sql` and `,
  )
  const direction = page.isDescending ? sql`desc` : sql`asc`
  const { rows } = await sql<GroupRow>`
    select * from millrace.governed_groups where ${where}
    order by ${groupOrders[page.order]} ${direction}, id ${direction}
    offset ${page.offset} limit ${page.size}`.execute(db)
  const { rows: counted } = await sql<{ count: string }>`
    select count(*) as count from millrace.governed_groups where ${where}`.execute(db)
  return { groups: rows.map(fromRow), count: Number(counted[0]?.count) }
}

/** @throws by the constraint `governed_groups_name` */
export async function patchGroup(
  change: Change,
  id: number,
  patch: GroupPatch,
): Promise<GroupRecord | undefined> {
  const sets = [
    ...(patch.name === undefined ? [] : [sql`name = ${patch.name}`]),
    ...(patch.gid === undefined ? [] : [sql`gid = ${patch.gid}`]),
    ...(patch.email === undefined ? [] : [sql`email = ${patch.email}`]),
    ...(patch.description === undefined ? [] : [sql`description = ${patch.description}`]),
    ...(patch.scim === undefined ? [] : [sql`scim = ${json(patch.scim)}`]),
    sql`updated_at = now()`,
  ]
  const { rows } = await sql<GroupRow>`
    update millrace.governed_groups set ${sql.join(sets)} where id = ${id} returning *`.execute(change.db)
  await touchMembers(change, id)
  return rows.map(fromRow)[0]
}

/** With its attributes, its memberships and its subscriptions. */
export async function removeGroup(change: Change, id: number): Promise<void> {
  await touchMembers(change, id)
  await sql`delete from millrace.governed_groups where id = ${id}`.execute(change.db)
}

/** Repeatable. */
export async function addMember(change: Change, groupId: number, personId: number): Promise<void> {
  await sql`insert into millrace.group_members (group_id, person_id) values (${groupId}, ${personId})
    on conflict on constraint group_members_once do nothing`.execute(change.db)
  await touchPeople(change, sql`${personId}::integer`)
}

export async function removeMember(change: Change, groupId: number, personId: number): Promise<void> {
  await sql`delete from millrace.group_members
    where group_id = ${groupId} and person_id = ${personId}`.execute(change.db)
  await touchPeople(change, sql`${personId}::integer`)
}

interface MembershipRow {
  id: number
  group_id: number
  person_id: number
  created_at: Date
}

export async function membershipById(db: Db, id: number): Promise<Membership | undefined> {
  const { rows } = await sql<MembershipRow>`select * from millrace.group_members where id = ${id}`.execute(db)
  return rows.map(membershipFrom)[0]
}

/** All of a group, in the order in which they came; or all of a person. */
export async function membershipsOf(
  db: Db,
  of: { groupId: number } | { personId: number },
): Promise<Membership[]> {
  const where = "groupId" in of ? sql`group_id = ${of.groupId}` : sql`person_id = ${of.personId}`
  const { rows } = await sql<MembershipRow>`
    select * from millrace.group_members where ${where} order by id`.execute(db)
  return rows.map(membershipFrom)
}

/** The groups of each person, by name; who is in none is missing. */
export async function groupsOfPeople(
  db: Db,
  personIds: readonly number[],
): Promise<Map<number, GroupRecord[]>> {
  const { rows } = await sql<GroupRow & { person_id: number }>`
    select found.*, member.person_id from millrace.governed_groups found
    join millrace.group_members member on member.group_id = found.id
    where member.person_id = any(${[...personIds]}::integer[]) order by found.name, found.id`.execute(db)
  const byPerson = Map.groupBy(rows, ({ person_id }) => person_id)
  return new Map([...byPerson].map(([id, some]) => [id, some.map(fromRow)]))
}

/** A page of a group's memberships, and how many there are in all. */
export async function membersPage(
  db: Db,
  groupId: number,
  page: Page,
): Promise<{ members: Membership[]; count: number }> {
  const direction = page.isDescending ? sql`desc` : sql`asc`
  const { rows } = await sql<MembershipRow>`
    select * from millrace.group_members where group_id = ${groupId}
    order by id ${direction} offset ${page.offset} limit ${page.size}`.execute(db)
  const { rows: counted } = await sql<{ count: string }>`
    select count(*) as count from millrace.group_members where group_id = ${groupId}`.execute(db)
  return { members: rows.map(membershipFrom), count: Number(counted[0]?.count) }
}

function membershipFrom(row: MembershipRow): Membership {
  return { id: row.id, groupId: row.group_id, personId: row.person_id, createdAt: row.created_at }
}

function fromRow(row: GroupRow): GroupRecord {
  return {
    id: row.id,
    iamId: row.iam_id,
    name: row.name,
    gid: row.gid ?? undefined,
    email: row.email ?? undefined,
    description: row.description ?? undefined,
    scim: row.scim ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
