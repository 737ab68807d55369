import { sql } from "kysely"
import { json } from "../pipelines/json.ts"
import { type Change, type Db, touchPeople } from "./transactions.ts"

/** A person as recorded; what policies know about the person is in `facts.ts`. */
export interface PersonRecord {
  id: number
  iamId: string
  userId: string
  /** The account in every warehouse, in lower case; unique. */
  warehouseUser: string
  isDisabled: boolean
  permissions: string[]
  /** Name, address and the like, as given. */
  profile: object
  currentProject: number | undefined
  /** What a directory sync keeps with the person; undefined: made by another way. */
  scim: object | undefined
  createdAt: Date
  updatedAt: Date
}

export type PersonPatch = Partial<
  Pick<PersonRecord, "userId" | "warehouseUser" | "isDisabled" | "permissions" | "profile">
> & { currentProject?: number | undefined; scim?: object | undefined }

/** Each member that is present narrows. Texts are compared without regard to case, and may be anywhere in the value. */
export interface PersonSearch {
  iamIds?: readonly string[]
  name?: string
  email?: string
  userId?: string
  /** The user id itself, exactly. */
  exactUserId?: string
  /** The user id itself, without regard to case. */
  sameUserId?: string
  /** The directory's own id. */
  externalId?: string
  /** The address that the directory tells, without regard to case. */
  directoryEmail?: string
  id?: number
  includesDisabled?: boolean
  permission?: string
  groupId?: number
}

export interface Page {
  offset: number
  size: number
  isDescending: boolean
}

export type PersonOrder = "name" | "createdAt" | "iamid" | "email" | "username"

interface PersonRow {
  id: number
  iam_id: string
  user_id: string
  warehouse_user: string
  disabled: boolean
  permissions: string[]
  profile: object
  current_project: number | null
  scim: object | null
  created_at: Date
  updated_at: Date
}

/** @throws by the constraints `governed_people_user`, `governed_people_warehouse_user` */
export async function insertPerson(
  { db, version }: Change,
  person: Omit<PersonRecord, "id" | "createdAt" | "updatedAt" | "currentProject">,
): Promise<PersonRecord> {
  const { rows } = await sql<PersonRow>`
    insert into millrace.governed_people
      (iam_id, user_id, warehouse_user, disabled, permissions, profile, scim, changed_in)
    values (${person.iamId}, ${person.userId}, ${person.warehouseUser}, ${person.isDisabled},
      ${person.permissions}::text[], ${json(person.profile)}, ${json(person.scim ?? null)}, ${version}::bigint)
    returning *`.execute(db)
  return fromRow(single(rows))
}

export async function personById(db: Db, id: number): Promise<PersonRecord | undefined> {
  const { rows } = await sql<PersonRow>`select * from millrace.governed_people where id = ${id}`.execute(db)
  return rows[0] && fromRow(rows[0])
}

export async function personByName(db: Db, iamId: string, userId: string): Promise<PersonRecord | undefined> {
  const { rows } = await sql<PersonRow>`
    select * from millrace.governed_people where iam_id = ${iamId} and user_id = ${userId}`.execute(db)
  return rows[0] && fromRow(rows[0])
}

export async function personByAccount(db: Db, warehouseUser: string): Promise<PersonRecord | undefined> {
  const { rows } = await sql<PersonRow>`
    select * from millrace.governed_people where warehouse_user = ${warehouseUser}`.execute(db)
  return rows[0] && fromRow(rows[0])
}

const personOrders: Record<PersonOrder, ReturnType<typeof sql>> = {
  name: sql`lower(profile->>'name')`,
  createdAt: sql`created_at`,
  iamid: sql`iam_id`,
  email: sql`lower(profile->>'email')`,
  username: sql`user_id`,
}

/** A page of the people found, and how many there are in all. */
export async function searchPeople(
  db: Db,
  search: PersonSearch,
  page: Page & { order: PersonOrder },
): Promise<{ people: PersonRecord[]; count: number }> {
  const where = sql.join(conditionsOf(search), sql` and `)
  const direction = page.isDescending ? sql`desc` : sql`asc`
  const { rows } = await sql<PersonRow>`
    select * from millrace.governed_people where ${where}
    order by ${personOrders[page.order]} ${direction} nulls last, id ${direction}
    offset ${page.offset} limit ${page.size}`.execute(db)
  const { rows: counted } = await sql<{ count: string }>`
    select count(*) as count from millrace.governed_people where ${where}`.execute(db)
  return { people: rows.map(fromRow), count: Number(counted[0]?.count) }
}

function conditionsOf(search: PersonSearch) {
  const { iamIds, name, email, userId, exactUserId, sameUserId, externalId, permission, groupId } = search
  return [
    search.includesDisabled === true ? sql`true` : sql`not disabled`,
    ...(iamIds === undefined ? [] : [sql`iam_id = any(${[...iamIds]}::text[])`]),
    ...(name === undefined ? [] : [within(sql`profile->>'name'`, name)]),
    ...(email === undefined ? [] : [within(sql`profile->>'email'`, email)]),
    ...(userId === undefined ? [] : [within(sql`user_id`, userId)]),
    ...(exactUserId === undefined ? [] : [sql`user_id = ${exactUserId}`]),
    ...(sameUserId === undefined ? [] : [sql`lower(user_id) = lower(${sameUserId})`]),
    ...(externalId === undefined ? [] : [sql`scim->>'externalid' = ${externalId}`]),
    ...(search.directoryEmail === undefined
      ? []
      : [sql`lower(scim->>'emails') = lower(${search.directoryEmail})`]),
    ...(search.id === undefined ? [] : [sql`id = ${search.id}`]),
    ...(permission === undefined ? [] : [sql`${permission} = any(permissions)`]),
    ...(groupId === undefined
      ? []
      : [sql`id in (select person_id from millrace.group_members where group_id = ${groupId})`]),
  ]
}

/** Without LIKE, whose wildcards a name may contain. */
export function within(value: ReturnType<typeof sql>, text: string) {
  return sql<boolean>`strpos(lower(${value}), lower(${text}::text)) > 0`
}

/** @throws by the constraints `governed_people_user`, `governed_people_warehouse_user` */
export async function patchPerson(
  { db, version }: Change,
  id: number,
  patch: PersonPatch,
): Promise<PersonRecord | undefined> {
  const sets = [
    ...(patch.userId === undefined ? [] : [sql`user_id = ${patch.userId}`]),
    ...(patch.warehouseUser === undefined ? [] : [sql`warehouse_user = ${patch.warehouseUser}`]),
    ...(patch.isDisabled === undefined ? [] : [sql`disabled = ${patch.isDisabled}`]),
    ...(patch.permissions === undefined ? [] : [sql`permissions = ${patch.permissions}::text[]`]),
    ...(patch.profile === undefined ? [] : [sql`profile = ${json(patch.profile)}`]),
    ...("currentProject" in patch ? [sql`current_project = ${patch.currentProject ?? null}`] : []),
    ...("scim" in patch ? [sql`scim = ${json(patch.scim ?? null)}`] : []),
  ]
  const { rows } = await sql<PersonRow>`
    update millrace.governed_people
    set ${sql.join([...sets, sql`updated_at = now()`, sql`changed_in = ${version}::bigint`])}
    where id = ${id} returning *`.execute(db)
  return rows[0] && fromRow(rows[0])
}

/** With everything that is the person's. */
export async function removePerson({ db, version }: Change, id: number): Promise<void> {
  await sql`delete from millrace.governed_people where id = ${id}`.execute(db)
  await sql`insert into millrace.removed_people (id, changed_in) values (${id}, ${version}::bigint)
    on conflict (id) do nothing`.execute(db)
}

export async function iamIds(db: Db): Promise<string[]> {
  const { rows } = await sql<{ iam_id: string }>`
    select iam_id from millrace.governed_people union select iam_id from millrace.governed_groups order by 1`.execute(
    db,
  )
  return rows.map((row) => row.iam_id)
}

/** Everyone of a group is changed by a change of the group. */
export function touchMembers(change: Change, groupId: number): Promise<void> {
  return touchPeople(change, sql`select person_id from millrace.group_members where group_id = ${groupId}`)
}

function single<T>(rows: readonly T[]): T {
  const [row] = rows
  if (row === undefined) throw new Error("the statement returned no row")
  return row
}

function fromRow(row: PersonRow): PersonRecord {
  return {
    id: row.id,
    iamId: row.iam_id,
    userId: row.user_id,
    warehouseUser: row.warehouse_user,
    isDisabled: row.disabled,
    permissions: row.permissions,
    profile: row.profile,
    currentProject: row.current_project ?? undefined,
    scim: row.scim ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
