import { sql } from "kysely"
import { touchMembers } from "./people.ts"
import { type Change, type Db, touchPeople } from "./transactions.ts"

/** Who has attributes of their own. */
export type AttributeOwner = { kind: "person"; id: number } | { kind: "group"; id: number }

/** Values by name of attribute, both in the order of the alphabet. */
export type Attributes = Map<string, string[]>

function placeOf({ kind }: AttributeOwner) {
  return kind === "person"
    ? { table: sql.raw("millrace.person_attributes"), column: sql.raw("person_id") }
    : { table: sql.raw("millrace.group_attributes"), column: sql.raw("group_id") }
}

/** Repeatable. */
export async function addAttribute(
  change: Change,
  owner: AttributeOwner,
  { name, value }: { name: string; value: string },
): Promise<void> {
  const { table, column } = placeOf(owner)
  await sql`insert into ${table} (${column}, name, value) values (${owner.id}, ${name}, ${value})
    on conflict do nothing`.execute(change.db)
  await touchOwner(change, owner)
}

/** Without a value: all values of the attribute. Repeatable. */
export async function removeAttribute(
  change: Change,
  owner: AttributeOwner,
  { name, value }: { name: string; value: string | undefined },
): Promise<void> {
  const { table, column } = placeOf(owner)
  const narrowed = value === undefined ? sql`` : sql`and value = ${value}`
  await sql`delete from ${table} where ${column} = ${owner.id} and name = ${name} ${narrowed}`.execute(
    change.db,
  )
  await touchOwner(change, owner)
}

/** From now on the owner has these and no others. */
export async function replaceAttributes(
  change: Change,
  owner: AttributeOwner,
  attributes: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const { table, column } = placeOf(owner)
  await sql`delete from ${table} where ${column} = ${owner.id}`.execute(change.db)
  await insertAttributes(change, owner, attributes)
}

/** Repeatable. */
export async function insertAttributes(
  change: Change,
  owner: AttributeOwner,
  attributes: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const { table, column } = placeOf(owner)
  const pairs = [...attributes].flatMap(([name, values]) => values.map((value) => ({ name, value })))
  await sql`insert into ${table} (${column}, name, value)
    select ${owner.id}::integer, name, value
    from unnest(${pairs.map(({ name }) => name)}::text[], ${pairs.map(({ value }) => value)}::text[]) as pair (name, value)
    on conflict do nothing`.execute(change.db)
  await touchOwner(change, owner)
}

/** The owner's own, by id of the owner; an owner without any is missing. */
export async function attributesOf(
  db: Db,
  kind: AttributeOwner["kind"],
  ids: readonly number[],
): Promise<Map<number, Attributes>> {
  const { table, column } = placeOf({ kind, id: 0 })
  const { rows } = await sql<{ id: number; name: string; value: string }>`
    select ${column} as id, name, value from ${table} where ${column} = any(${[...ids]}::integer[])
    order by name collate "C", value collate "C"`.execute(db)
  return gathered(rows)
}

/** Of each person: those of the groups that the person is in. */
export async function groupAttributesOf(
  db: Db,
  personIds: readonly number[],
): Promise<Map<number, Attributes>> {
  const { rows } = await sql<{ id: number; name: string; value: string }>`
    select distinct member.person_id as id, name collate "C" as name, value collate "C" as value
    from millrace.group_attributes attribute join millrace.group_members member using (group_id)
    where member.person_id = any(${[...personIds]}::integer[])
    order by 2, 3`.execute(db)
  return gathered(rows)
}

function gathered(rows: readonly { id: number; name: string; value: string }[]): Map<number, Attributes> {
  const found = new Map<number, Attributes>()
  for (const { id, name, value } of rows) {
    const own = found.get(id) ?? new Map<string, string[]>()
    found.set(id, own)
    own.set(name, [...(own.get(name) ?? []), value])
  }
  return found
}

async function touchOwner(change: Change, owner: AttributeOwner): Promise<void> {
  if (owner.kind === "group") await touchMembers(change, owner.id)
  else await touchPeople(change, sql`${owner.id}::integer`)
}
